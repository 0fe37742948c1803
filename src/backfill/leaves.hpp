#pragma once

#include "pgexpand/pg/session.hpp"
#include "pgexpand/sql/names.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

namespace pgexpand::backfill {

/// A table with rows of its own: the table itself, a partition, or a child.
struct Leaf {
  sql::TableName table;
  std::int64_t oid = 0;
  std::int64_t relfilenode = 0;
  std::int64_t blocks = 0;
  bool has_blocks = true;  ///< Of an access method whose blocks can be walked.
};

/// `root` and everything below it that has rows of its own, by oid. Throws
/// Error(database, "backfill.no-table") if `root` is not there.
[[nodiscard]] std::vector<Leaf> read_leaves(pg::Session& session,
                                            const sql::TableName& root);

}  // namespace pgexpand::backfill
