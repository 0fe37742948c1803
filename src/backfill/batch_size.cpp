#include "backfill/batch_size.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace pgexpand::backfill {
namespace {

constexpr std::size_t remembered = 10;
constexpr double most_growth = 1.5;
constexpr int far_too_long = 5;

}  // namespace

BatchSize::BatchSize(std::int64_t ceiling, Milliseconds target)
    : ceiling_(std::max(ceiling, floor_rows)),
      target_(target),
      rows_(ceiling_) {}

void BatchSize::record(std::int64_t rows, Milliseconds took) {
  if (took > target_ * far_too_long) {
    // The old samples describe a table that is no longer there.
    row_ms_.clear();
    set_rows(static_cast<double>(rows_) / 10);
    return;
  }
  const auto asked = static_cast<double>(std::max<std::int64_t>(rows, 1));
  row_ms_.push_back(took.count() / asked);
  if (row_ms_.size() > remembered) {
    row_ms_.pop_front();
  }
  const double growth = static_cast<double>(rows_) * most_growth;
  const double slow = slow_row_ms();
  const double fitting = slow > 0 ? target_.count() / slow : growth;
  set_rows(std::min(fitting, growth));
}

void BatchSize::halve() {
  row_ms_.clear();
  set_rows(static_cast<double>(rows_) / 2);
}

void BatchSize::set_ceiling(std::int64_t ceiling) {
  ceiling_ = std::max(ceiling, floor_rows);
  rows_ = std::min(rows_, ceiling_);
}

void BatchSize::set_rows(double wanted) {
  // Clamped before the cast: `wanted` may be more than an integer holds.
  rows_ = static_cast<std::int64_t>(std::clamp(
      wanted, static_cast<double>(floor_rows), static_cast<double>(ceiling_)));
}

double BatchSize::slow_row_ms() const {
  std::vector<double> sorted(row_ms_.begin(), row_ms_.end());
  std::ranges::sort(sorted);
  const auto rank =
      std::ceil(0.9 * static_cast<double>(sorted.size()));  // nearest rank
  return sorted.at(static_cast<std::size_t>(rank) - 1);
}

}  // namespace pgexpand::backfill
