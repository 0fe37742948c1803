#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace pgexpand::backfill {

using std::chrono::milliseconds;
using TimePoint = std::chrono::steady_clock::time_point;

/// How fast a walk goes: over the last 30 s, time spent held up excluded.
/// Pure: the caller brings the clock.
class Meter {
 public:
  explicit Meter(TimePoint start, std::int64_t blocks_done = 0);

  /// Counts so far, both growing. Call after each batch.
  void record(TimePoint now, std::int64_t rows, std::int64_t blocks_done);
  /// Time that says nothing about speed: a lock wait, a throttle.
  void exclude(milliseconds held_up) { excluded_ += held_up; }
  /// The walk began again at `blocks_done`.
  void restart(TimePoint now, std::int64_t rows, std::int64_t blocks_done);

  [[nodiscard]] double rows_per_second() const;
  /// None until something moved.
  [[nodiscard]] std::optional<milliseconds> eta(
      std::int64_t blocks_total) const;

  /// Keeps an estimate that was shown at `now`.
  void remember(TimePoint now, std::optional<milliseconds> eta);
  /// The estimate of ten minutes ago; none: not that long under way, or there
  /// was none.
  [[nodiscard]] std::optional<milliseconds> eta_before() const;

 private:
  struct Sample {
    TimePoint at;
    std::int64_t rows = 0;
    std::int64_t blocks = 0;
  };
  struct Estimate {
    TimePoint at;
    std::optional<milliseconds> eta;
  };
  [[nodiscard]] double seconds() const;

  std::deque<Sample> samples_;
  std::deque<Estimate> estimates_;  ///< One every ten seconds.
  milliseconds excluded_{0};
};

}  // namespace pgexpand::backfill
