#pragma once

#include "backfill/horizon.hpp"
#include "backfill/replicas.hpp"
#include "pgexpand/pg/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::backfill {

/// A session that waits for a lock.
struct LockWaiter {
  std::string name;                  ///< "pid 4711 (psql)"
  std::optional<std::string> table;  ///< None: it waits for rows of ours.
};

/// What a server looks like at one moment.
struct LoadSample {
  std::int64_t lsn = 0;  ///< WAL flushed so far, in bytes.
  std::vector<Standby> standbys;
  std::vector<std::string> slots_in_danger;
  std::int64_t active = 0;           ///< Client backends, without our own.
  std::int64_t unreadable = 0;       ///< Backends whose state we may not see.
  std::optional<LockWaiter> waiter;  ///< The one that waits longest.
  std::vector<std::string> wraparound_tables;  ///< Being vacuumed against it.
  std::vector<HorizonHolder> holders;
};

/// What the walk works on, and with.
struct Workplace {
  std::vector<std::uint32_t> tables;
  std::vector<int> own_pids;
};

/// Needs no right. Without pg_read_all_stats (in pg_monitor) the lag of the
/// standbys and the activity of other roles are missing. Throws Error.
[[nodiscard]] LoadSample read_load(pg::Session& session,
                                   const Workplace& workplace);

}  // namespace pgexpand::backfill
