#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class DropNotNullTest : public OperationTest {
 protected:
  DropNotNullTest() : OperationTest("drop_not_null") {}
};

TEST_F(DropNotNullTest, TheExampleIsPlannedAsBefore) { expect_golden(); }

TEST_F(DropNotNullTest, WithoutADownRollbackIsRefusedWhileThereAreHoles) {
  const auto planned = plan_one("{table: orders, column: customer_id}");
  ASSERT_TRUE(planned);
  ASSERT_THAT(planned->rollback_gates, SizeIs(1));
  EXPECT_EQ(planned->rollback_gates[0].code, "rollback.holes");
  EXPECT_EQ(planned->rollback_gates[0].since, plan::Phase::switch_over);
  EXPECT_THAT(undo_of(*planned, plan::Phase::switch_over),
              Not(HasSubstr("UPDATE")));
}

TEST_F(DropNotNullTest, AColumnOfThePrimaryKeyStaysNotNull) {
  EXPECT_THAT(codes_of("{table: orders, column: id}"),
              ElementsAre("column.in-primary-key", "column.needs-not-null"));
}

TEST_F(DropNotNullTest, ANullableColumnIsOnlyAWarning) {
  const auto planned = plan_one("{table: orders, column: note}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(codes(), ElementsAre("column.already-nullable"));
  EXPECT_THAT(planned->steps, IsEmpty());
}

TEST_F(DropNotNullTest, AColumnThatMovesKeepsItsNotNull) {
  EXPECT_FALSE(
      plan("  - alter_column: {table: orders, column: status, type: bytea}\n"
           "  - drop_not_null: {table: orders, column: status}\n"));
  EXPECT_THAT(codes(), ElementsAre("column.moved-twice"));
}

TEST_F(DropNotNullTest, TheColumnMustExist) {
  EXPECT_THAT(codes_of("{table: orders, column: custmer_id}"),
              ElementsAre("catalog.unknown-column"));
  EXPECT_EQ(findings_.all()[0].hint, "did you mean customer_id?");
}

}  // namespace
}  // namespace pgexpand::ops
