#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

namespace pgexpand::backfill {

/// How old the WAL is that a standby has not replayed, by our own watch: what a
/// server tells of a standby that stands still is stale. Pure: the caller
/// brings the clock.
class LagClock {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Lag {
    std::chrono::milliseconds least{0};  ///< It is this much or more.
    bool is_exact = true;  ///< False: what is missing is older than our watch.
  };

  /// The primary's position at `now`. Smaller than before: it is another
  /// server, and what was known is forgotten.
  void record(TimePoint now, std::int64_t lsn);
  /// Time since there first was something that `replayed` does not include.
  /// Exact to the time between two records.
  [[nodiscard]] Lag lag(std::int64_t replayed, TimePoint now) const;

 private:
  struct Mark {
    TimePoint at;
    std::int64_t lsn = 0;
  };
  std::deque<Mark> marks_;
};

}  // namespace pgexpand::backfill
