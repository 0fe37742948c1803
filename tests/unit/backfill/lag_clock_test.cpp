#include "backfill/lag_clock.hpp"

#include <gtest/gtest.h>

namespace pgexpand::backfill {
namespace {

using namespace std::chrono_literals;

class LagClockTest : public ::testing::Test {
 protected:
  LagClock::TimePoint start_{1h};
  LagClock clock_;
};

TEST_F(LagClockTest, AStandbyThatHasEverythingIsNotBehind) {
  clock_.record(start_, 100);
  clock_.record(start_ + 1s, 200);
  const auto lag = clock_.lag(200, start_ + 9s);
  EXPECT_EQ(lag.least, 0ms);
  EXPECT_TRUE(lag.is_exact);
}

TEST_F(LagClockTest, TheLagOfOneThatStandsStillGrows) {
  clock_.record(start_, 100);
  clock_.record(start_ + 1s, 200);
  clock_.record(start_ + 2s, 300);
  EXPECT_EQ(clock_.lag(100, start_ + 2s).least, 1s);
  EXPECT_EQ(clock_.lag(100, start_ + 7s).least, 6s);
  EXPECT_EQ(clock_.lag(250, start_ + 7s).least, 5s);
  EXPECT_TRUE(clock_.lag(100, start_ + 7s).is_exact);
}

TEST_F(LagClockTest, WhereNothingIsWrittenNothingIsMissing) {
  clock_.record(start_, 100);
  clock_.record(start_ + 60s, 100);
  clock_.record(start_ + 61s, 101);
  EXPECT_EQ(clock_.lag(100, start_ + 62s).least, 1s);
}

TEST_F(LagClockTest, WhatIsMissingSinceBeforeTheFirstLookIsOfUnknownAge) {
  clock_.record(start_, 100);
  const auto lag = clock_.lag(99, start_ + 3s);
  EXPECT_EQ(lag.least, 3s);
  EXPECT_FALSE(lag.is_exact);
}

TEST_F(LagClockTest, WithoutARecordNothingIsKnown) {
  EXPECT_EQ(clock_.lag(100, start_).least, 0ms);
}

TEST_F(LagClockTest, AnotherServerBeginsAnew) {
  clock_.record(start_, 500);
  clock_.record(start_ + 10s, 100);
  clock_.record(start_ + 11s, 200);
  EXPECT_EQ(clock_.lag(100, start_ + 12s).least, 1s);
}

}  // namespace
}  // namespace pgexpand::backfill
