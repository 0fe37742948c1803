#include "backfill/windows.hpp"

#include <algorithm>
#include <cmath>

namespace pgexpand::backfill {

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
