#include "backfill/rates.hpp"

#include <gtest/gtest.h>

namespace pgexpand::backfill {
namespace {

using namespace std::chrono_literals;

constexpr WalRate::TimePoint start{1h};

TEST(WalRateTest, IsWhatWasWrittenBetweenTwoLooks) {
  WalRate rate;
  rate.record(start, 1'000);
  EXPECT_EQ(rate.bytes_per_second(), 0);
  rate.record(start + 2s, 9'000);
  EXPECT_EQ(rate.bytes_per_second(), 4'000);
  rate.record(start + 3s, 9'000);
  EXPECT_EQ(rate.bytes_per_second(), 0);
}

TEST(WalRateTest, AGapOrAnotherServerIsNoRate) {
  WalRate rate;
  rate.record(start, 1'000);
  rate.forget();
  rate.record(start + 1s, 9'000);
  EXPECT_EQ(rate.bytes_per_second(), 0);
  rate.record(start + 2s, 500);
  EXPECT_EQ(rate.bytes_per_second(), 0);
}

TEST(CommitWatchTest, NeedsFiveToTell) {
  CommitWatch watch;
  for (int i = 0; i < 4; ++i) {
    watch.record(start, 300ms);
  }
  EXPECT_EQ(watch.median(start), std::nullopt);
  watch.record(start, 300ms);
  EXPECT_EQ(watch.median(start), 300ms);
}

TEST(CommitWatchTest, OneOutlierSaysNothing) {
  CommitWatch watch;
  for (const auto took : {2ms, 3ms, 2ms, 9'000ms, 2ms}) {
    watch.record(start, took);
  }
  EXPECT_EQ(watch.median(start), 2ms);
}

TEST(CommitWatchTest, OnlyTheLastTenCount) {
  CommitWatch watch;
  for (int i = 0; i < 20; ++i) {
    watch.record(start, i < 10 ? 2ms : 400ms);
  }
  EXPECT_EQ(watch.median(start), 400ms);
}

TEST(CommitWatchTest, VerySlowOnesCountHoweverFarApart) {
  CommitWatch watch;
  for (int i = 0; i < 5; ++i) {
    watch.record(start + i * 9s, 8s);
  }
  EXPECT_EQ(watch.median(start + 40s), 8s);
}

TEST(CommitWatchTest, ForgetsOldOnesForGood) {
  CommitWatch watch;
  for (int i = 0; i < 5; ++i) {
    watch.record(start, 400ms);
  }
  EXPECT_EQ(watch.median(start + 10s), std::nullopt);
  watch.record(start + 10s, 400ms);
  EXPECT_EQ(watch.median(start + 10s), std::nullopt);
}

}  // namespace
}  // namespace pgexpand::backfill
