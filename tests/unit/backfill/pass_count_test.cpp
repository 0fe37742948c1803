#include "backfill/pass_count.hpp"

#include <gtest/gtest.h>

namespace pgexpand::backfill {
namespace {

TEST(PassCountTest, AFullTableGetsAllPasses) {
  EXPECT_EQ(PassCount(10, 100).next(), 10);
}

TEST(PassCountTest, AFillfactorLeavesRoomForFewer) {
  EXPECT_EQ(PassCount(10, 50).next(), 1);
  EXPECT_EQ(PassCount(10, 80).next(), 4);
  EXPECT_EQ(PassCount(10, 95).next(), 10);
}

TEST(PassCountTest, AFullTableKeepsItsPasses) {
  PassCount count(10, 100);
  count.record(10, 1'000, 50, 9'000, 8'900);
  EXPECT_EQ(count.next(), 10);
}

TEST(PassCountTest, WhereTheFirstPassFindsRoomHalfAsManyDo) {
  PassCount count(10, 100);
  count.record(10, 1'000, 980, 9'000, 9'000);
  EXPECT_EQ(count.next(), 5);
  count.record(5, 2'000, 1'990, 8'000, 8'000);
  count.record(2, 5'000, 4'990, 5'000, 5'000);
  EXPECT_EQ(count.next(), 1);
}

TEST(PassCountTest, WhenRoomRunsOutPassesComeBack) {
  PassCount count(10, 50);
  count.record(1, 10'000, 3'000, 0, 0);
  EXPECT_EQ(count.next(), 2);
  count.record(2, 5'000, 100, 5'000, 4'000);
  count.record(4, 5'000, 100, 5'000, 4'000);
  count.record(8, 5'000, 100, 5'000, 4'000);
  EXPECT_EQ(count.next(), 10);
}

TEST(PassCountTest, WhereNothingStaysOnePassDoes) {
  PassCount count(10, 100);
  count.record(10, 1'000, 0, 9'000, 10);
  EXPECT_EQ(count.next(), 1);
}

TEST(PassCountTest, LooksAgainAfterAWhile) {
  PassCount count(10, 100);
  count.record(10, 1'000, 0, 9'000, 10);
  for (int window = 0; window < 20; ++window) {
    EXPECT_EQ(count.next(), 1);
    count.record(1, 10'000, 0, 0, 0);
  }
  EXPECT_EQ(count.next(), 10);
}

TEST(PassCountTest, EachPassGetsFewerRowsThanTheOneBefore) {
  EXPECT_DOUBLE_EQ(PassCount(12, 100).decline(), 0.9);
}

TEST(PassCountTest, WhereNewRowsAreNoWiderAllPassesGetTheSame) {
  PassCount count(12, 100);
  for (int window = 0; window < 10; ++window) {
    count.record(12, 1'000, 50, 9'000, 9'000);
  }
  EXPECT_DOUBLE_EQ(count.decline(), 1);
}

TEST(PassCountTest, TheFirstPassNeverGetsMoreThanIndexPagesHaveRoomFor) {
  PassCount count(12, 100);
  count.record(12, 1'000, 50, 9'000, 5'000);
  EXPECT_DOUBLE_EQ(count.decline(), 0.9);
}

TEST(PassCountTest, AFewRowsSayNothing) {
  PassCount count(10, 100);
  count.record(10, 20, 20, 180, 180);
  EXPECT_EQ(count.next(), 10);
}

}  // namespace
}  // namespace pgexpand::backfill
