#include "backfill/gauge.hpp"

#include "backfill/coarse.hpp"

#include <gtest/gtest.h>

namespace pgexpand::backfill {
namespace {

using namespace std::chrono_literals;

TEST(GaugeTest, IsOverAboveTheLimit) {
  Gauge gauge;
  EXPECT_FALSE(gauge.is_over(100, 100));
  EXPECT_TRUE(gauge.is_over(101, 100));
  EXPECT_EQ(gauge.threshold(), 100);
}

TEST(GaugeTest, LetsGoOnlyWellBelowTheLimit) {
  Gauge gauge;
  EXPECT_TRUE(gauge.is_over(120, 100));
  EXPECT_TRUE(gauge.is_over(81, 100));
  EXPECT_EQ(gauge.threshold(), 80);
  EXPECT_FALSE(gauge.is_over(80, 100));
  EXPECT_FALSE(gauge.is_over(99, 100));
}

TEST(GaugeTest, OfALimitOfOneItLetsGoAtNone) {
  Gauge gauge;
  EXPECT_TRUE(gauge.is_over(2, 1));
  EXPECT_TRUE(gauge.is_over(1, 1));
  EXPECT_FALSE(gauge.is_over(0, 1));
}

TEST(CoarseTest, RoundsDownToWhatRarelyChanges) {
  EXPECT_EQ(coarse(99ms), "0ms");
  EXPECT_EQ(coarse(100ms), "100ms");
  EXPECT_EQ(coarse(499ms), "200ms");
  EXPECT_EQ(coarse(10s), "10s");
  EXPECT_EQ(coarse(19'999ms), "10s");
  EXPECT_EQ(coarse(59s), "30s");
  EXPECT_EQ(coarse(12min), "10m");
  EXPECT_EQ(coarse(4h), "2h");
  EXPECT_EQ(coarse(23h), "10h");
  EXPECT_EQ(coarse(24h), "1d");
  EXPECT_EQ(coarse(24h * 9 + 5h), "9d");
}

}  // namespace
}  // namespace pgexpand::backfill
