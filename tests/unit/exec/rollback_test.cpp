#include "unit/exec/run_test.hpp"

namespace pgexpand::exec::testing {
namespace {

using plan::Phase;

class RollbackTest : public RunTest {
 protected:
  RollbackTest() {
    plan_.steps = {step("expand-1", Phase::expand, "ONE"),
                   step("expand-2", Phase::expand, "TWO"),
                   step("switch-1", Phase::switch_over, "SWAP")};
    plan_.steps[0].undo = {undo("UNDO ONE A"), undo("UNDO ONE B")};
    plan_.steps[1].undo = {undo("UNDO TWO")};
    plan_.steps[2].undo = {undo("SWAP BACK")};
    session_.tables.completed = "expand";
    session_.tables.steps = {{"expand-1", "done"}, {"expand-2", "done"}};
  }
  std::string error_of_rollback() {
    try {
      static_cast<void>(roll_back());
      return "";
    } catch (const Error& error) {
      return error.code();
    }
  }
};

TEST_F(RollbackTest, StepsAreTakenBackInReverse) {
  static_cast<void>(roll_back());
  EXPECT_LT(session_.find("UNDO TWO"), session_.find("UNDO ONE A"));
  EXPECT_LT(session_.find("UNDO ONE A"), session_.find("UNDO ONE B"));
  EXPECT_EQ(session_.tables.status, "pending");
}

TEST_F(RollbackTest, AStepThatNeverRanIsNotUndone) {
  static_cast<void>(roll_back());
  EXPECT_EQ(session_.find("SWAP BACK"), -1);
}

TEST_F(RollbackTest, AnUndoCommitsTogetherWithItsRecord) {
  static_cast<void>(roll_back());
  const int undone = session_.find("UNDO TWO");
  EXPECT_LT(session_.find("SET undo_done", undone),
            session_.find("COMMIT", undone));
}

TEST_F(RollbackTest, AnInterruptedOneGoesOnWhereItWas) {
  session_.fail_on("UNDO ONE B", server_error(ErrorKind::database, "42501"));
  EXPECT_EQ(error_of_rollback(), "pg.test");
  EXPECT_EQ(session_.tables.status, "rolling_back");
  EXPECT_EQ(error_of_rollback(), "");
  EXPECT_EQ(session_.sent("UNDO TWO"), 1);
  EXPECT_EQ(session_.sent("UNDO ONE A"), 1);
}

TEST_F(RollbackTest, AClosedGateRefusesBeforeAnythingIsUndone) {
  plan_.rollback_gates = {{.count = sql::Statement::verbatim("COUNT LOSS"),
                           .code = "rollback.lossy",
                           .message = "{} rows hold no value",
                           .hint = "mend them"}};
  session_.answer("COUNT LOSS", [] {
    return pg::Result{.rows = {{"3"}}, .columns = {"count"}};
  });
  EXPECT_EQ(error_of_rollback(), "rollback.lossy");
  EXPECT_EQ(session_.find("UNDO"), -1);
}

TEST_F(RollbackTest, AGateOfALaterPhaseIsNotAsked) {
  plan_.rollback_gates = {{.count = sql::Statement::verbatim("COUNT LOSS"),
                           .code = "rollback.lossy",
                           .message = "",
                           .hint = "",
                           .since = Phase::switch_over}};
  static_cast<void>(roll_back());
  EXPECT_EQ(session_.find("COUNT LOSS"), -1);
}

TEST_F(RollbackTest, WhatCannotBeUndoneRefuses) {
  plan_.not_undoable_because = {"sql without rollback"};
  EXPECT_EQ(error_of_rollback(), "rollback.not-undoable");
}

TEST_F(RollbackTest, AfterContractItRefuses) {
  session_.tables.status = "contracted";
  EXPECT_EQ(error_of_rollback(), "rollback.after-contract");
}

TEST_F(RollbackTest, WhatStaysIsSaid) {
  plan_.stays_after_rollback = {"column a stays wider"};
  static_cast<void>(roll_back());
  const auto events = reporter_.all<report::RolledBack>();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].stays, plan_.stays_after_rollback);
}

}  // namespace
}  // namespace pgexpand::exec::testing
