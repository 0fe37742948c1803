#include "unit/exec/run_test.hpp"

namespace pgexpand::exec::testing {
namespace {

using plan::LockMode;
using plan::Phase;
using ::testing::HasSubstr;

const sql::TableName orders{sql::Identifier("public"),
                            sql::Identifier("orders")};

class ExecutorTest : public RunTest {
 protected:
  ExecutorTest() {
    plan_.steps = {step("expand-1", Phase::expand, "ONE"),
                   step("expand-2", Phase::expand, "TWO")};
  }
};

TEST_F(ExecutorTest, AStepCommitsTogetherWithItsRecord) {
  static_cast<void>(run());
  const int one = session_.find("ONE");
  const int recorded = session_.find("| expand-1 | done", one);
  const int committed = session_.find("COMMIT", one);
  ASSERT_NE(recorded, -1);
  EXPECT_LT(recorded, committed);
  EXPECT_EQ(session_.find("BEGIN", one), session_.find("BEGIN", committed));
}

TEST_F(ExecutorTest, TheFenceIsCheckedBeforeAnythingRuns) {
  static_cast<void>(run());
  EXPECT_LT(session_.find("FOR SHARE"), session_.find("ONE"));
}

TEST_F(ExecutorTest, LocksAreTakenFirstAndInOrder) {
  plan_.steps[0].locks = {{orders, LockMode::access_exclusive}};
  static_cast<void>(run());
  const int lock =
      session_.find(R"(LOCK TABLE "public"."orders" IN ACCESS EXCLUSIVE MODE)");
  ASSERT_NE(lock, -1);
  EXPECT_LT(lock, session_.find("ONE"));
}

TEST_F(ExecutorTest, ThePhaseIsCompleteInTheLastStepsTransaction) {
  static_cast<void>(run());
  const int two = session_.find("TWO");
  EXPECT_LT(session_.find("SET completed = $2", two),
            session_.find("COMMIT", two));
  EXPECT_EQ(session_.tables.completed, "expand");
}

TEST_F(ExecutorTest, AFinishedStepIsSkipped) {
  session_.tables.steps["expand-1"] = "done";
  static_cast<void>(run());
  EXPECT_EQ(session_.find("ONE"), -1);
  EXPECT_NE(session_.find("TWO"), -1);
}

TEST_F(ExecutorTest, NothingRunsAfterAFailedStep) {
  session_.fail_on("ONE", server_error(ErrorKind::database, "42601"));
  EXPECT_EQ(error_of_run(), "pg.test");
  EXPECT_EQ(session_.find("TWO"), -1);
  EXPECT_EQ(session_.tables.steps["expand-1"], "failed");
}

TEST_F(ExecutorTest, AFailedStepIsNotRetried) {
  session_.fail_on("ONE", server_error(ErrorKind::database, "42601"));
  EXPECT_NE(error_of_run(), "");
  EXPECT_EQ(session_.sent("ONE"), 1);
}

TEST_F(ExecutorTest, ASecondRunDoesNothing) {
  static_cast<void>(run());
  session_.log.clear();
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_EQ(session_.find(".step AS s"), -1);
  EXPECT_EQ(session_.sent("ONE"), 0);
}

TEST_F(ExecutorTest, AVisibleSwitchIsNotEnteredByItself) {
  plan_.visible_because = {"the type of status changes"};
  options_.through = Phase::switch_over;
  EXPECT_EQ(run().outcome, RunOutcome::stopped_at_switch);
  EXPECT_EQ(session_.tables.completed, "verify");
  EXPECT_EQ(reporter_.all<report::StoppedBeforeSwitch>().size(), 1U);
}

TEST_F(ExecutorTest, AVisibleSwitchIsEnteredWhenAskedFor) {
  plan_.visible_because = {"the type of status changes"};
  options_.through = Phase::switch_over;
  options_.through_is_explicit = true;
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_EQ(session_.tables.completed, "switch");
}

TEST_F(ExecutorTest, ADirtyVerifyIsRunAgainBeforeSwitch) {
  plan_.steps = {step("verify-1", Phase::verify, "CHECK"),
                 step("switch-1", Phase::switch_over, "SWAP")};
  session_.tables.completed = "verify";
  session_.tables.steps["verify-1"] = "done";
  session_.tables.verify_clean = "f";
  options_.through = Phase::switch_over;
  static_cast<void>(run());
  ASSERT_NE(session_.find("CHECK"), -1);
  EXPECT_LT(session_.find("CHECK"), session_.find("SWAP"));
}

TEST_F(ExecutorTest, APausedMigrationIsLeftAlone) {
  session_.tables.paused = true;
  const RunResult result = run();
  EXPECT_EQ(result.outcome, RunOutcome::paused);
  EXPECT_EQ(result.paused_by, "ann");
  EXPECT_EQ(session_.find("ONE"), -1);
}

TEST_F(ExecutorTest, AStopRequestEndsTheRunBeforeTheNextStep) {
  session_.answer("ONE", [this] {
    stop_.signals = 1;
    return pg::Result{};
  });
  EXPECT_EQ(run().outcome, RunOutcome::interrupted);
  EXPECT_EQ(session_.tables.steps["expand-1"], "done");
  EXPECT_EQ(session_.find("TWO"), -1);
}

TEST_F(ExecutorTest, UsersTextRunsWithTheUsersSearchPath) {
  plan_.search_path = {"shop", "public"};
  std::get<plan::RunSql>(plan_.steps[0].action).is_users = true;
  static_cast<void>(run());
  const int entered = session_.find("| shop, public");
  const int left = session_.find("'search_path', $1", entered + 1);
  EXPECT_LT(entered, session_.find("ONE"));
  EXPECT_GT(left, session_.find("ONE"));
}

TEST_F(ExecutorTest, ARollingBackMigrationRefusesToRun) {
  session_.tables.status = "rolling_back";
  EXPECT_EQ(error_of_run(), "run.rolling-back");
}

TEST_F(ExecutorTest, ContractWaitsForItsAge) {
  session_.tables.completed = "switch";
  options_.through = Phase::contract;
  options_.contract_after = std::chrono::hours{1};
  session_.answer("switched_at) * 1000", [] {
    return pg::Result{.rows = {{"60000"}}, .columns = {"age"}};
  });
  EXPECT_EQ(error_of_run(), "contract.too-early");
}

class EnforceTest : public RunTest {
 protected:
  EnforceTest() {
    options_.through = Phase::switch_over;
    session_.tables.completed = "verify";
    plan_.steps = {step("switch-1", Phase::switch_over, "ADD CHECK"),
                   step("switch-2", Phase::switch_over, "VALIDATE"),
                   step("switch-3", Phase::switch_over, "SWAP")};
    plan_.steps[0].enforces = plan_.steps[1].enforces = true;
    plan_.steps[0].undo = {undo("DROP CHECK")};
    plan_.steps[1].undo = {undo("UNDO VALIDATE")};
  }
};

TEST_F(EnforceTest, AFailureTakesEarlierEnforceStepsBack) {
  session_.fail_on("VALIDATE", server_error(ErrorKind::database, "23514"));
  EXPECT_EQ(error_of_run(), "pg.test");
  EXPECT_NE(session_.find("DROP CHECK"), -1);
  EXPECT_EQ(session_.tables.steps["switch-1"], "pending");
  EXPECT_EQ(session_.tables.completed, "verify");
  EXPECT_EQ(session_.tables.running, std::nullopt);
}

TEST_F(EnforceTest, WhatWasRolledBackIsNotUndoneAgain) {
  session_.fail_on("VALIDATE", server_error(ErrorKind::database, "23514"));
  EXPECT_NE(error_of_run(), "");
  EXPECT_EQ(session_.find("UNDO VALIDATE"), -1);
}

TEST_F(EnforceTest, ALostConnectionTakesNothingBack) {
  session_.fail_on("VALIDATE", server_error(ErrorKind::connection, ""));
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_EQ(session_.find("DROP CHECK"), -1);
}

TEST_F(EnforceTest, AfterwardsTheyAreDoneAgain) {
  session_.fail_on("VALIDATE", server_error(ErrorKind::database, "23514"));
  EXPECT_NE(error_of_run(), "");
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_EQ(session_.sent("ADD CHECK"), 2);
}

}  // namespace
}  // namespace pgexpand::exec::testing
