#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace pgexpand::backfill {

/// WAL bytes per second between the last two looks. Pure.
class WalRate {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// The server's position, in bytes, at `now`.
  void record(TimePoint now, std::int64_t lsn);
  /// After a look that gave nothing: begins again.
  void forget();
  /// 0 until there were two looks.
  [[nodiscard]] double bytes_per_second() const { return rate_; }

 private:
  std::optional<TimePoint> at_;
  std::int64_t lsn_ = 0;
  double rate_ = 0;
};

/// How long our own commits take: the median of the last ten. Pure.
class CommitWatch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void record(TimePoint now, std::chrono::milliseconds took);
  /// None: fewer than five, or none for ten seconds. While the walk is held up
  /// there are no new ones, and old ones then say nothing any more.
  [[nodiscard]] std::optional<std::chrono::milliseconds> median(TimePoint now);

 private:
  std::deque<std::chrono::milliseconds> last_;
  TimePoint last_at_{};
};

}  // namespace pgexpand::backfill
