#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// Which way each kind of new column goes.
class AddColumnRecipesTest : public OperationTest {
 protected:
  AddColumnRecipesTest() : OperationTest("add_column") {}

  plan::Plan planned(const std::string& fields) {
    auto found = plan_one("{table: orders, column: a, " + fields + "}");
    EXPECT_TRUE(found) << testing::PrintToString(codes());
    return found.value_or(plan::Plan{});
  }
  void make_volatile(const std::string& text) {
    server_.when_asked(text, [](catalog::ExpressionAnswer& answer) {
      answer.stability = catalog::Stability::is_volatile;
    });
  }
};

TEST_F(AddColumnRecipesTest, AConstantDefaultIsMetadataOnly) {
  const auto plan = planned("type: text, default: \"'x'\", nullable: false");
  EXPECT_THAT(plan.steps, SizeIs(1));
  EXPECT_THAT(statements_of(plan, plan::Phase::expand),
              HasSubstr("ALTER TABLE \"public\".\"orders\" ADD COLUMN \"a\" "
                        "text DEFAULT ('x') NOT NULL;\n"));
}

TEST_F(AddColumnRecipesTest, AVolatileDefaultIsSetAfterwardsAndFilledIn) {
  make_volatile("gen_random_uuid()");
  const auto plan = planned("type: uuid, default: gen_random_uuid()");
  EXPECT_THAT(statements_of(plan, plan::Phase::expand),
              HasSubstr("ADD COLUMN \"a\" uuid;\n"));
  EXPECT_THAT(statements_of(plan, plan::Phase::backfill),
              HasSubstr("SET \"a\" = gen_random_uuid() WHERE"));
}

TEST_F(AddColumnRecipesTest, ADefaultBesideAnUpWaitsForContract) {
  const auto plan =
      planned("type: text, up: note, default: \"'x'\", nullable: false");
  EXPECT_THAT(statements_of(plan, plan::Phase::expand),
              Not(HasSubstr("DEFAULT 'x'")));
  EXPECT_THAT(statements_of(plan, plan::Phase::backfill),
              HasSubstr("COALESCE(CAST(t.\"note\" AS text), CAST('x' AS text"));
  EXPECT_THAT(statements_of(plan, plan::Phase::contract),
              HasSubstr("SET DEFAULT 'x'"));
}

TEST_F(AddColumnRecipesTest, NotNullIsEnforcedAtSwitchOnlyIfUpIsCertain) {
  EXPECT_THAT(statements_of(planned("type: text, up: status, nullable: false"),
                            plan::Phase::switch_over),
              HasSubstr("SET NOT NULL"));
  EXPECT_THAT(statements_of(planned("type: text, up: note, nullable: false"),
                            plan::Phase::contract),
              HasSubstr("SET NOT NULL"));
}

TEST_F(AddColumnRecipesTest, IdentityStartsAsASequenceOfTheTablesOwner) {
  const auto plan = planned("type: bigint, identity: always");
  EXPECT_THAT(statements_of(plan, plan::Phase::expand),
              HasSubstr("ALTER SEQUENCE \"public\".\"orders_a_seq\" OWNER TO "
                        "\"app\""));
  EXPECT_THAT(statements_of(plan, plan::Phase::switch_over),
              HasSubstr("ADD GENERATED ALWAYS AS IDENTITY"));
  EXPECT_THAT(undo_of(plan, plan::Phase::switch_over),
              HasSubstr("DROP IDENTITY"));
}

TEST_F(AddColumnRecipesTest, ACheckIsProvedAfterVerify) {
  const auto plan = planned(
      "type: text, up: note, check: {name: a_check, expression: a <> 'x'}");
  EXPECT_TRUE(plan.is_visible());
  EXPECT_THAT(statements_of(plan, plan::Phase::switch_over),
              AllOf(HasSubstr("ADD CONSTRAINT \"a_check\" CHECK (a <> 'x') NOT "
                              "VALID;\n"),
                    HasSubstr("ALTER TABLE \"public\".\"orders\" VALIDATE")));
}

TEST_F(AddColumnRecipesTest, WithoutAnUpNoOldWriterMeetsTheCheck) {
  const auto plan = planned("type: text, check: {expression: a <> 'x'}");
  EXPECT_FALSE(plan.is_visible());
}

TEST_F(AddColumnRecipesTest, AUniqueIndexBecomesAConstraintAtSwitch) {
  const auto plan = planned("type: text, up: note, unique: {}");
  EXPECT_THAT(statements_of(plan, plan::Phase::switch_over),
              HasSubstr("ADD CONSTRAINT \"orders_a_key\" UNIQUE USING INDEX "
                        "\"orders_a_key\""));
  EXPECT_THAT(undo_of(plan, plan::Phase::switch_over),
              HasSubstr("DROP CONSTRAINT \"orders_a_key\""));
}

TEST_F(AddColumnRecipesTest, AVolatileUpIsComputedOncePerRow) {
  make_volatile("f(note)");
  const auto plan =
      planned("type: text, up: f(note), allow: [volatile, user_triggers]");
  EXPECT_THAT(statements_of(plan, plan::Phase::backfill),
              HasSubstr("((t.\"a\" IS NULL))"));
  EXPECT_THAT(statements_of(plan, plan::Phase::verify),
              HasSubstr("WHERE t.\"a\" IS NULL)"));
}

TEST_F(AddColumnRecipesTest, AValueThatCannotFailNeedsNoExceptionBlock) {
  EXPECT_THAT(
      statements_of(planned("type: text, up: note"), plan::Phase::expand),
      Not(HasSubstr("EXCEPTION")));
  EXPECT_THAT(
      statements_of(planned("type: integer, up: note"), plan::Phase::expand),
      HasSubstr("EXCEPTION WHEN OTHERS"));
}

TEST_F(AddColumnRecipesTest, TypesWithLooseEqualityAreComparedByImage) {
  EXPECT_THAT(statements_of(planned("type: \"numeric(10,2)\", up: id"),
                            plan::Phase::verify),
              HasSubstr("ROW(t.\"a\")::record OPERATOR(pg_catalog.*<>)"));
}

}  // namespace
}  // namespace pgexpand::ops
