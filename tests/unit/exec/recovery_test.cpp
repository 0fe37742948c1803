#include "unit/exec/run_test.hpp"

namespace pgexpand::exec::testing {
namespace {

using plan::Phase;

class RecoveryTest : public RunTest {
 protected:
  RecoveryTest() {
    plan_.steps = {step("expand-1", Phase::expand, "ONE"),
                   step("expand-2", Phase::expand, "TWO")};
  }
};

TEST_F(RecoveryTest, ALostConnectionIsRecoveredAndTheRunGoesOn) {
  session_.fail_on("TWO", server_error(ErrorKind::connection, ""));
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_EQ(bench_.recoveries, 1);
  EXPECT_EQ(session_.sent("ONE"), 1);
  EXPECT_EQ(session_.sent("TWO"), 2);
}

TEST_F(RecoveryTest, AfterACommitInDoubtTheStepRowDecides) {
  session_.answer("ONE", [this] {
    if (bench_.recoveries == 0) {
      session_.fail_on("COMMIT", server_error(ErrorKind::in_doubt, ""));
    }
    return pg::Result{};
  });
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_EQ(session_.sent("ONE"), 2);  // The fake lost that commit.
}

TEST_F(RecoveryTest, ItGivesUpAfterFiveLossesWithoutProgress) {
  session_.fail_on("ONE", server_error(ErrorKind::connection, ""), 1'000);
  EXPECT_EQ(error_of_run(), "pg.test");
  EXPECT_EQ(bench_.recoveries, 5);
}

TEST_F(RecoveryTest, ALostLeaseStopsTheRunUntilItIsTakenAgain) {
  bench_.is_lost = true;
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_EQ(bench_.recoveries, 1);
}

TEST_F(RecoveryTest, AFencedRunnerGivesUpAtOnce) {
  session_.answer("SELECT epoch FROM", [] {
    return pg::Result{.rows = {{"99"}}, .columns = {"epoch"}};
  });
  EXPECT_EQ(error_of_run(), "runner.fenced");
  EXPECT_EQ(bench_.recoveries, 0);
  EXPECT_EQ(session_.find("ONE"), -1);
}

}  // namespace
}  // namespace pgexpand::exec::testing
