#include "pgexpand/base/error.hpp"
#include "pgexpand/plan/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <set>
#include <sstream>
#include <string>

namespace pgexpand::plan {
namespace {

using sql::Identifier;
using sql::Statement;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using Json = nlohmann::json;

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
  Plan plan{
      .id = "m1",
      .description = "Größe",
      .spec_hash = "abc",
      .depends_on = {"m0"},
      .search_path = {"\"my \"\"shop\"\"\""},
      .settings = {{"TimeZone", "Europe/Berlin"}},
      .state_schema = "pgexpand",
      .tables = {{.name = orders,
                  .oid = 4294967295U,
                  .columns = {Identifier("a")},
                  .estimated_rows = 9'000'000'000,
                  .size_bytes = 1,
                  .indexes_size_bytes = 2}},
      .own = {Identifier("pgexpand_new_a")},
      .steps = {step("expand-1", Phase::expand, run),
                step("backfill-1", Phase::backfill, fill),
                step("backfill-2", Phase::backfill, build),
                step("verify-1", Phase::verify, compare),
                step("switch-1", Phase::switch_over, run)},
      .visible_because = {"a changes"},
      .not_undoable_because = {"no rollback"},
      .values_depend_on = {{"TimeZone", "Europe/Berlin"}},
      .stays_after_rollback = {"a stays wider"},
      .rollback_gates = {{.count = Statement::of("SELECT 0"),
                          .code = "rollback.holes",
                          .message = "{} rows",
                          .hint = "fill them",
                          .since = Phase::switch_over}},
      .column_orders = {{orders,
                         {Identifier("a"), Identifier("b")},
                         {Identifier("b"), Identifier("a")}}},
      .names_to_miss = {{{sql::Identifier("public"), sql::Identifier("orders")},
                         sql::Identifier("status")}},
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

Error error_of(const std::string& text) {
  try {
    static_cast<void>(from_json(text, "m1"));
  } catch (const Error& error) {
    return error;
  }
  return {ErrorKind::internal, "", "decoded: " + text};
}

void expect_undecodable(const std::string& text) {
  const Error error = error_of(text);
  EXPECT_EQ(error.code(), "plan.undecodable") << error.message();
  EXPECT_EQ(error.kind(), ErrorKind::internal);
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
  const std::string text = replaced(to_json(plan), "\"leaves\":\"[]\",", "");
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

TEST(PlanJson, HalfATextIsRefused) {
  const std::string text = to_json(full_plan());
  expect_undecodable(text.substr(0, text.size() / 2));
}

/// A key as it is below `path`, in every place that `visit` is called with.
using Visit = std::function<void(const Json::json_pointer& object,
                                 const std::string& key)>;

void visit_keys(const Json& json,
                const Json::json_pointer& path,
                const Visit& visit) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      visit(path, key);
      visit_keys(value, path / key, visit);
    }
  } else if (json.is_array()) {
    for (std::size_t i = 0; i < json.size(); ++i) {
      visit_keys(json[i], path / i, visit);
    }
  }
}

/// `/steps/0/undo/1` as messages have it: `steps[0].undo[1]`.
std::string spoken(const Json::json_pointer& path) {
  std::string text;
  std::istringstream words(path.to_string());
  std::string word;
  std::getline(words, word, '/');
  while (std::getline(words, word, '/')) {
    const bool is_index =
        word.find_first_not_of("0123456789") == std::string::npos;
    text += is_index ? "[" + word + "]" : (text.empty() ? "" : ".") + word;
  }
  return text.empty() ? "it" : text;
}

TEST(PlanJson, OnlyWhatIsForPeopleMayBeMissing) {
  const Json whole = Json::parse(to_json(full_plan()));
  std::set<std::string> may_lack;
  visit_keys(whole, Json::json_pointer(),
             [&](const auto& object, const std::string& key) {
               Json lacking = whole;
               lacking[object].erase(key);
               const Error error = error_of(lacking.dump());
               if (error.code().empty()) {
                 may_lack.insert(key);
                 return;
               }
               EXPECT_EQ(error.code(), "plan.undecodable");
               EXPECT_EQ(error.message(),
                         "the stored plan of m1 cannot be read: " +
                             spoken(object) + " has no \"" + key + '"');
             });
  EXPECT_THAT(may_lack,
              UnorderedElementsAre(
                  "description", "spec_hash", "title", "parts",
                  "estimated_rows", "size_bytes", "indexes_size_bytes",
                  "stays_after_rollback", "values_depend_on", "hint", "hazards",
                  "leaves", "severity", "code", "message", "where", "file",
                  "line", "column", "line_text", "format", "written_by"));
}

TEST(PlanJson, AnOpenGateIsNotMadeOfOneWithoutACode) {
  Json lacking = Json::parse(to_json(full_plan()));
  lacking["rollback_gates"][0].erase("code");
  expect_undecodable(lacking.dump());
}

TEST(PlanJson, WhatIsMissingForPeopleHasADefault) {
  Json lacking = Json::parse(to_json(full_plan()));
  lacking["steps"][0].erase("title");
  lacking.erase("hazards");
  Plan expected = full_plan();
  expected.steps[0].title.clear();
  expected.hazards.clear();
  EXPECT_EQ(from_json(lacking.dump()), expected);
}

TEST(PlanJson, AKeyThatIsNotKnownIsPassedOver) {
  const Json whole = Json::parse(to_json(full_plan()));
  Json more = whole;
  visit_keys(whole, Json::json_pointer(),
             [&](const auto& object, const std::string& /*key*/) {
               more[object]["told_by_a_later_release"] = 0.5;
             });
  EXPECT_NE(more, whole);
  EXPECT_EQ(from_json(more.dump()), full_plan());
}

TEST(PlanJson, WithoutANumberItIsFormatOne) {
  Json first = Json::parse(to_json(full_plan()));
  EXPECT_EQ(first["format"], stored_format);
  EXPECT_EQ(first["written_by"], PGEXPAND_VERSION);
  first.erase("format");
  first.erase("written_by");
  EXPECT_EQ(from_json(first.dump()), full_plan());
}

TEST(PlanJson, ANewerFormatNamesTheReleaseToInstall) {
  Json newer = {{"format", stored_format + 1}, {"written_by", "9.8.7"}};
  const Error error = error_of(newer.dump());
  EXPECT_EQ(error.code(), "plan.newer");
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_THAT(error.message(),
              HasSubstr("the stored plan of m1 has format 5, which pgexpand "
                        "9.8.7 wrote"));
  EXPECT_EQ(error.hint(), "install pgexpand 9.8.7 or a newer one");
  newer.erase("written_by");
  EXPECT_THAT(error_of(newer.dump()).hint(), HasSubstr("the release of"));
  newer["written_by"] = "\x1b[2J";
  EXPECT_THAT(error_of(newer.dump()).message(), Not(HasSubstr("\x1b")));
}

TEST(PlanJson, WhatIsNoNumberOfAFormatIsRefused) {
  Json wrong = Json::parse(to_json(full_plan()));
  for (const Json& format : {Json(0), Json(-1), Json("2"), Json(2.5), Json(),
                             Json(18446744073709551615U)}) {
    wrong["format"] = format;
    expect_undecodable(wrong.dump());
  }
}

TEST(PlanJson, WhoCanReadItIsNamedWhereItIsAnother) {
  Json damaged = Json::parse(to_json(full_plan()));
  damaged["steps"][0].erase("enforces");
  EXPECT_THAT(error_of(damaged.dump()).hint(), HasSubstr("from a backup"));
  damaged["written_by"] = "0.0.9";
  EXPECT_EQ(error_of(damaged.dump()).hint(),
            "run pgexpand 0.0.9, which stored it");
}

TEST(PlanJson, TheOutlineIsReadWhateverTheStepsAre) {
  Json damaged = Json::parse(to_json(full_plan()));
  damaged["steps"] = "gone";
  const Outline outline = outline_from_json(damaged.dump());
  EXPECT_THAT(outline.depends_on, ElementsAre("m0"));
  EXPECT_THAT(outline.tables, ElementsAre(orders));
  damaged["tables"][0].erase("name");
  EXPECT_THROW(static_cast<void>(outline_from_json(damaged.dump())), Error);
}

}  // namespace
}  // namespace pgexpand::plan
