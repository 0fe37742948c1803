#pragma once

#include "backfill/gauge.hpp"
#include "backfill/lag_clock.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pgexpand::backfill {

/// One standby, as the primary sees it.
struct Standby {
  std::string name;           ///< "db2 (10.0.0.3)"
  bool is_readable = true;    ///< False: we lack the right to see the rest.
  std::int64_t replayed = 0;  ///< WAL position, in bytes.
  std::chrono::milliseconds reported_lag{0};
};

/// Who is how far behind. Several of one name count as one, the worst of them.
/// Pure: the caller brings the clock.
class Replicas {
 public:
  using TimePoint = LagClock::TimePoint;

  /// The server's position, read before `standbys` were, and those.
  void follow(TimePoint now,
              std::int64_t lsn,
              const std::vector<Standby>& standbys);
  /// Why to wait, as of the last follow(), once for each standby. One that is
  /// behind since before our first look holds until it is known for how long,
  /// and one that left while it held does so for five minutes more.
  [[nodiscard]] std::vector<std::string> reasons(
      std::chrono::milliseconds max_lag);
  /// There is one whose lag is not known yet: look again soon.
  [[nodiscard]] bool is_unsettled() const;

 private:
  struct Replica {
    LagClock::Lag lag;
    Gauge gauge;
    bool is_connected = false;
    TimePoint seen_at;
  };
  void see(const Standby& standby, TimePoint now);

  LagClock clock_;
  std::map<std::string, Replica> replicas_;
  bool some_unreadable_ = false;
};

}  // namespace pgexpand::backfill
