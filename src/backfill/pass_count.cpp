#include "backfill/pass_count.hpp"

#include <algorithm>
#include <cmath>

namespace pgexpand::backfill {
namespace {

/// Below that many rows a share says nothing.
constexpr std::int64_t fewest_rows = 200;
constexpr int windows_in_one_pass = 20;
constexpr double nearly_all = 0.9;
constexpr double few = 0.5;
constexpr double next_to_none = 0.1;
/// Steeper, and the first pass would move so many rows that full leaf pages of
/// the indexes (fillfactor 90) split.
constexpr double steepest = 0.9;
/// Of the rows of later passes, when they get as many as there is room for.
constexpr double fitting = 0.97;

double share(std::int64_t part, std::int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

// A page filled to f holds (1 - f) / f of its rows once more.
PassCount::PassCount(int most, int fillfactor) : most_(most), count_(most) {
  if (fillfactor > 0 && fillfactor < 100) {
    decline_ = 1;
    const double room = share(100 - fillfactor, fillfactor);
    count_ = std::clamp(static_cast<int>(std::ceil(1 / room)), 1, most);
  }
}

void PassCount::record(int passes,
                       std::int64_t first_rows,
                       std::int64_t first_hot,
                       std::int64_t later_rows,
                       std::int64_t later_hot) {
  if (windows_until_look_ > 0) {
    if (--windows_until_look_ == 0) {
      count_ = most_;
    }
    return;
  }
  if (passes != count_ || first_rows < fewest_rows) {
    return;
  }
  if (passes > 1 && later_rows >= fewest_rows &&
      share(later_hot, later_rows) < next_to_none) {
    count_ = 1;
    windows_until_look_ = windows_in_one_pass;
    return;
  }
  if (later_rows >= fewest_rows) {
    decline_ = std::clamp(decline_ * share(later_hot, later_rows) / fitting,
                          steepest, 1.0);
  }
  const double stayed = share(first_hot, first_rows);
  if (stayed >= nearly_all) {
    count_ = std::max(1, count_ / 2);
  } else if (stayed < few && count_ < most_) {
    count_ = std::min(most_, count_ * 2);
  }
}

}  // namespace pgexpand::backfill
