#include "backfill/windows.hpp"

#include <gmock/gmock.h>

#include <algorithm>

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

TEST(WindowsTest, EachPassTakesItsShareOfAnyPage) {
  constexpr double decline = 0.9;
  constexpr int passes = 12;
  const auto table = passes_by_row({.of = passes, .decline = decline});
  for (const int rows : {30, 81, 200}) {
    for (int number = 0; number < passes; ++number) {
      const auto taken =
          std::count(table.begin(), table.begin() + rows, number);
      const Pass pass{.number = number, .of = passes, .decline = decline};
      EXPECT_NEAR(static_cast<double>(taken), pass.share() * rows, 1.5)
          << number << " of " << rows;
    }
  }
}

TEST(WindowsTest, TheSharesOfAllPassesAreOne) {
  const Pass last{.number = 11, .of = 12, .decline = 0.9};
  EXPECT_NEAR(last.share_before() + last.share(), 1, 1e-9);
  EXPECT_LT(last.share(), (Pass{.number = 0, .of = 12}.share()));
  EXPECT_DOUBLE_EQ((Pass{.number = 3, .of = 4}.share()), 0.25);
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
