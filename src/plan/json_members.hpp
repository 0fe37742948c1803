#pragma once

#include "pgexpand/plan/plan.hpp"

#include <array>
#include <concepts>
#include <string_view>
#include <type_traits>
#include <variant>

// The members of a stored plan and their keys, once for writing and reading.
//
//   codec.needs(key, member)     without it a run would do something else, so a
//                                plan that lacks it is not read
//   codec.may_lack(key, member)  for people's eyes only; has a default
//
// What is added to a plan later is needed too if a run minds it: then the
// format's number grows, and src/plan/formats.cpp says what older plans mean.
namespace pgexpand::plan {

template <typename Some, typename Type>
concept Of = std::same_as<std::remove_const_t<Some>, Type>;

void members(auto& codec, Of<sql::TableName> auto& table) {
  codec.needs("schema", table.schema);
  codec.needs("name", table.name);
}

void members(auto& codec, Of<sql::ColumnName> auto& name) {
  codec.needs("table", name.table);
  codec.needs("column", name.column);
}

void members(auto& codec, Of<sql::Setting> auto& setting) {
  codec.needs("name", setting.name);
  codec.needs("value", setting.value);
}

void members(auto& codec, Of<Location> auto& place) {
  codec.may_lack("file", place.file);
  codec.may_lack("line", place.line);
  codec.may_lack("column", place.column);
  codec.may_lack("line_text", place.line_text);
}

void members(auto& codec, Of<Diagnostic> auto& finding) {
  codec.may_lack("severity", finding.severity);
  codec.may_lack("code", finding.code);
  codec.may_lack("message", finding.message);
  codec.may_lack("hint", finding.hint);
  codec.may_lack("where", finding.where);
}

void members(auto& codec, Of<TableLock> auto& lock) {
  codec.needs("table", lock.table);
  codec.needs("mode", lock.mode);
}

void members(auto& codec, Of<RunSql> auto& action) {
  codec.needs("statements", action.statements);
  codec.needs("transactional", action.transactional);
  codec.needs("is_users", action.is_users);
}

void members(auto& codec, Of<BuildIndex> auto& action) {
  codec.needs("table", action.table);
  codec.needs("index", action.index);
  codec.needs("create", action.create);
  codec.needs("is_unique", action.is_unique);
  codec.needs("key_columns", action.key_columns);
  codec.needs("columns", action.columns);
}

void members(auto& codec, Of<Assignment> auto& assignment) {
  codec.needs("column", assignment.column);
  codec.needs("value", assignment.value);
}

void members(auto& codec, Of<BackfillRows> auto& action) {
  codec.needs("table", action.table);
  codec.needs("assign", action.assign);
  codec.needs("pending", action.pending);
  codec.needs("until_clean", action.until_clean);
  codec.needs("may_skip_user_triggers", action.may_skip_user_triggers);
  codec.needs("key", action.key);
}

void members(auto& codec, Of<Comparison> auto& comparison) {
  codec.may_lack("title", comparison.title);
  codec.needs("differs", comparison.differs);
  codec.needs("repair", comparison.repair);
}

void members(auto& codec, Of<CompareRows> auto& action) {
  codec.needs("table", action.table);
  codec.needs("before_switch", action.before_switch);
  codec.needs("after_switch", action.after_switch);
  codec.needs("key", action.key);
  codec.needs("one_snapshot", action.one_snapshot);
  codec.needs("may_skip_user_triggers", action.may_skip_user_triggers);
}

void members(auto& codec, Of<Undo> auto& undo) {
  codec.may_lack("title", undo.title);
  codec.needs("locks", undo.locks);
  codec.needs("budget", undo.budget);
  codec.needs("action", undo.action);
}

void members(auto& codec, Of<Step> auto& step) {
  codec.needs("id", step.id);
  codec.may_lack("title", step.title);
  codec.needs("phase", step.phase);
  codec.needs("locks", step.locks);
  codec.needs("budget", step.budget);
  codec.needs("action", step.action);
  codec.needs("enforces", step.enforces);
  codec.needs("undo", step.undo);
  codec.may_lack("parts", step.parts);
}

void members(auto& codec, Of<Gate> auto& gate) {
  codec.needs("count", gate.count);
  codec.needs("code", gate.code);
  codec.needs("message", gate.message);
  codec.may_lack("hint", gate.hint);
  codec.needs("since", gate.since);
}

void members(auto& codec, Of<PlannedTable> auto& table) {
  codec.needs("name", table.name);
  codec.needs("oid", table.oid);
  codec.needs("columns", table.columns);
  codec.may_lack("estimated_rows", table.estimated_rows);
  codec.may_lack("size_bytes", table.size_bytes);
  codec.may_lack("indexes_size_bytes", table.indexes_size_bytes);
}

void members(auto& codec, Of<Plan> auto& plan) {
  codec.needs("id", plan.id);
  codec.may_lack("description", plan.description);
  codec.may_lack("spec_hash", plan.spec_hash);
  codec.needs("depends_on", plan.depends_on);
  codec.needs("search_path", plan.search_path);
  codec.needs("settings", plan.settings);
  codec.needs("state_schema", plan.state_schema);
  codec.needs("tables", plan.tables);
  codec.needs("own", plan.own);
  codec.needs("steps", plan.steps);
  codec.needs("visible_because", plan.visible_because);
  codec.needs("not_undoable_because", plan.not_undoable_because);
  codec.may_lack("values_depend_on", plan.values_depend_on);
  codec.may_lack("stays_after_rollback", plan.stays_after_rollback);
  codec.needs("rollback_gates", plan.rollback_gates);
  codec.needs("names_to_miss", plan.names_to_miss);
  codec.may_lack("hazards", plan.hazards);
  codec.may_lack("leaves", plan.leaves);
}

/// A type that is described by members().
struct AnyCodec {
  void needs(const char* key, const auto& member);
  void may_lack(const char* key, const auto& member);
};
template <typename Type>
concept HasMembers = requires(AnyCodec& codec, Type& value) {
  members(codec, value);
};

/// `kind` of an action, in the order of the variant's members.
inline constexpr std::array<std::string_view, 4> action_kinds{
    "run_sql", "build_index", "backfill_rows", "compare_rows"};
static_assert(action_kinds.size() == std::variant_size_v<Action>);

// The words of enumerations, in the order of their values.
inline constexpr std::array<std::string_view, 3> severity_words{
    "error", "refusal", "warning"};
inline constexpr std::array<std::string_view, 3> budget_words{"hold", "step",
                                                              "unlimited"};

}  // namespace pgexpand::plan
