#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SqlTest : public OperationTest {
 protected:
  SqlTest() : OperationTest("sql") {}
};

TEST_F(SqlTest, TheExampleIsPlannedAsBefore) { expect_golden(); }

TEST_F(SqlTest, WithoutARollbackTheMigrationIsNotUndoable) {
  const auto planned = plan_one("{expand: CREATE TABLE a ()}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(planned->not_undoable_because,
              ElementsAre("a sql operation has no `rollback` text"));
}

TEST_F(SqlTest, ATextOfContractAloneNeedsNoRollback) {
  const auto planned = plan_one("{contract: DROP TABLE a}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(planned->not_undoable_because, IsEmpty());
}

TEST_F(SqlTest, TheRollbackBelongsToTheFirstStep) {
  const auto planned = plan_one(
      "{switch: CREATE TABLE a (), contract: DROP TABLE b, rollback: DROP "
      "TABLE a}");
  ASSERT_TRUE(planned);
  EXPECT_EQ(undo_of(*planned, plan::Phase::switch_over), "DROP TABLE a;\n");
  EXPECT_EQ(undo_of(*planned, plan::Phase::contract), "");
}

TEST_F(SqlTest, SomeTextIsRequired) {
  EXPECT_THAT(codes_of("{rollback: DROP TABLE a}"),
              ElementsAre("spec.missing-field"));
}

TEST_F(SqlTest, WithoutATransactionATextIsOneStatement) {
  EXPECT_THAT(codes_of("{expand: VACUUM a, transactional: false, rollback: "
                       "SELECT 1}"),
              IsEmpty());
  EXPECT_THAT(codes_of("{expand: VACUUM a; VACUUM b, transactional: false, "
                       "rollback: SELECT 1}"),
              ElementsAre("sql.one-statement"));
}

TEST_F(SqlTest, TransactionsAndSettingsAreOurs) {
  EXPECT_THAT(codes_of("{expand: COMMIT}"),
              ElementsAre("sql.transaction-control"));
  EXPECT_THAT(codes_of("{expand: SET search_path = a}"),
              ElementsAre("sql.set-without-local"));
  EXPECT_THAT(codes_of("{expand: COPY a FROM STDIN}"), ElementsAre("sql.copy"));
}

TEST_F(SqlTest, WhatOurGrammarCannotReadIsLeftToTheServer) {
  const auto planned = plan_one("{contract: FROBNICATE TABLE a}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(codes(), ElementsAre("sql.syntax"));
  EXPECT_EQ(statements_of(*planned, plan::Phase::contract),
            "FROBNICATE TABLE a;\n");
}

}  // namespace
}  // namespace pgexpand::ops
