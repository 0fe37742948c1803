#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class SetNotNullTest : public OperationTest {
 protected:
  SetNotNullTest() : OperationTest("set_not_null") {}
};

TEST_F(SetNotNullTest, TheExampleIsPlannedAsBefore) { expect_golden(); }

TEST_F(SetNotNullTest, WithoutAnUpOldWritersNoticeTheSwitch) {
  const auto planned = plan_one("{table: orders, column: note}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(planned->visible_because,
              ElementsAre("an old client's NULL in note is rejected"));
  EXPECT_THAT(planned->steps_of(plan::Phase::expand), IsEmpty());
}

TEST_F(SetNotNullTest, AnUpThatMayBeNullIsEnforcedAtContract) {
  column("status").not_null = false;
  const auto planned = plan_one("{table: orders, column: note, up: status}");
  ASSERT_TRUE(planned);
  EXPECT_FALSE(planned->is_visible());
  EXPECT_THAT(statements_of(*planned, plan::Phase::switch_over),
              Not(HasSubstr("NOT NULL")));
  EXPECT_THAT(statements_of(*planned, plan::Phase::contract),
              HasSubstr("ALTER COLUMN \"note\" SET NOT NULL"));
}

TEST_F(SetNotNullTest, AColumnThatIsNotNullIsOnlyAWarning) {
  EXPECT_THAT(codes_of("{table: orders, column: status}"),
              ElementsAre("column.already-not-null"));
}

TEST_F(SetNotNullTest, ANotNullThatWasNeverProvedIsProved) {
  column("status").not_null_valid = false;
  EXPECT_THAT(codes_of("{table: orders, column: status}"), IsEmpty());
}

TEST_F(SetNotNullTest, AnUpCannotReadAGeneratedColumn) {
  column("status").generated = sql::Expression{"'a'"};
  EXPECT_THAT(codes_of("{table: orders, column: note, up: status}"),
              ElementsAre("expression.generated-column"));
}

TEST_F(SetNotNullTest, ARenamedColumnIsNotNullUnderItsNewName) {
  const auto planned = plan(
      "  - rename_column: {table: orders, from: note, to: remark}\n"
      "  - set_not_null: {table: orders, column: note}\n");
  ASSERT_TRUE(planned);
  EXPECT_THAT(statements_of(*planned, plan::Phase::switch_over),
              HasSubstr("ALTER COLUMN \"note\" SET NOT NULL"));
  EXPECT_THAT(undo_of(*planned, plan::Phase::switch_over),
              HasSubstr("ALTER COLUMN \"note\" DROP NOT NULL"));
}

TEST_F(SetNotNullTest, AnUpForAColumnThatMovesBelongsToTheMove) {
  EXPECT_FALSE(
      plan("  - rename_column: {table: orders, from: note, to: remark}\n"
           "  - set_not_null: {table: orders, column: note, up: \"'x'\"}\n"));
  EXPECT_THAT(codes(), ElementsAre("column.moved-twice"));
}

}  // namespace
}  // namespace pgexpand::ops
