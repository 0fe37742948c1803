#include "backfill/batch_size.hpp"

#include <gtest/gtest.h>

namespace pgexpand::backfill {
namespace {

using namespace std::chrono_literals;

/// One batch of the present size on a server that needs `row_ms` for a row.
void run_batch(BatchSize& size, double row_ms) {
  const auto took = static_cast<double>(size.rows()) * row_ms;
  size.record(size.rows(), milliseconds(static_cast<int>(took)));
}

TEST(BatchSizeTest, StartsAtTheCeiling) {
  EXPECT_EQ(BatchSize(10'000, 100ms).rows(), 10'000);
}

TEST(BatchSizeTest, StaysAtTheCeilingWhileBatchesAreFast) {
  BatchSize size(10'000, 100ms);
  run_batch(size, 0.001);
  EXPECT_EQ(size.rows(), 10'000);
}

TEST(BatchSizeTest, ShrinksToWhatFitsTheTarget) {
  BatchSize size(10'000, 100ms);
  run_batch(size, 0.02);  // 200 ms
  EXPECT_EQ(size.rows(), 5'000);
}

TEST(BatchSizeTest, GrowsByHalfAtMost) {
  BatchSize size(10'000, 100ms);
  size.start_at(1'000);
  run_batch(size, 0.0001);
  EXPECT_EQ(size.rows(), 1'500);
}

TEST(BatchSizeTest, FallsToATenthAfterABatchFarOverTarget) {
  BatchSize size(10'000, 100ms);
  size.record(10'000, 501ms);
  EXPECT_EQ(size.rows(), 1'000);
}

TEST(BatchSizeTest, ABatchFiveTimesOverIsNotYetFarOver) {
  BatchSize size(10'000, 100ms);
  size.record(10'000, 500ms);
  EXPECT_EQ(size.rows(), 2'000);
}

TEST(BatchSizeTest, NeverFallsBelowTen) {
  BatchSize size(10'000, 100ms);
  for (int i = 0; i < 10; ++i) {
    size.record(size.rows(), 1h);
  }
  EXPECT_EQ(size.rows(), BatchSize::floor_rows);
}

TEST(BatchSizeTest, OneSlowBatchOfTenDoesNotCount) {
  BatchSize size(10'000, 100ms);
  for (int i = 0; i < 9; ++i) {
    size.record(10'000, 100ms);
  }
  size.record(10'000, 400ms);
  EXPECT_EQ(size.rows(), 10'000);
}

TEST(BatchSizeTest, TwoSlowBatchesOfTenDo) {
  BatchSize size(10'000, 100ms);
  for (int i = 0; i < 8; ++i) {
    size.record(10'000, 100ms);
  }
  size.record(10'000, 400ms);
  size.record(10'000, 400ms);
  EXPECT_EQ(size.rows(), 2'500);
}

TEST(BatchSizeTest, ForgetsWhatIsOlderThanTenBatches) {
  BatchSize size(10'000, 100ms);
  run_batch(size, 0.02);
  for (int i = 0; i < 30; ++i) {
    run_batch(size, 0.001);
  }
  EXPECT_EQ(size.rows(), 10'000);
}

TEST(BatchSizeTest, HalvesAfterACancel) {
  BatchSize size(10'000, 100ms);
  size.halve();
  EXPECT_EQ(size.rows(), 5'000);
}

TEST(BatchSizeTest, ALowerCeilingHoldsAtOnce) {
  BatchSize size(10'000, 100ms);
  size.set_ceiling(200);
  EXPECT_EQ(size.rows(), 200);
}

TEST(BatchSizeTest, AHigherCeilingIsGrownInto) {
  BatchSize size(1'000, 100ms);
  size.set_ceiling(10'000);
  EXPECT_EQ(size.rows(), 1'000);
  run_batch(size, 0.0001);
  EXPECT_EQ(size.rows(), 1'500);
}

TEST(BatchSizeTest, WideRowsBeginSmall) {
  BatchSize size(10'000, 100ms);
  size.start_at(4.2);
  EXPECT_EQ(size.rows(), BatchSize::floor_rows);
  size.start_at(1e30);
  EXPECT_EQ(size.rows(), 10'000);
}

}  // namespace
}  // namespace pgexpand::backfill
