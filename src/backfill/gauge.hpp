#pragma once

namespace pgexpand::backfill {

/// Remembers whether a limit is exceeded, with hysteresis: on at the limit, off
/// only at four fifths of it, so that a value near it does not start and stop
/// the walk all the time.
class Gauge {
 public:
  /// True while `value` is too much.
  bool is_over(double value, double limit) {
    constexpr double released_at = 0.8;
    is_over_ = is_over_ ? value > released_at * limit : value >= limit;
    return is_over_;
  }
  void forget() { is_over_ = false; }

 private:
  bool is_over_ = false;
};

}  // namespace pgexpand::backfill
