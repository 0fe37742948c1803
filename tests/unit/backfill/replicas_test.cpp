#include "backfill/replicas.hpp"

#include <gmock/gmock.h>

namespace pgexpand::backfill {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReplicasTest : public ::testing::Test {
 protected:
  /// A second later, with `written` bytes of WAL and these standbys.
  void next(std::int64_t written, const std::vector<Standby>& standbys) {
    now_ += 1s;
    replicas_.follow(now_, written, standbys);
  }
  std::vector<std::string> reasons() { return replicas_.reasons(10s); }

  Replicas::TimePoint now_{1h};
  Replicas replicas_;
};

TEST_F(ReplicasTest, WhoKeepsUpIsNoReason) {
  next(100, {{.name = "a", .replayed = 100}});
  next(200, {{.name = "a", .replayed = 190}});
  EXPECT_THAT(reasons(), IsEmpty());
  EXPECT_FALSE(replicas_.is_unsettled());
}

TEST_F(ReplicasTest, WhoStandsStillIsOneWhatsoeverItReports) {
  for (int second = 0; second <= 11; ++second) {
    next(100 + second, {{.name = "a", .replayed = 100, .reported_lag = 1ms}});
    EXPECT_THAT(reasons(), IsEmpty());
  }
  next(200, {{.name = "a", .replayed = 100, .reported_lag = 1ms}});
  EXPECT_THAT(reasons(), ElementsAre("standby a is more than 10s behind"));
}

TEST_F(ReplicasTest, WhatItReportsCountsWhenItIsWorse) {
  next(100, {{.name = "a", .replayed = 100}});
  next(200, {{.name = "a", .replayed = 190, .reported_lag = 21s}});
  EXPECT_THAT(reasons(), ElementsAre("standby a is more than 20s behind"));
  next(300, {{.name = "a", .replayed = 290, .reported_lag = 9s}});
  EXPECT_THAT(reasons(), ElementsAre("standby a is more than 5s behind"));
  next(400, {{.name = "a", .replayed = 390, .reported_lag = 8s}});
  EXPECT_THAT(reasons(), IsEmpty());
}

TEST_F(ReplicasTest, OneThatWasBehindBeforeOurFirstLookHoldsUntilItIsNot) {
  next(100, {{.name = "a", .replayed = 50}});
  EXPECT_THAT(reasons(),
              ElementsAre("standby a is behind, not known yet for how long"));
  EXPECT_TRUE(replicas_.is_unsettled());
  next(200, {{.name = "a", .replayed = 120}});
  EXPECT_THAT(reasons(), IsEmpty());
  EXPECT_FALSE(replicas_.is_unsettled());
}

TEST_F(ReplicasTest, EachStandbyHasItsOwnHysteresis) {
  next(100, {{.name = "a", .replayed = 100}, {.name = "b", .replayed = 100}});
  next(200, {{.name = "a", .replayed = 190, .reported_lag = 11s},
             {.name = "b", .replayed = 190}});
  EXPECT_THAT(reasons(), ElementsAre("standby a is more than 10s behind"));
  next(300, {{.name = "a", .replayed = 290, .reported_lag = 9s},
             {.name = "b", .replayed = 290, .reported_lag = 9s}});
  EXPECT_THAT(reasons(), ElementsAre("standby a is more than 5s behind"));
}

TEST_F(ReplicasTest, OfOneNameTheWorstCounts) {
  next(100, {{.name = "a", .replayed = 100}, {.name = "a", .replayed = 100}});
  next(200, {{.name = "a", .replayed = 190, .reported_lag = 30s},
             {.name = "a", .replayed = 200}});
  EXPECT_THAT(reasons(), ElementsAre("standby a is more than 30s behind"));
}

TEST_F(ReplicasTest, OneThatLeavesWhileItHoldsDoesSoForAWhile) {
  next(100, {{.name = "a", .replayed = 100}});
  next(200, {{.name = "a", .replayed = 190, .reported_lag = 11s}});
  EXPECT_THAT(reasons(), ElementsAre("standby a is more than 10s behind"));
  next(300, {});
  EXPECT_THAT(
      reasons(),
      ElementsAre("standby a has disconnected, and was too far behind"));
  now_ += 5min;
  next(400, {});
  EXPECT_THAT(reasons(), IsEmpty());
}

TEST_F(ReplicasTest, OneThatComesBackIsJudgedAnew) {
  next(100, {{.name = "a", .replayed = 100}});
  next(200, {{.name = "a", .replayed = 190, .reported_lag = 11s}});
  EXPECT_THAT(reasons(), ElementsAre("standby a is more than 10s behind"));
  next(300, {});
  next(400, {{.name = "a", .replayed = 400}});
  EXPECT_THAT(reasons(), IsEmpty());
}

TEST_F(ReplicasTest, OneThatLeavesInGoodOrderIsForgotten) {
  next(100, {{.name = "a", .replayed = 100}});
  EXPECT_THAT(reasons(), IsEmpty());
  next(200, {});
  EXPECT_THAT(reasons(), IsEmpty());
}

TEST_F(ReplicasTest, WhatCannotBeReadHoldsAndIsSaidOnce) {
  next(100, {{.name = "a", .is_readable = false},
             {.name = "b", .is_readable = false}});
  EXPECT_THAT(reasons(), ElementsAre("the lag of a standby cannot be read"));
}

}  // namespace
}  // namespace pgexpand::backfill
