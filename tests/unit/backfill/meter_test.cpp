#include "backfill/meter.hpp"

#include <gtest/gtest.h>

namespace pgexpand::backfill {
namespace {

using namespace std::chrono_literals;

class MeterTest : public ::testing::Test {
 protected:
  TimePoint now_{};
  Meter meter_{now_};
};

TEST_F(MeterTest, KnowsNothingBeforeTheFirstBatch) {
  EXPECT_EQ(meter_.rows_per_second(), 0);
  EXPECT_EQ(meter_.eta(100), std::nullopt);
}

TEST_F(MeterTest, DividesRowsByTime) {
  meter_.record(now_ + 2s, 1'000, 10);
  EXPECT_DOUBLE_EQ(meter_.rows_per_second(), 500);
}

TEST_F(MeterTest, TheRestTakesAsLongAsTheBlocksBefore) {
  meter_.record(now_ + 2s, 1'000, 10);
  EXPECT_EQ(meter_.eta(100), 18s);
}

TEST_F(MeterTest, ForgetsWhatIsOlderThanThirtySeconds) {
  meter_.record(now_ + 30s, 3'000'000, 30);
  meter_.record(now_ + 60s, 3'003'000, 60);
  EXPECT_DOUBLE_EQ(meter_.rows_per_second(), 100);
}

TEST_F(MeterTest, TimeHeldUpDoesNotCount) {
  meter_.exclude(8s);
  meter_.record(now_ + 10s, 1'000, 10);
  EXPECT_DOUBLE_EQ(meter_.rows_per_second(), 500);
  EXPECT_EQ(meter_.eta(20), 2s);
}

TEST_F(MeterTest, ARestartedWalkCountsFromItsBeginning) {
  meter_.record(now_ + 2s, 1'000, 50);
  meter_.restart(now_ + 2s, 1'000, 0);
  EXPECT_EQ(meter_.eta(100), std::nullopt);
  meter_.record(now_ + 3s, 1'100, 10);
  EXPECT_EQ(meter_.eta(100), 9s);
}

}  // namespace
}  // namespace pgexpand::backfill
