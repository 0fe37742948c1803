#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// Which way each change of a column goes.
class AlterColumnRecipesTest : public OperationTest {
 protected:
  AlterColumnRecipesTest() : OperationTest("alter_column") {
    catalog_ = example_catalog("rename_column");
  }

  plan::Plan planned(const std::string& fields) {
    auto found = plan_one("{table: orders, " + fields + "}");
    EXPECT_TRUE(found) << testing::PrintToString(codes());
    return found.value_or(plan::Plan{});
  }
  std::string at_switch(const std::string& fields) {
    return statements_of(planned(fields), plan::Phase::switch_over);
  }
};

TEST_F(AlterColumnRecipesTest, MoreRoomIsMetadataOnly) {
  const auto plan = planned("column: status, type: varchar(50)");
  EXPECT_THAT(plan.steps, SizeIs(1));
  EXPECT_FALSE(plan.is_visible());
  EXPECT_THAT(plan.stays_after_rollback,
              ElementsAre("status stays character varying(50)"));
  EXPECT_EQ(statements_of(plan, plan::Phase::switch_over),
            "ALTER TABLE \"public\".\"orders\" ALTER COLUMN \"status\" TYPE "
            "character varying(50);\n");
}

TEST_F(AlterColumnRecipesTest, LessRoomNeedsATwin) {
  EXPECT_TRUE(planned("column: status, type: varchar(10)").is_visible());
}

TEST_F(AlterColumnRecipesTest, AnIndexExpressionWouldBeRebuiltSoItNeedsATwin) {
  orders().constraints.pop_back();  // the check on note
  EXPECT_TRUE(planned("column: note, type: varchar").is_visible());
  std::erase_if(orders().indexes, [](const catalog::Index& index) {
    return index.predicate.has_value();
  });
  EXPECT_FALSE(planned("column: note, type: varchar").is_visible());
}

TEST_F(AlterColumnRecipesTest, AnUpIsNeverPassedOver) {
  const auto plan = planned("column: status, type: text, up: upper(status)");
  EXPECT_THAT(statements_of(plan, plan::Phase::backfill),
              HasSubstr("= upper(t.\"status\")"));
}

TEST_F(AlterColumnRecipesTest, ACheckIsSetAsideAndProvedAgain) {
  add_check(orders(), "status_check", {"status"}, "(status <> '')");
  orders().constraints.back().comment = "not empty";
  EXPECT_EQ(at_switch("column: status, type: text"),
            "ALTER TABLE \"public\".\"orders\" DROP CONSTRAINT "
            "\"status_check\";\n"
            "ALTER TABLE \"public\".\"orders\" ALTER COLUMN \"status\" TYPE "
            "text;\n"
            "ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT "
            "\"status_check\" CHECK ((status <> '')) NOT VALID;\n"
            "COMMENT ON CONSTRAINT \"status_check\" ON \"public\".\"orders\" "
            "IS 'not empty';\n"
            "ALTER TABLE \"public\".\"orders\" VALIDATE CONSTRAINT "
            "\"status_check\";\n");
}

TEST_F(AlterColumnRecipesTest, ACheckOfTwoWidenedColumnsIsSetAsideOnce) {
  auto code = make_column("code", "varchar(5)");
  orders().columns.push_back(code);
  add_check(orders(), "both_check", {"code", "status"}, "(code <> status)");
  const auto planned = plan(
      "  - alter_column: {table: orders, column: status, type: text}\n"
      "  - alter_column: {table: orders, column: code, type: text}\n");
  ASSERT_TRUE(planned);
  const auto text = statements_of(*planned, plan::Phase::switch_over);
  EXPECT_EQ(text.find("DROP CONSTRAINT"), text.rfind("DROP CONSTRAINT"));
  EXPECT_EQ(text.find("ADD CONSTRAINT"), text.rfind("ADD CONSTRAINT"));
}

TEST_F(AlterColumnRecipesTest, AConstraintThatWasNotValidStaysSo) {
  orders().constraints.back().is_validated = false;
  const auto text = at_switch("column: note, type: bytea");
  EXPECT_THAT(text, HasSubstr("NOT VALID"));
  EXPECT_THAT(text, Not(HasSubstr("VALIDATE")));
}

