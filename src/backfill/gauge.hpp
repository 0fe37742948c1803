#pragma once

namespace pgexpand::backfill {

/// Remembers whether a limit is exceeded, with hysteresis: on above the limit,
/// off only at four fifths of it, so that a value near it does not start and
/// stop the walk all the time. Pure.
class Gauge {
 public:
  /// True while `value` is too much.
  bool is_over(double value, double limit) {
    constexpr double released_at = 0.8;
    threshold_ = is_over_ ? released_at * limit : limit;
    is_over_ = value > threshold_;
    return is_over_;
  }
  [[nodiscard]] bool is_over() const { return is_over_; }
  /// What the last value was compared with.
  [[nodiscard]] double threshold() const { return threshold_; }

 private:
  bool is_over_ = false;
  double threshold_ = 0;
};

}  // namespace pgexpand::backfill
