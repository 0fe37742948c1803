#include "backfill/lag_clock.hpp"

#include <algorithm>

namespace pgexpand::backfill {
namespace {

constexpr std::size_t most_marks = 7'200;  ///< Two hours of seconds.

}  // namespace

void LagClock::record(TimePoint now, std::int64_t lsn) {
  if (!marks_.empty() && marks_.back().lsn == lsn) {
    return;
  }
  marks_.push_back({.at = now, .lsn = lsn});
  if (marks_.size() > most_marks) {
    marks_.pop_front();
  }
}

std::chrono::milliseconds LagClock::lag(std::int64_t replayed,
                                        TimePoint now) const {
  const auto missing =
      std::ranges::upper_bound(marks_, replayed, {}, &Mark::lsn);
  return missing == marks_.end()
             ? std::chrono::milliseconds(0)
             : std::chrono::duration_cast<std::chrono::milliseconds>(
                   now - missing->at);
}

}  // namespace pgexpand::backfill
