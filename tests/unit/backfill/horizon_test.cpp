#include "backfill/horizon.hpp"

#include <gtest/gtest.h>

namespace pgexpand::backfill {
namespace {

using namespace std::chrono_literals;

HorizonHolder session(std::string xmin,
                      std::int64_t xids_back,
                      std::chrono::milliseconds open_for) {
  return {.key = "pid 1",
          .name = "pid 1 (psql)",
          .xmin = std::move(xmin),
          .xids_back = xids_back,
          .held = open_for,
          .open_for = open_for};
}

HorizonHolder slot(std::string xmin, std::int64_t xids_back) {
  return {.key = "slot s",
          .name = "replication slot s",
          .xmin = std::move(xmin),
          .xids_back = xids_back};
}

class HorizonTest : public ::testing::Test {
 protected:
  /// A second later.
  std::optional<std::string> next(const std::vector<HorizonHolder>& holders) {
    now_ += 1s;
    horizon_.follow(now_, holders);
    return horizon_.holder();
  }

  Horizon::TimePoint now_{1h};
  Horizon horizon_;
};

TEST_F(HorizonTest, NobodyHoldsIt) { EXPECT_EQ(next({}), std::nullopt); }

TEST_F(HorizonTest, AShortTransactionDoesNot) {
  EXPECT_EQ(next({session("7", 1, 1'900ms)}), std::nullopt);
}

TEST_F(HorizonTest, AnOldOneDoesAtTheFirstLook) {
  EXPECT_EQ(next({session("7", 1, 12min)}),
            "pid 1 (psql), transaction open for 10m");
}

TEST_F(HorizonTest, OneWhoseAgeIsHiddenDoesAfterTwoSecondsOfOurs) {
  EXPECT_EQ(next({slot("7", 9)}), std::nullopt);
  EXPECT_EQ(next({slot("7", 9)}), std::nullopt);
  EXPECT_EQ(next({slot("7", 9)}), "replication slot s");
}

TEST_F(HorizonTest, OneThatMovesDoesNot) {
  EXPECT_EQ(next({slot("7", 9)}), std::nullopt);
  EXPECT_EQ(next({slot("7", 9)}), std::nullopt);
  EXPECT_EQ(next({slot("8", 9)}), std::nullopt);
  EXPECT_EQ(next({slot("8", 9)}), std::nullopt);
}

TEST_F(HorizonTest, TheOneFurthestBackIsNamed) {
  const auto holders = {session("70", 30, 5min), slot("7", 93)};
  next(holders);
  next(holders);
  EXPECT_EQ(next(holders), "replication slot s");
}

TEST_F(HorizonTest, TheFirstTextStaysAndTheOtherKeepsUp) {
  next({session("7", 1, 2s)});
  EXPECT_EQ(next({session("7", 9, 3h)}),
            "pid 1 (psql), transaction open for 2s");
  EXPECT_EQ(horizon_.holder_now(), "pid 1 (psql), transaction open for 2h");
}

TEST_F(HorizonTest, AnotherTransactionOfTheSameSessionIsNamedAnew) {
  next({session("7", 1, 20s)});
  next({});
  EXPECT_EQ(next({session("9", 1, 2s)}),
            "pid 1 (psql), transaction open for 2s");
}

}  // namespace
}  // namespace pgexpand::backfill
