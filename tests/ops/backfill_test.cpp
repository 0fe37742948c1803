#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class BackfillTest : public OperationTest {
 protected:
  BackfillTest() : OperationTest("backfill") {}
};

TEST_F(BackfillTest, TheExampleIsPlannedAsBefore) { expect_golden(); }

TEST_F(BackfillTest, AColumnThatReadsWhatIsWrittenNeedsAWhere) {
  EXPECT_THAT(codes_of("{table: orders, set: {note: lower(note)}}"),
              ElementsAre("backfill.never-ends"));
  EXPECT_THAT(codes_of("{table: orders, set: {note: status, status: note}}"),
              ElementsAre("backfill.never-ends"));
}

TEST_F(BackfillTest, TheWhereThatIsWantedIsWrittenForTheUser) {
  const auto hint_of = [&](const std::string& fields) {
    findings_ = {};
    codes_of(fields);
    return findings_.all().front().hint;
  };
  EXPECT_THAT(hint_of("{table: orders, set: {note: lower(note)}}"),
              HasSubstr("`where: \"note IS DISTINCT FROM lower(note)\"`"));
  EXPECT_THAT(hint_of("{table: orders, set: {note: note || 'x', status: \"'a' "
                      "|| status\"}}"),
              HasSubstr("`where: \"note IS DISTINCT FROM (note || 'x') OR "
                        "status IS DISTINCT FROM ('a' || status)\"`"));
  EXPECT_THAT(hint_of("{table: orders, set: {note: lower(\"note\")}}"),
              HasSubstr("`where: 'note IS DISTINCT FROM lower(\"note\")'`"));
}

TEST_F(BackfillTest, WithoutAWhereARowIsDoneWhenItHoldsItsValue) {
  const auto planned = plan_one("{table: orders, set: {note: status}}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(statements_of(*planned, plan::Phase::backfill),
              HasSubstr("(t.\"note\") IS DISTINCT FROM (CAST(t.\"status\" AS "
                        "text))"));
}

TEST_F(BackfillTest, AGeneratedColumnCannotBeSet) {
  column("note").generated = sql::Expression{"status"};
  EXPECT_THAT(codes_of("{table: orders, set: {note: \"'x'\"}}"),
              ElementsAre("column.generated"));
}

TEST_F(BackfillTest, SetIsRequired) {
  EXPECT_THAT(codes_of("{table: orders}"), ElementsAre("spec.missing-field"));
}

TEST_F(BackfillTest, EveryColumnMustExist) {
  EXPECT_THAT(codes_of("{table: orders, set: {nothing: \"1\"}}"),
              ElementsAre("catalog.unknown-column"));
}

TEST_F(BackfillTest, AVolatileValueWouldBeAnotherOneInEveryPass) {
  server_.when_asked("random()", [](catalog::ExpressionAnswer& answer) {
    answer.stability = catalog::Stability::is_volatile;
  });
  EXPECT_THAT(
      codes_of("{table: orders, set: {note: random()}, where: note is null}"),
      ElementsAre("expression.not-deterministic"));
  EXPECT_THAT(codes_of("{table: orders, set: {note: random()}, where: note is "
                       "null, allow: [volatile]}"),
              IsEmpty());
}

TEST_F(BackfillTest, TheRowsAreLeftAsTheyAreByRollback) {
  const auto planned = plan_one("{table: orders, set: {note: status}}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(planned->stays_after_rollback,
              ElementsAre("the values filled into public.orders"));
  EXPECT_EQ(undo_of(*planned, plan::Phase::backfill), "");
}

}  // namespace
}  // namespace pgexpand::ops
