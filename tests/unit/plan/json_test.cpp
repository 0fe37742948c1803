#include "pgexpand/base/error.hpp"
#include "pgexpand/plan/plan.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pgexpand::plan {
namespace {

using sql::Identifier;
using sql::Statement;

const sql::TableName orders{Identifier("my \"shop\""), Identifier("größe")};

Step step(const std::string& id, Phase phase, Action action) {
  return {.id = id,
          .title = "does " + id,
          .phase = phase,
          .locks = {{orders, LockMode::access_exclusive}},
          .budget = Budget::step,
          .action = std::move(action)};
}

/// A plan in which no member has its default value.
Plan full_plan() {
  const RunSql run{.statements = {Statement::of("SELECT 'it''s'")},
                   .transactional = false,
                   .is_users = true};
  const BuildIndex build{.table = orders,
                         .index = orders,
                         .create = Statement::of("CREATE INDEX"),
                         .is_unique = true,
                         .key_columns = 2,
                         .columns = 3};
  const BackfillRows fill{.table = orders,
                          .assign = {{Identifier("a"), {"t.b"}}},
                          .pending = {"t.a IS NULL"},
                          .until_clean = true,
                          .may_skip_user_triggers = true,
                          .key = {Identifier("id")}};
  const CompareRows compare{
      .table = orders,
      .before_switch = {{"a = b", {"t.a <> t.b"}, {}}},
      .after_switch = {{"b = a",
                        {"t.b <> t.a"},
                        Assignment{Identifier("b"), {"t.a"}}}},
      .key = {Identifier("id")}};
  Plan plan{.id = "m1",
            .description = "Größe",
            .spec_hash = "abc",
            .depends_on = {"m0"},
            .search_path = {"\"my \"\"shop\"\"\""},
            .state_schema = "pgexpand",
            .tables = {{.name = orders,
                        .oid = 4294967295U,
                        .columns = {Identifier("a")},
                        .estimated_rows = 9'000'000'000,
                        .size_bytes = 1,
                        .indexes_size_bytes = 2}},
            .steps = {step("expand-1", Phase::expand, run),
                      step("backfill-1", Phase::backfill, fill),
                      step("backfill-2", Phase::backfill, build),
                      step("verify-1", Phase::verify, compare),
                      step("switch-1", Phase::switch_over, run)},
            .visible_because = {"a changes"},
            .not_undoable_because = {"no rollback"},
            .stays_after_rollback = {"a stays wider"},
            .rollback_gates = {{.count = Statement::of("SELECT 0"),
                                .code = "rollback.holes",
                                .message = "{} rows",
                                .hint = "fill them",
                                .since = Phase::switch_over}},
            .hazards = {{.severity = Severity::warning,
                         .code = "index.invalid",
                         .message = "m",
                         .hint = "h",
                         .where = {"a.yaml", 3, 4, "  - a:"}}},
            .leaves = "[]"};
  plan.steps[0].enforces = true;
  plan.steps[0].parts = {"part"};
  for (const Action& action :
       {Action(run), Action(build), Action(fill), Action(compare)}) {
    plan.steps[0].undo.push_back({.title = "undo",
                                  .locks = {{orders, LockMode::share}},
                                  .budget = Budget::unlimited,
                                  .action = action});
  }
  return plan;
}

void expect_undecodable(const std::string& text) {
  try {
    static_cast<void>(from_json(text));
    FAIL() << "decoded: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::internal);
    EXPECT_EQ(error.code(), "plan.undecodable");
  }
}

std::string replaced(std::string text,
                     const std::string& from,
                     const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(PlanJson, NothingIsLostOnTheWay) {
  const Plan plan = full_plan();
  EXPECT_EQ(from_json(to_json(plan)), plan);
  EXPECT_EQ(from_json(to_json(Plan{})), Plan{});
}

TEST(PlanJson, TheSamePlanIsTheSameText) {
  EXPECT_EQ(to_json(full_plan()), to_json(from_json(to_json(full_plan()))));
}

TEST(PlanJson, APlanThatDoesNotSayWhatItLeavesIsReadAllTheSame) {
  Plan plan = full_plan();
  const std::string text =
      replaced(to_json(plan), "\"leaves\":\"[]\",", "");
  plan.leaves.clear();
  EXPECT_EQ(from_json(text), plan);
}

TEST(PlanJson, EveryBudgetAndLockReadsBack) {
  for (const Budget budget : {Budget::hold, Budget::step, Budget::unlimited}) {
    for (int mode = 0; mode <= static_cast<int>(LockMode::access_exclusive);
         ++mode) {
      Plan plan = full_plan();
      plan.steps[0].budget = budget;
      plan.steps[0].locks[0].mode = static_cast<LockMode>(mode);
      EXPECT_EQ(from_json(to_json(plan)), plan);
    }
  }
}

TEST(PlanJson, GarbageIsRefused) {
  for (const char* text :
       {"", "{", "null", "[]", "{}", "42", "\"plan\"", "{\"id\": 1}", "\xff"}) {
    expect_undecodable(text);
  }
}

TEST(PlanJson, AWordItDoesNotKnowIsRefused) {
  const std::string text = to_json(full_plan());
  expect_undecodable(replaced(text, "\"run_sql\"", "\"run_shell\""));
  expect_undecodable(replaced(text, "\"switch\"", "\"swich\""));
  expect_undecodable(replaced(text, "\"unlimited\"", "\"forever\""));
  expect_undecodable(replaced(text, "\"warning\"", "\"hint\""));
  expect_undecodable(replaced(text, "\"mode\":8", "\"mode\":9"));
  expect_undecodable(replaced(text, "\"mode\":8", "\"mode\":-1"));
}

TEST(PlanJson, ANumberThatIsNoIntegerIsRefused) {
  const std::string text = to_json(full_plan());
  for (const std::string number : {"1e33", "-0.5", "99999999999999999999"}) {
    expect_undecodable(replaced(text, "\"mode\":8", "\"mode\":" + number));
  }
}

TEST(PlanJson, AMissingMemberIsRefused) {
  const std::string text = to_json(full_plan());
  expect_undecodable(replaced(text, "\"spec_hash\"", "\"spec_hsh\""));
  expect_undecodable(replaced(text, "\"pending\"", "\"pendig\""));
  expect_undecodable(text.substr(0, text.size() / 2));
}

}  // namespace
}  // namespace pgexpand::plan
