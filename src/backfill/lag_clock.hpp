#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

namespace pgexpand::backfill {

/// How old the WAL is that a standby has not replayed, by our own watch: what a
/// server tells of a standby that stands still is stale. Pure.
class LagClock {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// The primary's position at `now`; both grow.
  void record(TimePoint now, std::int64_t lsn);
  /// Time since there first was something that `replayed` does not include; 0:
  /// nothing is missing, or nothing is known of it yet.
  [[nodiscard]] std::chrono::milliseconds lag(std::int64_t replayed,
                                              TimePoint now) const;

 private:
  struct Mark {
    TimePoint at;
    std::int64_t lsn = 0;
  };
  std::deque<Mark> marks_;
};

}  // namespace pgexpand::backfill
