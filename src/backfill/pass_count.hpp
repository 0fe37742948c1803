#pragma once

#include <cstdint>

namespace pgexpand::backfill {

/// How many passes the next window gets (K), from how many rows of the last
/// ones stayed in their page.
///
/// The first pass of K finds the page as it is: its rows stay only where there
/// is free space for a K-th of them. If nearly all stayed, half as many passes
/// do as well; if few of a smaller number stayed, twice as many are needed.
/// Where not even later passes stay (an index on the written column, an old
/// snapshot), passes buy nothing: one, until it is time to look again.
///
/// A new row version is wider than the one whose space it takes: by the new
/// value, and by a line pointer. So a pass finds room for fewer rows than the
/// one before freed, and each is given fewer. Pure.
class PassCount {
 public:
  /// `most`: K of a full table. `fillfactor` in percent.
  PassCount(int most, int fillfactor);

  [[nodiscard]] int next() const noexcept { return count_; }
  /// How many rows each pass should take, of those the one before took.
  [[nodiscard]] double decline() const noexcept { return decline_; }
  /// One window in `passes` passes. Rows, and how many of them were HOT.
  void record(int passes,
              std::int64_t first_rows,
              std::int64_t first_hot,
              std::int64_t later_rows,
              std::int64_t later_hot);

 private:
  int most_;
  int count_;
  double decline_ = 0.9;
  int windows_until_look_ = 0;  ///< While passes buy nothing.
};

}  // namespace pgexpand::backfill
