#pragma once

#include "pgexpand/pg/session.hpp"
#include "pgexpand/sql/names.hpp"

#include <chrono>
#include <cstdint>

namespace pgexpand::backfill {

/// What a walk must know of its table, and of the server, before it starts.
struct TableFacts {
  std::int64_t oid = 0;
  std::int64_t relfilenode = 0;
  std::int64_t blocks = 0;
  double rows_per_block = 1;
  double bytes_per_row = 0;  ///< With what is in TOAST.
  std::chrono::milliseconds deadlock_timeout{1'000};
  int fillfactor = 100;            ///< Percent of a page that INSERT fills.
  bool has_rules = false;          ///< No UPDATE of it may stand in a WITH.
  bool may_skip_triggers = false;  ///< May set session_replication_role.
};

/// Throws Error(database, "backfill.no-table") if it is not there. Locks the
/// table for a moment (ACCESS SHARE).
[[nodiscard]] TableFacts read_facts(pg::Session& session,
                                    const sql::TableName& table);

}  // namespace pgexpand::backfill
