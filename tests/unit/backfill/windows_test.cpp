#include "backfill/windows.hpp"

#include <gmock/gmock.h>

namespace pgexpand::backfill {
namespace {

using ::testing::ElementsAre;

TEST(WindowsTest, BlocksHoldTheRowsAskedForAndNotMore) {
  EXPECT_EQ(blocks_for(10'000, 80), 125);
  EXPECT_EQ(blocks_for(10'000, 81), 123);
}

TEST(WindowsTest, ABatchIsAtLeastOneBlock) { EXPECT_EQ(blocks_for(10, 80), 1); }

TEST(WindowsTest, AnEmptyEstimateStillGivesBlocks) {
  EXPECT_GE(blocks_for(10, 0), 1);
}

TEST(WindowsTest, PagesWithManyRowsGetAllPasses) {
  EXPECT_EQ(passes_for(10, 80, 12'500, 10'000), 10);
}

TEST(WindowsTest, NoPassIsEmptyOnPagesWithFewRows) {
  EXPECT_EQ(passes_for(10, 3.7, 1'000'000, 10'000), 3);
  EXPECT_EQ(passes_for(10, 0.5, 1'000'000, 10'000), 1);
}

TEST(WindowsTest, ATableOfOneBatchIsDoneInOnePass) {
  EXPECT_EQ(passes_for(10, 100, 100, 10'000), 1);
  EXPECT_EQ(passes_for(10, 100, 101, 10'000), 10);
}

TEST(WindowsTest, TheLastPassIsTheSweep) {
  EXPECT_FALSE((Pass{.number = 8, .of = 10}.is_sweep()));
  EXPECT_TRUE((Pass{.number = 9, .of = 10}.is_sweep()));
  EXPECT_TRUE(Pass{}.is_sweep());
}

TEST(WindowsTest, PartsCoverTheWholeWithoutOverlap) {
  EXPECT_THAT(split({10, 35}, 10),
              ElementsAre(Blocks{10, 20}, Blocks{20, 30}, Blocks{30, 35}));
}

TEST(WindowsTest, AnEmptyWindowHasNoParts) {
  EXPECT_TRUE(split({7, 7}, 10).empty());
}

}  // namespace
}  // namespace pgexpand::backfill
