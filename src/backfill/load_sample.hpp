#pragma once

#include "pgexpand/pg/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::backfill {

struct Standby {
  std::string name;
  bool is_readable = true;    ///< Else the role lacks pg_monitor.
  std::int64_t replayed = 0;  ///< WAL position.
  std::int64_t reported_lag_ms = 0;
};

/// Something that keeps dead rows from being reused.
struct HorizonHolder {
  std::string name;         ///< "pid 4711 (psql)"
  std::string xmin;         ///< Changes when it lets go of a part.
  std::int64_t age_ms = 0;  ///< At least.
};

/// What a server looks like at one moment.
struct LoadSample {
  std::int64_t lsn = 0;  ///< WAL written so far, in bytes.
  std::vector<Standby> standbys;
  std::vector<std::string> slots_in_danger;
  std::int64_t active = 0;      ///< Client backends, without our own.
  std::int64_t unreadable = 0;  ///< Backends whose state we may not see.
  std::vector<std::string> tables_waited_for;  ///< Locks on them, by others.
  std::vector<std::string> wraparound_tables;  ///< Being vacuumed against it.
  std::vector<HorizonHolder> holders;
};

/// What the walk works on, and with.
struct Workplace {
  std::vector<std::uint32_t> tables;
  std::vector<int> own_pids;
};

[[nodiscard]] LoadSample read_load(pg::Session& session,
                                   const Workplace& workplace);

/// The first value of the first row of `query`, which must be one boolean. It
/// runs read-only, for a second at most, and finds tables by `search_path`.
/// Throws Error.
[[nodiscard]] bool ask(pg::Session& session,
                       const std::string& query,
                       const std::string& search_path);

}  // namespace pgexpand::backfill
