#include "backfill/windows.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace pgexpand::backfill {
namespace {

/// 1 + decline + decline^2 …, `count` terms.
double sum_of(int count, double decline) {
  double sum = 0;
  for (double term = 1; count > 0; --count, term *= decline) {
    sum += term;
  }
  return sum;
}

}  // namespace

double Pass::share() const noexcept {
  return std::pow(decline, number) / sum_of(of, decline);
}

double Pass::share_before() const noexcept {
  return sum_of(number, decline) / sum_of(of, decline);
}

// Each row goes to the pass that is furthest behind its share so far.
std::array<std::uint8_t, 256> passes_by_row(const Pass& pass) {
  std::vector<double> shares;
  for (int number = 0; number < pass.of; ++number) {
    shares.push_back(Pass{number, pass.of, pass.decline}.share());
  }
  std::array<std::uint8_t, 256> result{};
  std::vector<double> owed(shares.size());
  for (std::uint8_t& taken_by : result) {
    std::ranges::transform(owed, shares, owed.begin(), std::plus{});
    const auto next = std::ranges::max_element(owed);
    *next -= 1;
    taken_by = static_cast<std::uint8_t>(next - owed.begin());
  }
  return result;
}

std::int64_t blocks_for(std::int64_t rows, double rows_per_block) {
  const double blocks =
      std::floor(static_cast<double>(rows) / std::max(rows_per_block, 0.01));
  return std::max<std::int64_t>(static_cast<std::int64_t>(blocks), 1);
}

int passes_for(int wanted,
               double rows_per_block,
               std::int64_t blocks,
               std::int64_t batch_rows) {
  const double rows = rows_per_block * static_cast<double>(blocks);
  if (rows <= static_cast<double>(batch_rows)) {
    return 1;
  }
  return std::clamp(static_cast<int>(rows_per_block), 1, std::max(wanted, 1));
}

std::vector<Blocks> split(Blocks all, std::int64_t blocks) {
  std::vector<Blocks> parts;
  for (auto first = all.first; first < all.end; first += blocks) {
    parts.push_back({first, std::min(first + blocks, all.end)});
  }
  return parts;
}

}  // namespace pgexpand::backfill
