// The plan as JSON: one to_json/from_json pair a type, found by nlohmann's
// argument-dependent lookup, so that a new member is added in one place.
#include "pgexpand/base/error.hpp"
#include "pgexpand/plan/plan.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

namespace pgexpand::sql {

static void to_json(nlohmann::json& json, const Identifier& value) {
  json = value.name();
}
static void from_json(const nlohmann::json& json, Identifier& value) {
  value = Identifier(json.get<std::string>());
}
static void to_json(nlohmann::json& json, const TableName& value) {
  json = {{"schema", value.schema}, {"name", value.name}};
}
static void from_json(const nlohmann::json& json, TableName& value) {
  json.at("schema").get_to(value.schema);
  json.at("name").get_to(value.name);
}
static void to_json(nlohmann::json& json, const Expression& value) {
  json = value.text;
}
static void from_json(const nlohmann::json& json, Expression& value) {
  value.text = json.get<std::string>();
}
static void to_json(nlohmann::json& json, const Statement& value) {
  json = value.text();
}
static void from_json(const nlohmann::json& json, Statement& value) {
  value = Statement::verbatim(json.get<std::string>());
}

}  // namespace pgexpand::sql

namespace pgexpand {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Location, file, line, column, line_text)

// nlohmann's own enum macro reads an unknown word as the first value.
template <std::size_t Size>
static std::size_t place_of(const std::array<std::string_view, Size>& names,
                            const nlohmann::json& json) {
  const auto found = std::ranges::find(names, json.get<std::string>());
  if (found == names.end()) {
    throw std::out_of_range("unknown word");
  }
  return static_cast<std::size_t>(found - names.begin());
}

constexpr std::array<std::string_view, 3> severity_names{"error", "refusal",
                                                         "warning"};
static void to_json(nlohmann::json& json, const Severity& value) {
  json = severity_names.at(static_cast<std::size_t>(value));
}
static void from_json(const nlohmann::json& json, Severity& value) {
  value = static_cast<Severity>(place_of(severity_names, json));
}
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(
    Diagnostic, severity, code, message, hint, where)

}  // namespace pgexpand

namespace pgexpand::plan {

static void to_json(nlohmann::json& json, const Phase& value) {
  json = name(value);
}
static void from_json(const nlohmann::json& json, Phase& value) {
  value = phase_from_name(json.get<std::string>()).value();
}
static void to_json(nlohmann::json& json, const LockMode& value) {
  json = static_cast<int>(value);
}
static void from_json(const nlohmann::json& json, LockMode& value) {
  const int number = json.get<int>();
  if (number < 0 || number > static_cast<int>(LockMode::access_exclusive)) {
    throw std::out_of_range("lock mode");
  }
  value = static_cast<LockMode>(number);
}

constexpr std::array<std::string_view, 3> budget_names{"hold", "step",
                                                       "unlimited"};
static void to_json(nlohmann::json& json, const Budget& value) {
  json = budget_names.at(static_cast<std::size_t>(value));
}
static void from_json(const nlohmann::json& json, Budget& value) {
  value = static_cast<Budget>(place_of(budget_names, json));
}
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TableLock, table, mode)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RunSql, statements, transactional, is_users)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(
    BuildIndex, table, index, create, is_unique, key_columns, columns)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Assignment, column, value)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(BackfillRows,
                                   table,
                                   assign,
                                   pending,
                                   until_clean,
                                   may_skip_user_triggers,
                                   key)

static void to_json(nlohmann::json& json, const Comparison& value) {
  json = {{"title", value.title}, {"differs", value.differs}};
  json["repair"] =
      value.repair ? nlohmann::json(*value.repair) : nlohmann::json();
}
static void from_json(const nlohmann::json& json, Comparison& value) {
  json.at("title").get_to(value.title);
  json.at("differs").get_to(value.differs);
  if (!json.at("repair").is_null()) {
    value.repair = json.at("repair").get<Assignment>();
  }
}
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CompareRows,
                                   table,
                                   before_switch,
                                   after_switch,
                                   key,
                                   one_snapshot,
                                   may_skip_user_triggers)

static void to_json(nlohmann::json& json, const Action& value) {
  constexpr std::array kinds{"run_sql", "build_index", "backfill_rows",
                             "compare_rows"};
  std::visit([&](const auto& action) { json = action; }, value);
  json["kind"] = kinds.at(value.index());
}
static void from_json(const nlohmann::json& json, Action& value) {
  const auto kind = json.at("kind").get<std::string>();
  if (kind == "run_sql") {
    value = json.get<RunSql>();
  } else if (kind == "build_index") {
    value = json.get<BuildIndex>();
  } else if (kind == "backfill_rows") {
    value = json.get<BackfillRows>();
  } else if (kind == "compare_rows") {
    value = json.get<CompareRows>();
  } else {
    throw std::out_of_range(kind);
  }
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Undo, title, locks, budget, action)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(
    Step, id, title, phase, locks, budget, action, enforces, undo, parts)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Gate, count, code, message, hint, since)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PlannedTable,
                                   name,
                                   oid,
                                   columns,
                                   estimated_rows,
                                   size_bytes,
                                   indexes_size_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Plan,
                                   id,
                                   description,
                                   spec_hash,
                                   depends_on,
                                   search_path,
                                   state_schema,
                                   tables,
                                   steps,
                                   visible_because,
                                   not_undoable_because,
                                   stays_after_rollback,
                                   rollback_gates,
                                   hazards)

std::string to_json(const Plan& plan) {
  nlohmann::json json;
  to_json(json, plan);
  json["leaves"] = plan.leaves;
  return json.dump();
}

// A plan has no fractions, and a large one is no value of any integer.
static bool has_no_fraction(int /*depth*/,
                            nlohmann::json::parse_event_t /*event*/,
                            nlohmann::json& parsed) {
  if (parsed.is_number_float()) {
    throw std::out_of_range("fraction");
  }
  return true;
}

Plan from_json(std::string_view text) {
  try {
    const auto json = nlohmann::json::parse(text, has_no_fraction);
    auto plan = json.get<Plan>();
    plan.leaves = json.value("leaves", std::string());
    return plan;
  } catch (const std::exception&) {
    throw Error(ErrorKind::internal, "plan.undecodable",
                "the stored plan cannot be read")
        .hint("run the release of pgexpand that started the migration");
  }
}

}  // namespace pgexpand::plan
