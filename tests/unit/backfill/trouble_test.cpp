#include "backfill/trouble.hpp"

#include <gtest/gtest.h>

namespace pgexpand::backfill {
namespace {

Trouble of(ErrorKind kind, const std::string& state) {
  return classify(Error(kind, "test.error", "it went wrong").sqlstate(state));
}

TEST(TroubleTest, ClashesWithOtherTransactionsAreRetried) {
  EXPECT_EQ(of(ErrorKind::lock_timeout, "55P03"), Trouble::contention);
  EXPECT_EQ(of(ErrorKind::lock_timeout, "40P01"), Trouble::contention);
  EXPECT_EQ(of(ErrorKind::database, "40001"), Trouble::contention);
}

TEST(TroubleTest, ACancelMeansLess) {
  EXPECT_EQ(of(ErrorKind::database, "57014"), Trouble::cancelled);
}

TEST(TroubleTest, ValuesThatDoNotFitAreARowsFault) {
  for (const auto* state :
       {"22003", "22P02", "23505", "23514", "P0001", "54000", "2201B"}) {
    EXPECT_EQ(of(ErrorKind::database, state), Trouble::row) << state;
  }
}

TEST(TroubleTest, TheServersOwnTroubleIsPassedOn) {
  for (const auto* state : {"53100", "53200", "57P02", "58030", "XX000"}) {
    EXPECT_EQ(of(ErrorKind::database, state), Trouble::fatal) << state;
  }
}

TEST(TroubleTest, ALostLinkAndAnotherRunnerArePassedOn) {
  EXPECT_EQ(of(ErrorKind::connection, "57P01"), Trouble::fatal);
  EXPECT_EQ(of(ErrorKind::in_doubt, ""), Trouble::fatal);
  EXPECT_EQ(of(ErrorKind::busy, ""), Trouble::fatal);
}

TEST(TroubleTest, AnErrorWithoutStateIsPassedOn) {
  EXPECT_EQ(of(ErrorKind::database, ""), Trouble::fatal);
}

}  // namespace
}  // namespace pgexpand::backfill
