#include "backfill/gauge.hpp"
#include "backfill/lag_clock.hpp"

#include <gtest/gtest.h>

namespace pgexpand::backfill {
namespace {

using namespace std::chrono_literals;

TEST(GaugeTest, IsOverFromTheLimitOn) {
  Gauge gauge;
  EXPECT_FALSE(gauge.is_over(99, 100));
  EXPECT_TRUE(gauge.is_over(100, 100));
}

TEST(GaugeTest, LetsGoOnlyWellBelowTheLimit) {
  Gauge gauge;
  EXPECT_TRUE(gauge.is_over(120, 100));
  EXPECT_TRUE(gauge.is_over(81, 100));
  EXPECT_FALSE(gauge.is_over(80, 100));
  EXPECT_FALSE(gauge.is_over(99, 100));
}

class LagClockTest : public ::testing::Test {
 protected:
  LagClock::TimePoint start_{};
  LagClock clock_;
};

TEST_F(LagClockTest, AStandbyThatHasEverythingIsNotBehind) {
  clock_.record(start_, 100);
  clock_.record(start_ + 1s, 200);
  EXPECT_EQ(clock_.lag(200, start_ + 9s), 0ms);
}

TEST_F(LagClockTest, TheLagOfOneThatStandsStillGrows) {
  clock_.record(start_, 100);
  clock_.record(start_ + 1s, 200);
  clock_.record(start_ + 2s, 300);
  EXPECT_EQ(clock_.lag(100, start_ + 2s), 1s);
  EXPECT_EQ(clock_.lag(100, start_ + 7s), 6s);
  EXPECT_EQ(clock_.lag(250, start_ + 7s), 5s);
}

TEST_F(LagClockTest, WhereNothingIsWrittenNothingIsMissing) {
  clock_.record(start_, 100);
  clock_.record(start_ + 60s, 100);
  clock_.record(start_ + 61s, 101);
  EXPECT_EQ(clock_.lag(100, start_ + 62s), 1s);
}

TEST_F(LagClockTest, KnowsNothingAtFirst) {
  EXPECT_EQ(clock_.lag(100, start_), 0ms);
}

}  // namespace
}  // namespace pgexpand::backfill
