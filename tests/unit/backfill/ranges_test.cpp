#include "backfill/ranges.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace pgexpand::backfill {
namespace {

using ::testing::SizeIs;

Leaf leaf(std::int64_t oid, std::int64_t blocks, std::int64_t file = 1) {
  return {.table = {sql::Identifier("public"),
                    sql::Identifier("t" + std::to_string(oid))},
          .oid = oid,
          .relfilenode = file,
          .blocks = blocks};
}

/// Every block of [0, blocks) of the leaf lies in exactly one range.
void expect_cover(const Ranges& ranges, std::int64_t oid, std::int64_t blocks) {
  std::vector<std::pair<std::int64_t, std::int64_t>> parts;
  for (const auto& range : ranges.all()) {
    if (range.relation == oid) {
      parts.emplace_back(range.first_block, range.bound_block);
    }
  }
  std::ranges::sort(parts);
  std::int64_t at = 0;
  for (const auto& [first, end] : parts) {
    EXPECT_EQ(first, at);
    at = end;
  }
  EXPECT_EQ(at, blocks);
}

TEST(RangesTest, EachLeafGetsOne) {
  Ranges ranges;
  EXPECT_TRUE(ranges.adopt({leaf(7, 100), leaf(8, 0)}));
  EXPECT_THAT(ranges.all(), SizeIs(2));
  EXPECT_FALSE(ranges.adopt({leaf(7, 120), leaf(8, 5)}));
  expect_cover(ranges, 7, 100);
}

TEST(RangesTest, WorkersGetAlikeShares) {
  Ranges ranges;
  ranges.adopt({leaf(7, 10'000)});
  EXPECT_TRUE(ranges.share_out(4));
  EXPECT_THAT(ranges.all(), SizeIs(4));
  expect_cover(ranges, 7, 10'000);
  for (const auto& range : ranges.all()) {
    EXPECT_NEAR(static_cast<double>(range.bound_block - range.first_block),
                2'500, 5);
  }
  EXPECT_FALSE(ranges.share_out(4));
}

TEST(RangesTest, WhatIsBehindTheCursorIsNotShared) {
  Ranges ranges;
  ranges.adopt({leaf(7, 1'000)});
  ranges.all()[0].next_block = 700;
  ranges.share_out(2);
  EXPECT_EQ(ranges.all()[0].bound_block, 850);
  expect_cover(ranges, 7, 1'000);
}

TEST(RangesTest, ASmallTableIsNotCut) {
  Ranges ranges;
  ranges.adopt({leaf(7, 100)});
  EXPECT_FALSE(ranges.share_out(8));
}

TEST(RangesTest, NoTwoRangesHaveOneNumber) {
  Ranges ranges;
  ranges.adopt({leaf(7, 10'000), leaf(8, 10'000)});
  ranges.share_out(6);
  std::vector<int> numbers;
  for (const auto& range : ranges.all()) {
    numbers.push_back(range.worker);
  }
  std::ranges::sort(numbers);
  EXPECT_EQ(std::ranges::adjacent_find(numbers), numbers.end());
}

TEST(RangesTest, ARewrittenLeafStartsAgainAndKeepsItsCounts) {
  Ranges ranges;
  ranges.adopt({leaf(7, 10'000), leaf(8, 50)});
  ranges.share_out(3);
  ranges.all()[0].rows = 11;
  ranges.all()[0].next_block = 300;
  EXPECT_TRUE(ranges.adopt({leaf(7, 6'000, 2), leaf(8, 50)}));
  expect_cover(ranges, 7, 6'000);
  expect_cover(ranges, 8, 50);
  const auto again =
      std::ranges::find(ranges.all(), 7, &state::Progress::relation);
  EXPECT_EQ(again->rows, 11);
  EXPECT_EQ(again->next_block, 0);
  EXPECT_EQ(again->relfilenode, 2);
}

TEST(RangesTest, ALeafThatIsDoneMayBeRewritten) {
  Ranges ranges;
  ranges.adopt({leaf(7, 100)});
  ranges.all()[0].done = true;
  EXPECT_FALSE(ranges.adopt({leaf(7, 80, 2)}));
  EXPECT_TRUE(ranges.all_done());
}

TEST(RangesTest, ALeafThatIsGoneNeedsNothing) {
  Ranges ranges;
  ranges.adopt({leaf(7, 100), leaf(8, 100)});
  ranges.all()[1].done = true;
  EXPECT_TRUE(ranges.adopt({leaf(8, 100)}));
  EXPECT_TRUE(ranges.all_done());
}

TEST(RangesTest, APartitionThatWasAttachedMeanwhileIsNotDone) {
  Ranges ranges;
  ranges.adopt({leaf(7, 100)});
  ranges.all()[0].done = true;
  EXPECT_TRUE(ranges.adopt({leaf(7, 100), leaf(9, 30)}));
  EXPECT_FALSE(ranges.all_done());
}

TEST(RangesTest, ANewRoundWalksEverythingToItsPresentEnd) {
  Ranges ranges;
  ranges.adopt({leaf(7, 10'000)});
  ranges.share_out(2);
  for (auto& range : ranges.all()) {
    range.done = true;
    range.round_rows = 5;
  }
  ranges.start_round({leaf(7, 12'000)}, 1);
  expect_cover(ranges, 7, 12'000);
  EXPECT_FALSE(ranges.all_done());
  EXPECT_EQ(ranges.round(), 1);
  EXPECT_EQ(ranges.round_rows(), 0);
}

TEST(RangesTest, WhatALeafHasGrownByIsARangeOfItsOwn) {
  Ranges ranges;
  ranges.adopt({leaf(7, 100)});
  ranges.all()[0].done = true;
  EXPECT_FALSE(ranges.extend({leaf(7, 100)}));
  EXPECT_TRUE(ranges.extend({leaf(7, 130)}));
  expect_cover(ranges, 7, 130);
  EXPECT_EQ(ranges.all().back().next_block, 100);
}

}  // namespace
}  // namespace pgexpand::backfill
