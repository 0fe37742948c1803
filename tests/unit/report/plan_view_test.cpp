#include "pgexpand/report/plan_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgexpand::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const sql::TableName orders{sql::Identifier("public"),
                            sql::Identifier("orders")};

plan::Plan example() {
  plan::Plan plan;
  plan.id = "20261120_orders_status_v2";
  plan.tables.push_back({.name = orders,
                         .oid = 1,
                         .columns = {sql::Identifier("status_v2")},
                         .estimated_rows = 2'000'000,
                         .size_bytes = 190LL << 20,
                         .indexes_size_bytes = 96LL << 20});
  plan.steps.push_back(
      {.id = "expand-1",
       .title = "expand public.orders",
       .phase = plan::Phase::expand,
       .locks = {{orders, plan::LockMode::access_exclusive}},
       .action = plan::RunSql{{sql::Statement::verbatim("ALTER TABLE x"),
                               sql::Statement::verbatim("CREATE TRIGGER y")}},
       .parts = {"add column status_v2 varchar(50)",
                 "sync trigger status -> status_v2"}});
  plan.steps.push_back({.id = "backfill-1",
                        .title = "status_v2 := status",
                        .phase = plan::Phase::backfill,
                        .budget = plan::Budget::unlimited,
                        .action = plan::BackfillRows{.table = orders}});
  plan.steps.push_back({.id = "verify-1",
                        .title = "compare status_v2 with status, all rows",
                        .phase = plan::Phase::verify,
                        .budget = plan::Budget::unlimited,
                        .action = plan::CompareRows{.table = orders}});
  plan.steps.push_back(
      {.id = "contract-1",
       .title = "drop the sync trigger",
       .phase = plan::Phase::contract,
       .locks = {{orders, plan::LockMode::access_exclusive}},
       .action = plan::RunSql{{sql::Statement::verbatim("DROP TRIGGER y")}}});
  return plan;
}

PlanSetting setting() {
  PlanSetting setting;
  setting.database = "shop";
  setting.host = "localhost:5432";
  setting.server_version = "15.20";
  return setting;
}

TEST(PlanText, ShowsStepsLocksAndBudgetsPhaseByPhase) {
  EXPECT_EQ(
      plan_text(example(), setting(), {}),
      R"(20261120_orders_status_v2  on  shop@localhost:5432 (PostgreSQL 15.20, primary, direct)
table public.orders: ~2,000,000 rows, 190 MB + 96 MB of indexes

 expand                                            lock                     blocks          budget
  1 add column status_v2 varchar(50)               ACCESS EXCLUSIVE         reads, writes   300ms × retries ≤ 10m
  2 sync trigger status -> status_v2                                                        (same transaction)
 backfill
  3 status_v2 := status                            row locks                –               ~200 batches of 10,000
 verify
  4 compare status_v2 with status, all rows        –                        –
 switch     nothing physical
 contract   (separate command)
  5 drop the sync trigger                          ACCESS EXCLUSIVE         reads, writes   300ms × retries ≤ 10m
)");
}

TEST(PlanText, WithSqlEveryStatementFollowsItsStep) {
  EXPECT_THAT(plan_text(example(), setting(), {.sql = true, .style = {}}),
              HasSubstr("(same transaction)\n"
                        "      ALTER TABLE x;\n"
                        "      CREATE TRIGGER y;\n"
                        " backfill\n"));
}

TEST(PlanText, AVisibleSwitchIsMarkedWithItsReasons) {
  plan::Plan plan = example();
  plan.visible_because = {"column a becomes NOT NULL"};
  const std::string text = plan_text(plan, setting(), {});
  EXPECT_THAT(text, HasSubstr(" switch     VISIBLE, apply stops before it\n"));
  EXPECT_THAT(text, HasSubstr("switch is visible: running code can notice it:\n"
                              "  column a becomes NOT NULL\n"));
}

TEST(PlanText, TheFirstPhaseWithStepsHoldsTheNamesOfTheColumns) {
  plan::Plan plan = example();
  plan.steps.erase(plan.steps.begin());
  EXPECT_THAT(plan_text(plan, setting(), {}),
              HasSubstr("\n backfill                                          "
                        "lock                     blocks          budget\n"));
}

TEST(PlanText, HazardsAndWhatStaysComeLast) {
  plan::Plan plan = example();
  plan.stays_after_rollback = {"column a stays wider"};
  plan.hazards.push_back({.severity = Severity::warning,
                          .code = "hazard.copy",
                          .message = "COPY orders needs a column list",
                          .hint = {},
                          .where = {}});
  EXPECT_THAT(plan_text(plan, setting(), {}),
              HasSubstr("\nstays after rollback:\n  column a stays wider\n\n"
                        "warning[hazard.copy]: COPY orders needs a column "
                        "list\n"));
}

TEST(PlanJson, HoldsTheSqlOfEveryStep) {
  const Json json = plan_json(example(), setting());
  EXPECT_EQ(json.at("phases").size(), 5U);
  const Json& step = json.at("phases").at(0).at("steps").at(0);
  EXPECT_EQ(step.at("sql"), Json({"ALTER TABLE x", "CREATE TRIGGER y"}));
  EXPECT_EQ(step.at("budget_ms"), 500);
  EXPECT_EQ(step.at("blocks"), "reads, writes");
}

TEST(PlanJson, AStepWithoutALimitHasANullBudget) {
  const Json json = plan_json(example(), setting());
  EXPECT_TRUE(
      json.at("phases").at(1).at("steps").at(0).at("budget_ms").is_null());
}

}  // namespace
}  // namespace pgexpand::report
