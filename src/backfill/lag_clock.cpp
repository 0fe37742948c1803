#include "backfill/lag_clock.hpp"

#include <algorithm>

namespace pgexpand::backfill {
namespace {

constexpr std::size_t most_marks = 7'200;  ///< Two hours of seconds.

}  // namespace

void LagClock::record(TimePoint now, std::int64_t lsn) {
  if (!marks_.empty() && lsn < marks_.back().lsn) {
    marks_.clear();
  }
  if (!marks_.empty() && marks_.back().lsn == lsn) {
    return;
  }
  marks_.push_back({.at = now, .lsn = lsn});
  if (marks_.size() > most_marks) {
    marks_.pop_front();
  }
}

LagClock::Lag LagClock::lag(std::int64_t replayed, TimePoint now) const {
  const auto missing =
      std::ranges::upper_bound(marks_, replayed, {}, &Mark::lsn);
  if (missing == marks_.end()) {
    return {};
  }
  return {.least = std::chrono::duration_cast<std::chrono::milliseconds>(
              now - missing->at),
          .is_exact = missing != marks_.begin()};
}

}  // namespace pgexpand::backfill
