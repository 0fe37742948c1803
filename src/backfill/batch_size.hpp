#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace pgexpand::backfill {

using std::chrono::milliseconds;
/// Slices take a few of them.
using Milliseconds = std::chrono::duration<double, std::milli>;

/// How many rows the next slice may take, from how long the last ones took.
///
/// Starts at the ceiling, or where start_at() says. Follows the 90th percentile
/// of the last ten slices, grows by half at most, and falls to a tenth at once
/// after one five times over target. Pure: the caller measures.
class BatchSize {
 public:
  static constexpr std::int64_t floor_rows = 10;

  BatchSize(std::int64_t ceiling, Milliseconds target);

  [[nodiscard]] std::int64_t rows() const noexcept { return rows_; }
  /// The first one, where wide rows forbid the ceiling.
  void start_at(double rows) { set_rows(rows); }
  /// One that was asked for `rows` rows took `took`, lock waits excluded.
  void record(std::int64_t rows, Milliseconds took);
  /// The server cancelled one.
  void halve();
  /// A live order. Raising it lets the size grow, it does not jump.
  void set_ceiling(std::int64_t ceiling);
  [[nodiscard]] Milliseconds target() const noexcept { return target_; }
  void set_target(Milliseconds target) { target_ = target; }

 private:
  void set_rows(double wanted);
  [[nodiscard]] double slow_row_ms() const;

  std::int64_t ceiling_;
  Milliseconds target_;
  std::int64_t rows_;
  std::deque<double> row_ms_;  ///< Of the last ten.
};

}  // namespace pgexpand::backfill
