#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace pgexpand::backfill {

/// Heap blocks [first, end).
struct Blocks {
  std::int64_t first = 0;
  std::int64_t end = 0;

  [[nodiscard]] std::int64_t size() const noexcept { return end - first; }
  friend bool operator==(const Blocks&, const Blocks&) = default;
};

/// One of `of` passes over a window. Each takes `decline` times as many rows of
/// every page as the one before; the last one takes whatever is left, and so is
/// the sweep too.
struct Pass {
  int number = 0;
  int of = 1;
  double decline = 1;  ///< In (0, 1].

  [[nodiscard]] bool is_sweep() const noexcept { return number + 1 >= of; }
  /// Its part of a page's rows, of 1.
  [[nodiscard]] double share() const noexcept;
  /// That of all passes before it.
  [[nodiscard]] double share_before() const noexcept;
  friend bool operator==(const Pass&, const Pass&) = default;
};

/// Which pass takes a row, by the low byte of its line pointer. However many
/// rows a page has, each pass gets its share of them.
[[nodiscard]] std::array<std::uint8_t, 256> passes_by_row(const Pass& pass);

/// How many blocks hold `rows` rows, at least one.
[[nodiscard]] std::int64_t blocks_for(std::int64_t rows, double rows_per_block);

/// How many passes pay: one where a page holds too few rows to share out, or
/// where one batch takes the whole table.
[[nodiscard]] int passes_for(int wanted,
                             double rows_per_block,
                             std::int64_t blocks,
                             std::int64_t batch_rows);

/// Consecutive parts of `all` of at most `blocks` blocks.
[[nodiscard]] std::vector<Blocks> split(Blocks all, std::int64_t blocks);

}  // namespace pgexpand::backfill
