// Plans in views mode: what the version's view shows, and what stays of the
// table until contract.
#include "ops/operation_test.hpp"
#include "pgexpand/ops/operation.hpp"

namespace pgexpand::ops {
namespace {

using plan::Phase;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class ExamplesInViews
    : public OperationTest,
      public testing::WithParamInterface<const OperationType*> {
 protected:
  ExamplesInViews() : OperationTest(std::string(GetParam()->name)) {
    versions_.views = true;
    server_.when_asked("nextval('public.customers_id_seq'::regclass)",
                       [](catalog::ExpressionAnswer& answer) {
                         answer.stability = catalog::Stability::is_volatile;
                       });
  }
};

TEST_P(ExamplesInViews, ArePlannedAsBefore) { expect_golden(); }

INSTANTIATE_TEST_SUITE_P(Operations,
                         ExamplesInViews,
                         testing::ValuesIn(all_operations()),
                         [](const auto& operation) {
                           return std::string(operation.param->name);
                         });

/// Operations on public.orders, which has all kinds of columns.
class VersionShapes : public OperationTest {
 protected:
  VersionShapes() : OperationTest("rename_column") { versions_.views = true; }

  std::optional<plan::Plan> alter(const std::string& fields) {
    return plan("  - alter_column: {table: orders, " + fields + "}\n");
  }
  /// What note_version() is given.
  static std::string shape(const plan::Plan& planned) {
    const std::string text = statements_of(planned, Phase::expand);
    return text.substr(0, text.find('\n'));
  }
};

TEST_F(VersionShapes, ATwinKeepsItsHiddenNameUntilContract) {
  const auto planned = alter("column: total_cents, type: bigint");
  ASSERT_TRUE(planned) << testing::PrintToString(codes());
  EXPECT_THAT(planned->visible_because, IsEmpty());
  EXPECT_THAT(
      shape(*planned),
      HasSubstr(R"("made":["pgexpand_new_total_cents"],"gone":["total_cents"],)"
                R"("names":{"pgexpand_new_total_cents":"total_cents"},)"
                R"("defaults":{},"function":"sync_m1_public_orders",)"
                R"("trigger":"~pgexpand_m1","updates_mind_writer":false)"));
  EXPECT_THAT(statements_of(*planned, Phase::switch_over),
              Not(HasSubstr("RENAME COLUMN")));
  EXPECT_THAT(
      statements_of(*planned, Phase::contract),
      AllOf(StartsWith("SELECT \"pgexpand\".\"retire_versions\"('m1');"),
            HasSubstr("DROP COLUMN \"total_cents\";\n"
                      "ALTER TABLE \"public\".\"orders\" RENAME COLUMN "
                      "\"pgexpand_new_total_cents\" TO \"total_cents\"")));
}

TEST_F(VersionShapes, ThePlanNotesPublishesAndTakesBack) {
  const auto planned =
      plan("  - sql: {switch: SELECT 1, rollback: SELECT 2}\n");
  ASSERT_TRUE(planned);
  EXPECT_EQ(shape(*planned),
            "SELECT \"pgexpand\".note_version('m1', "
            "'{\"tables\":[]}'::pg_catalog.jsonb);");
  EXPECT_THAT(undo_of(*planned, Phase::expand),
              HasSubstr("SELECT \"pgexpand\".\"forget_version\"('m1');"));
  const auto steps = planned->steps_of(Phase::switch_over);
  EXPECT_EQ(steps.back()->title, "publish version public_m1");
  EXPECT_EQ(steps.back()->budget, plan::Budget::step);
  EXPECT_THAT(steps.back()->locks, IsEmpty());
  EXPECT_THAT(statements_of(*planned, Phase::switch_over),
              HasSubstr("SELECT \"pgexpand\".publish_version('m1', "
                        "ARRAY['public']::pg_catalog.text[], NULL);"));
  EXPECT_THAT(undo_of(*planned, Phase::switch_over),
              HasSubstr("SELECT \"pgexpand\".\"withdraw_version\"('m1');"));
  EXPECT_EQ(statements_of(*planned, Phase::contract),
            "SELECT \"pgexpand\".\"retire_versions\"('m1');\n");
}

TEST_F(VersionShapes, TheAliasGoesWithTheFirstSchemaOfTheSearchPath) {
  versions_.alias = "app";
  catalog_.search_path = {"\"pg_temp_3\"", "\"the \"\"shop\"\"\""};
  const auto alone = plan("  - sql: {contract: SELECT 1}\n");
  ASSERT_TRUE(alone);
  EXPECT_THAT(statements_of(*alone, Phase::switch_over),
              HasSubstr("ARRAY['the \"shop\"']::pg_catalog.text[], 'app')"));
  auto other = orders();
  other.name.schema = sql::Identifier("billing");
  catalog_.tables.push_back(other);
  catalog_.search_path = {"\"public\""};
  const auto both = plan(
      "  - rename_column: {table: billing.orders, from: note, to: a}\n"
      "  - rename_column: {table: public.orders, from: note, to: a}\n");
  ASSERT_TRUE(both) << testing::PrintToString(codes());
  EXPECT_THAT(
      statements_of(*both, Phase::switch_over),
      HasSubstr("ARRAY['public', 'billing']::pg_catalog.text[], 'app')"));
  EXPECT_EQ(both->steps_of(Phase::switch_over).back()->title,
            "publish version public_m1, billing_m1");
}

TEST_F(VersionShapes, ALeftOutOldSideIsToldByItsDefault) {
  server_.when_asked("'pending'::character varying", [](auto& answer) {
    answer.stability = catalog::Stability::immutable;
  });
  const auto constant = alter("column: status, type: bytea");
  ASSERT_TRUE(constant) << testing::PrintToString(codes());
  EXPECT_THAT(
      statements_of(*constant, Phase::switch_over),
      HasSubstr("IF NEW.\"pgexpand_new_status\" IS NOT NULL OR TG_NARGS > 0 "
                "AND (NOT ((NEW.\"status\") IS DISTINCT FROM "
                "(CAST('pending'::character varying AS character "
                "varying(20)))))"));
  EXPECT_THAT(shape(*constant),
              HasSubstr(R"("defaults":{"status":"''pending''::)"));

  server_.when_asked("now()", [](auto& answer) {
    answer.stability = catalog::Stability::is_volatile;
  });
  const auto changing = alter("column: created_at, type: text");
  ASSERT_TRUE(changing) << testing::PrintToString(codes());
  EXPECT_THAT(statements_of(*changing, Phase::switch_over),
              HasSubstr("IS NOT NULL OR TG_NARGS > 0 AND (true) THEN"));

  const auto none = alter("column: note, type: bytea");
  ASSERT_TRUE(none) << testing::PrintToString(codes());
  EXPECT_THAT(statements_of(*none, Phase::switch_over),
              HasSubstr("OR TG_NARGS > 0 AND (NEW.\"note\" IS NULL) THEN"));
}

TEST_F(VersionShapes, AnIdentityIsAlwaysGiven) {
  const auto planned = alter("column: id, type: integer");
  ASSERT_TRUE(planned) << testing::PrintToString(codes());
  EXPECT_THAT(statements_of(*planned, Phase::switch_over),
              AllOf(HasSubstr("IF NEW.\"pgexpand_new_id\" IS NOT NULL THEN"),
                    Not(HasSubstr("TG_NARGS"))));
}

// With a default of the view's own the next value would be taken twice, and
// currval() not be the row's.
TEST_F(VersionShapes, ASequenceCountsForTheOldColumnUntilContract) {
  column("note").default_value = sql::Expression{"nextval('s'::regclass)"};
  column("note").sequence = catalog::Sequence{.type = "bigint"};
  const auto planned = alter("column: note, type: varchar(50)");
  ASSERT_TRUE(planned) << testing::PrintToString(codes());
  EXPECT_THAT(shape(*planned), HasSubstr(R"("defaults":{})"));
  EXPECT_THAT(statements_of(*planned, Phase::switch_over),
              Not(HasSubstr("TG_NARGS")));
  const auto other = alter("column: note, type: varchar(50), default: \"'x'\"");
  ASSERT_TRUE(other) << testing::PrintToString(codes());
  EXPECT_THAT(shape(*other), HasSubstr(R"("defaults":{"note":"''x''"})"));
  EXPECT_THAT(statements_of(*other, Phase::switch_over), HasSubstr("TG_NARGS"));
}

TEST_F(VersionShapes, WhatBothSidesReadCountsForTheWritersSide) {
  const auto planned = alter(
      "column: note, type: bytea, up: \"note || status\", "
      "down: \"note || status\"");
  ASSERT_TRUE(planned) << testing::PrintToString(codes());
  EXPECT_THAT(
      statements_of(*planned, Phase::switch_over),
      AllOf(HasSubstr("OR TG_NARGS > 0 AND ((NEW.\"status\") IS DISTINCT FROM "
                      "(OLD.\"status\")) THEN\n    NEW.\"note\" := "
                      "NEW.\"pgexpand_new_note\" || NEW.\"status\""),
            HasSubstr("OR TG_NARGS = 0 AND ((NEW.\"status\") IS DISTINCT FROM "
                      "(OLD.\"status\")) THEN")));
}

TEST_F(VersionShapes, VerifyReadsTheColumnsWhereTheyAre) {
  const auto planned = alter(
      "column: total_cents, type: bigint, up: total_cents * 2, "
      "down: total_cents / 2, allow: [lossy]");
  ASSERT_TRUE(planned) << testing::PrintToString(codes());
  const auto& compare = std::get<plan::CompareRows>(
      planned->steps_of(Phase::verify).front()->action);
  ASSERT_FALSE(compare.after_switch.empty());
  EXPECT_THAT(compare.after_switch.front().differs.text,
              AllOf(HasSubstr("t.\"pgexpand_new_total_cents\" / 2"),
                    HasSubstr("t.\"total_cents\" * 2")));
  ASSERT_FALSE(planned->rollback_gates.empty());
  EXPECT_THAT(planned->rollback_gates.front().count.text(),
              HasSubstr("\"total_cents\" IS NULL AND "
                        "\"pgexpand_new_total_cents\" IS NOT NULL"));
}

TEST_F(VersionShapes, AnOldSideThatMayBeNullIsFreedAtSwitch) {
  const auto planned = alter("column: total_cents, type: text, allow: [lossy]");
  ASSERT_TRUE(planned) << testing::PrintToString(codes());
  EXPECT_THAT(statements_of(*planned, Phase::switch_over),
              HasSubstr("ALTER COLUMN \"total_cents\" DROP NOT NULL"));
  EXPECT_THAT(undo_of(*planned, Phase::switch_over),
              HasSubstr("ALTER COLUMN \"total_cents\" SET NOT NULL"));
}

TEST_F(VersionShapes, ALossyKeyIsRefused) {
  EXPECT_FALSE(alter("column: id, type: integer, allow: [lossy]"));
  EXPECT_THAT(codes(), ElementsAre("column.lossy-key"));
}

TEST_F(VersionShapes, TriggerFunctionsForgetTheOldTypeAtContract) {
  auto trigger = make_trigger("stamp");
  trigger.on_update = false;
  trigger.function = "app.stamp()";
  trigger.function_language = "plpgsql";
  orders().triggers = {trigger};
  const auto planned = alter("column: total_cents, type: bigint");
  ASSERT_TRUE(planned) << testing::PrintToString(codes());
  EXPECT_THAT(statements_of(*planned, Phase::switch_over),
              Not(HasSubstr("ALTER FUNCTION app.stamp()")));
  EXPECT_THAT(statements_of(*planned, Phase::contract),
              HasSubstr("ALTER FUNCTION app.stamp() COST 100"));
  EXPECT_THAT(undo_of(*planned, Phase::contract), IsEmpty());
}

TEST_F(VersionShapes, ARenameIsANameAndNoColumn) {
  column("note").generated = sql::Expression{"status"};
  const auto planned = plan_one("{table: orders, from: note, to: remark}");
  ASSERT_TRUE(planned) << testing::PrintToString(codes());
  EXPECT_EQ(statements_of(*planned, Phase::backfill), "");
  EXPECT_THAT(shape(*planned),
              HasSubstr(R"("made":[],"gone":[],"names":{"note":"remark"},)"
                        R"("defaults":{}})"));
  EXPECT_THAT(statements_of(*planned, Phase::contract),
              HasSubstr("RENAME COLUMN \"note\" TO \"remark\""));
  EXPECT_THAT(planned->tables.front().columns,
              ElementsAre(sql::Identifier("note"), sql::Identifier("remark")));
}

TEST_F(VersionShapes, UsersViewsFollowARename) {
  column("note").dependents = {{"view", "view public.notes"}};
  EXPECT_TRUE(plan_one("{table: orders, from: note, to: remark}"));
}

TEST_F(VersionShapes, ARenamedColumnMovesOnceToo) {
  EXPECT_FALSE(
      plan("  - rename_column: {table: orders, from: note, to: a}\n"
           "  - rename_column: {table: orders, from: note, to: b}\n"));
  EXPECT_THAT(codes(), ElementsAre("column.moved-twice"));
  EXPECT_THAT(codes_of("{table: orders, from: note, to: status}"),
              ElementsAre("catalog.column-exists"));
}

TEST_F(VersionShapes, NewObjectsMayUseTheNewName) {
  const auto planned = plan(
      "  - rename_column: {table: orders, from: note, to: remark}\n"
      "  - create_index: {table: orders, columns: [remark], name: i}\n"
      "  - add_column: {table: orders, column: size, type: integer, check: "
      "{expression: \"size < length(remark)\"}}\n"
      "  - drop_column: {table: orders, column: status, down: remark}\n");
  ASSERT_TRUE(planned) << testing::PrintToString(codes());
  EXPECT_THAT(statements_of(*planned, Phase::expand),
              HasSubstr("NEW.\"status\" := NEW.\"note\";"));
  EXPECT_THAT(statements_of(*planned, Phase::backfill),
              HasSubstr("USING \"btree\" (\"note\")"));
  EXPECT_THAT(statements_of(*planned, Phase::switch_over),
              HasSubstr("CHECK (\"size\" < length(\"note\"))"));
  EXPECT_THAT(shape(*planned), HasSubstr(R"("made":["size"],"gone":["status"],)"
                                         R"("names":{"note":"remark"})"));
}

TEST_F(VersionShapes, NotNullOfARenamedColumnIsProvedUnderItsName) {
  const auto planned = plan(
      "  - rename_column: {table: orders, from: note, to: remark}\n"
      "  - set_not_null: {table: orders, column: note}\n");
  ASSERT_TRUE(planned) << testing::PrintToString(codes());
  const auto& compare = std::get<plan::CompareRows>(
      planned->steps_of(Phase::verify).front()->action);
  EXPECT_EQ(compare.after_switch.front().differs.text, "t.\"note\" IS NULL");
}

TEST_F(VersionShapes, ADefaultIsTheViewsUntilContract) {
  const auto planned = plan(
      "  - alter_column: {table: orders, column: note, default: \"'-'\"}\n"
      "  - alter_column: {table: orders, column: status, default: null}\n"
      "  - rename_column: {table: orders, from: note, to: remark}\n");
  ASSERT_TRUE(planned) << testing::PrintToString(codes());
  EXPECT_THAT(shape(*planned),
              HasSubstr(R"("defaults":{"remark":"''-''","status":null})"));
  EXPECT_THAT(statements_of(*planned, Phase::switch_over),
              Not(HasSubstr("DEFAULT")));
  EXPECT_THAT(statements_of(*planned, Phase::contract),
              AllOf(HasSubstr("ALTER COLUMN \"note\" SET DEFAULT '-'"),
                    HasSubstr("ALTER COLUMN \"status\" DROP DEFAULT"),
                    HasSubstr("RENAME COLUMN \"note\" TO \"remark\"")));
}

TEST_F(VersionShapes, NewCodeWritesANewColumnItself) {
  const auto planned = plan(
      "  - add_column: {table: orders, column: size, type: integer, up: "
      "total_cents, default: \"0\"}\n");
  ASSERT_TRUE(planned) << testing::PrintToString(codes());
  EXPECT_THAT(shape(*planned), HasSubstr(R"("defaults":{"size":"0"})"));
  EXPECT_THAT(statements_of(*planned, Phase::expand),
              Not(HasSubstr("TG_NARGS")));
  EXPECT_THAT(statements_of(*planned, Phase::switch_over),
              HasSubstr("  IF TG_NARGS = 0 THEN\n    IF TG_OP = 'INSERT' THEN\n"
                        "      IF NEW.\"size\" IS NOT NULL THEN\n"
                        "        NULL;\n"));
}

TEST_F(VersionShapes, ATypeThatAViewShowsIsNotChangedInPlace) {
  const std::string wider = "column: status, type: varchar(50)";
  const auto first = alter(wider);
  ASSERT_TRUE(first) << testing::PrintToString(codes());
  EXPECT_THAT(statements_of(*first, Phase::switch_over),
              HasSubstr("ALTER COLUMN \"status\" TYPE character varying(50)"));
  catalog_.versions = {{.migration = "m0",
                        .schemas = {sql::Identifier("public_m0")},
                        .bases = {sql::Identifier("public")}}};
  const auto later = alter(wider);
  ASSERT_TRUE(later) << testing::PrintToString(codes());
  EXPECT_THAT(statements_of(*later, Phase::expand),
              HasSubstr("ADD COLUMN \"pgexpand_new_status\" character "
                        "varying(50)"));
  catalog_.versions.front().bases = {sql::Identifier("billing")};
  EXPECT_EQ(alter(wider)->steps.size(), first->steps.size());
}

TEST_F(VersionShapes, BothTriggersGoAtContract) {
  const auto planned = alter("column: total_cents, type: bigint");
  ASSERT_TRUE(planned);
  EXPECT_THAT(statements_of(*planned, Phase::contract),
              HasSubstr("DROP TRIGGER \"~pgexpand_m1\" ON "
                        "\"public\".\"orders\";\nDROP TRIGGER IF EXISTS "
                        "\"~pgexpand_m1_new\" ON \"public\".\"orders\";"));
}

TEST_F(VersionShapes, APublishedVersionForbidsPlansWithoutOne) {
  catalog_.versions = {{.migration = "m0",
                        .schemas = {sql::Identifier("public_m0")},
                        .bases = {sql::Identifier("public")}}};
  versions_.views = false;
  EXPECT_FALSE(plan_one("{table: orders, from: note, to: remark}"));
  EXPECT_THAT(codes(), ElementsAre("versions.published"));
  EXPECT_THAT(findings_.all().front().message, HasSubstr("public_m0"));
}

TEST_F(VersionShapes, WhatAVersionNeedsIsAskedForBeforeAnythingRuns) {
  catalog_.may_create_schema = false;
  catalog_.row_security = {orders().name};
  EXPECT_THAT(codes_of("{table: orders, from: note, to: remark}"),
              ElementsAre("versions.row-security", "rights.create-schema"));
  versions_.views = false;
  EXPECT_THAT(codes_of("{table: orders, from: note, to: remark}"), IsEmpty());
}

TEST_F(VersionShapes, NoSchemaButOursIsInTheWay) {
  versions_.alias = "app";
  catalog_.schemas = {sql::Identifier("app"), sql::Identifier("public_m1")};
  EXPECT_THAT(codes_of("{table: orders, from: note, to: remark}"),
              ElementsAre("versions.name-taken", "versions.name-taken"));
  catalog_.versions = {{.migration = "m0", .schemas = catalog_.schemas}};
  EXPECT_THAT(codes_of("{table: orders, from: note, to: remark}"), IsEmpty());
}

TEST_F(VersionShapes, AFunctionThatNoViewCanServeIsNamed) {
  catalog_.view_obstacles = {{"public.refill(integer)", "TRUNCATE"}};
  ASSERT_TRUE(plan_one("{table: orders, from: note, to: remark}"));
  EXPECT_THAT(codes(), ElementsAre("versions.not-in-a-view"));
  EXPECT_THAT(findings_.all().front().message,
              HasSubstr("public.refill(integer) has TRUNCATE"));
  versions_.views = false;
  EXPECT_THAT(codes_of("{table: orders, from: note, to: remark}"), IsEmpty());
}

TEST_F(VersionShapes, ALongSchemaNameIsCut) {
  const std::string base(60, 's');
  catalog_.search_path = {sql::quote_identifier(base)};
  const auto planned = plan("  - sql: {contract: SELECT 1}\n");
  ASSERT_TRUE(planned) << testing::PrintToString(codes());
  EXPECT_EQ(planned->steps_of(Phase::switch_over).back()->title,
            "publish version " + sql::shorten_name(base + "_m1"));
}

}  // namespace
}  // namespace pgexpand::ops