TEST_F(AlterColumnRecipesTest, ADefaultIsCarriedOver) {
  const std::string fields = "column: status, type: bytea";
  EXPECT_THAT(at_switch(fields),
              AllOf(HasSubstr("ALTER COLUMN \"status\" DROP DEFAULT"),
                    HasSubstr("SET DEFAULT 'pending'::character varying;")));
  server_.when_asked("'pending'::character varying",
                     [](auto& answer) { answer.assignable = false; });
  EXPECT_THAT(at_switch(fields),
              HasSubstr("SET DEFAULT CAST('pending'::character varying AS "
                        "bytea);"));
}

TEST_F(AlterColumnRecipesTest, ADefaultOrCommentAloneIsOneStatement) {
  EXPECT_EQ(at_switch("column: status, default: null"),
            "ALTER TABLE \"public\".\"orders\" ALTER COLUMN \"status\" DROP "
            "DEFAULT;\n");
  EXPECT_EQ(at_switch("column: status, comment: \"it's\""),
            "COMMENT ON COLUMN \"public\".\"orders\".\"status\" IS "
            "'it''s';\n");
  EXPECT_EQ(undo_of(planned("column: status, default: \"'a'\""),
                    plan::Phase::switch_over),
            "ALTER TABLE \"public\".\"orders\" ALTER COLUMN \"status\" SET "
            "DEFAULT 'pending'::character varying;\n");
}

TEST_F(AlterColumnRecipesTest, NullabilityAloneNeedsNoTwin) {
  EXPECT_THAT(at_switch("column: note, nullable: false, up: \"'x'\""),
              HasSubstr("ALTER COLUMN \"note\" SET NOT NULL"));
  EXPECT_THAT(at_switch("column: status, nullable: true"),
              HasSubstr("ALTER COLUMN \"status\" DROP NOT NULL"));
}

TEST_F(AlterColumnRecipesTest, EverythingOfTheColumnGoesAlong) {
  auto& note = column("note");
  note.comment = "a note";
  note.statistics_target = 500;
  note.options = {"n_distinct=-0.5"};
  note.storage = 'e';
  note.compression = 'l';
  note.grants = {{"reader", "SELECT", true}, {"", "UPDATE", false}};
  const auto text =
      statements_of(planned("column: note, type: bytea"), plan::Phase::expand);
  for (const char* piece :
       {"IS 'a note'", "SET STATISTICS 500", "SET (n_distinct=-0.5)",
        "SET STORAGE EXTERNAL", "SET COMPRESSION lz4",
        "TO \"reader\" WITH GRANT OPTION", "TO PUBLIC;"}) {
    EXPECT_THAT(text, HasSubstr(piece));
  }
}

TEST_F(AlterColumnRecipesTest, ALossyChangeIsCountedBeforeRollback) {
  const auto plan = planned(
      "column: customer_id, type: bigint, allow: [lossy], down: customer_id");
  ASSERT_THAT(plan.rollback_gates, SizeIs(1));
  EXPECT_EQ(plan.rollback_gates[0].code, "rollback.lossy");
  const auto* verify = plan.steps_of(plan::Phase::verify).at(0);
  const auto& compare = std::get<plan::CompareRows>(verify->action);
  EXPECT_THAT(compare.before_switch, SizeIs(1));
  EXPECT_THAT(compare.after_switch.at(0).differs.text,
              HasSubstr("(t.\"customer_id\") IS DISTINCT FROM (CAST("
                        "t.\"pgexpand_old_customer_id\" AS bigint))"));
}

TEST_F(AlterColumnRecipesTest, AUserTriggerForgetsItsPlansAtTheSwap) {
  orders().triggers = {make_trigger("touch")};
  const std::string fields =
      "column: note, type: bytea, allow: [user_triggers]";
  EXPECT_THAT(at_switch(fields),
              HasSubstr("ALTER FUNCTION public.touch() COST 100;\n"));
  EXPECT_THAT(undo_of(planned(fields), plan::Phase::switch_over),
              HasSubstr("ALTER FUNCTION public.touch() COST 100;\n"));
}

}  // namespace
}  // namespace pgexpand::ops
