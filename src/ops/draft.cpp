#include "pgexpand/ops/draft.hpp"

#include "ops/comparator.hpp"
#include "ops/sync_function.hpp"
#include "ops/traces.hpp"
#include "ops/user_triggers.hpp"
#include "ops/version_steps.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace pgexpand::ops {
namespace {

using plan::LockMode;
using plan::Phase;
using plan::Step;
using sql::Expression;
using sql::Identifier;
using sql::Statement;

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// All locks first, in one order for every transaction of every migration.
std::vector<plan::TableLock> ordered(
    const std::map<sql::TableName, LockMode>& locks) {
  std::vector<plan::TableLock> result;
  for (const auto& [table, mode] : locks) {
    result.push_back({table, mode});
  }
  std::ranges::stable_sort(result, std::greater{}, &plan::TableLock::mode);
  return result;
}

std::string joined_or(const std::vector<Expression>& conditions) {
  std::vector<std::string> parts;
  for (const auto& condition : conditions) {
    parts.push_back(fmt::format("({})", condition));
  }
  return fmt::format("{}", fmt::join(parts, " OR "));
}

/// The different conditions among the fills.
std::vector<Expression> conditions_of(const std::vector<Fill>& fills) {
  std::vector<Expression> conditions;
  for (const Fill& fill : fills) {
    if (std::ranges::find(conditions, fill.pending) == conditions.end()) {
      conditions.push_back(fill.pending);
    }
  }
  return conditions;
}

/// One pass over the rows for all the fills of a table. Rows that only another
/// fill is after keep what is filled in place.
plan::BackfillRows merged_fills(const TableDraft& draft) {
  plan::BackfillRows rows{.table = draft.table->name};
  const auto conditions = conditions_of(draft.fills);
  for (const Fill& fill : draft.fills) {
    plan::Assignment assignment = fill.assignment;
    if (fill.is_in_place && conditions.size() > 1) {
      assignment.value =
          sql::compose("CASE WHEN {} THEN {} ELSE t.{} END", fill.pending,
                       in_type(fill.type, assignment.value), assignment.column);
    }
    rows.assign.push_back(std::move(assignment));
    rows.until_clean = rows.until_clean || fill.until_clean;
  }
  rows.pending = {joined_or(conditions)};
  rows.may_skip_user_triggers = may_skip_user_triggers(draft);
  if (const auto* key = draft.table->primary_key()) {
    rows.key = key->columns;
  }
  return rows;
}

/// Numbers the steps of a plan as they are added.
class Steps {
 public:
  explicit Steps(plan::Plan& plan) : plan_(plan) {}

  void add(Phase phase, Step step) {
    step.phase = phase;
    step.id = fmt::format("{}-{}", plan::name(phase),
                          ++count_.at(static_cast<std::size_t>(phase)));
    plan_.steps.push_back(std::move(step));
  }

 private:
  plan::Plan& plan_;
  std::array<int, plan::phases.size()> count_{};
};

/// What is common to all steps made from a draft.
struct Merge {
  const std::string& id;
  const Identifier& state_schema;
  const std::string& user;
  std::optional<VersionSteps> version;
  const sql::Settings& pinned;

  [[nodiscard]] SyncNames names_of(const TableDraft& draft) const {
    SyncNames names = sync_names(*draft.table, id, state_schema);
    names.settings = pinned;
    return names;
  }
};

void add_expand(const std::deque<TableDraft>& tables,
                const Merge& merge,
                Steps& steps) {
  plan::RunSql run, undo;
  Step step{.title = "expand"};
  std::map<sql::TableName, LockMode> locks, undo_locks;
  if (merge.version) {
    run.statements.push_back(merge.version->note());
  }
  for (const TableDraft& draft : tables) {
    append(run.statements, draft.expand);
    append(step.parts, draft.expand_titles);
    if (!draft.sync_before.empty()) {
      const auto names = merge.names_of(draft);
      append(run.statements,
             create_sync(names, *draft.table, draft.sync_before, merge.user));
      append(undo.statements,
             drop_sync(names, *draft.table, merge.version.has_value()));
      append(step.parts, draft.sync_titles);
    }
    append(undo.statements, draft.expand_undo);
    if (!draft.expand.empty() || !draft.sync_before.empty()) {
      locks[draft.table->name] = draft.expand.empty()
                                     ? LockMode::share_row_exclusive
                                     : LockMode::access_exclusive;
      undo_locks[draft.table->name] = LockMode::access_exclusive;
    }
  }
  if (run.statements.empty()) {
    return;
  }
  if (merge.version) {
    undo.statements.push_back(merge.version->forget());
  }
  step.locks = ordered(locks);
  step.action = std::move(run);
  step.undo = {{.title = "take expand back",
                .locks = ordered(undo_locks),
                .action = std::move(undo)}};
  if (step.parts.size() == 1) {
    step.title = step.parts.front();
  } else if (step.parts.empty() && merge.version) {
    step.title = "prepare " + merge.version->title();
  }
  steps.add(Phase::expand, std::move(step));
}

std::string fill_title(const TableDraft& draft) {
  std::vector<std::string> columns;
  for (const Fill& fill : draft.fills) {
    columns.push_back(fill.assignment.column.name());
  }
  return fmt::format("fill {} of {}", fmt::join(columns, ", "),
                     draft.table->name.display());
}

void add_analyze(const TableDraft& draft, Steps& steps) {
  if (draft.analyze.empty() && !draft.analyze_all) {
    return;
  }
  auto statement = Statement::of("ANALYZE {}", draft.table->name);
  if (!draft.analyze_all) {
    std::vector<std::string> columns;
    for (const Identifier& column : draft.analyze) {
      columns.push_back(column.quoted());
    }
    statement =
        Statement::of("ANALYZE {} ({})", draft.table->name,
                      Expression{fmt::format("{}", fmt::join(columns, ", "))});
  }
  steps.add(Phase::backfill,
            {.title = fmt::format("analyze {}", draft.table->name.display()),
             .locks = {{draft.table->name, LockMode::share_update_exclusive}},
             .budget = plan::Budget::unlimited,
             .action = plan::RunSql{{statement}}});
}

void add_verify(const TableDraft& draft, Steps& steps) {
  if (draft.before_switch.empty() && draft.after_switch.empty()) {
    return;
  }
  plan::CompareRows compare{
      .table = draft.table->name,
      .before_switch = draft.before_switch,
      .after_switch = draft.after_switch,
      .key = {},
      .one_snapshot = std::ranges::any_of(draft.fills, &Fill::until_clean),
      .may_skip_user_triggers = may_skip_user_triggers(draft)};
  if (const auto* key = draft.table->primary_key()) {
    compare.key = key->columns;
  }
  std::vector<std::string> titles;
  for (const auto& comparison : draft.before_switch) {
    titles.push_back(comparison.title);
  }
  steps.add(Phase::verify, {.title = fmt::format("compare all rows of {}",
                                                 draft.table->name.display()),
                            .locks = {},
                            .budget = plan::Budget::unlimited,
                            .action = std::move(compare),
                            .parts = std::move(titles)});
}

void add_steps_of(Phase phase, const std::vector<Step>& from, Steps& steps) {
  for (const Step& step : from) {
    if (step.phase == phase) {
      steps.add(phase, step);
    }
  }
}

void add_transition(Phase phase,
                    const Transition& transition,
                    std::string title,
                    Steps& steps) {
  if (transition.empty()) {
    return;
  }
  plan::RunSql run;
  append(run.statements, transition.first);
  append(run.statements, transition.middle);
  append(run.statements, transition.last);
  Step step{.title = std::move(title),
            .locks = ordered(transition.locks),
            .action = std::move(run),
            .parts = transition.titles};
  step.undo = transition.undo_ahead;
  std::vector<Statement> undo = transition.undo_before;
  append(undo, transition.undo);
  if (!undo.empty()) {
    step.undo.push_back({.title = "take the switch back",
                         .locks = step.locks,
                         .action = plan::RunSql{std::move(undo)}});
  }
  append(step.undo, transition.undo_after);
  steps.add(phase, std::move(step));
}

/// The function's body for the time after the switch, where it differs.
void add_sync_change(const TableDraft& draft,
                     const Merge& merge,
                     Transition& transition) {
  const auto names = merge.names_of(draft);
  const auto before = sync_function(names, *draft.table, draft.sync_before);
  const auto after = sync_function(names, *draft.table, draft.sync_after);
  if (before == after) {
    return;
  }
  // The owner must be ours to replace it; transitions run as who created it.
  transition.last.push_back(after);
  transition.undo_first({before});
  transition.titles.push_back(fmt::format("sync function of {} for new code",
                                          draft.table->name.display()));
  if (!transition.locks.contains(draft.table->name)) {
    transition.lock(draft.table->name, LockMode::share_row_exclusive);
  }
}

/// Contract drops trigger and function before the old shape goes.
void add_sync_end(const TableDraft& draft,
                  const Merge& merge,
                  Transition& transition) {
  const auto names = merge.names_of(draft);
  auto statements = drop_sync(names, *draft.table, merge.version.has_value());
  append(statements, transition.first);
  transition.first = std::move(statements);
  transition.titles.insert(
      transition.titles.begin(),
      fmt::format("drop the sync trigger of {}", draft.table->name.display()));
  transition.lock(draft.table->name, LockMode::access_exclusive);
}

void add_retirement(const VersionSteps& version, Transition& transition) {
  transition.first.insert(transition.first.begin(), version.retire());
  transition.titles.insert(transition.titles.begin(), "drop older versions");
}

plan::PlannedTable planned(const TableDraft& draft) {
  return {.name = draft.table->name,
          .oid = draft.table->oid,
          .columns = {draft.touched.begin(), draft.touched.end()},
          .estimated_rows = draft.table->estimated_rows,
          .size_bytes = draft.table->size_bytes,
          .indexes_size_bytes = draft.table->indexes_size_bytes};
}

}  // namespace

void Transition::lock(const sql::TableName& table, LockMode mode) {
  LockMode& held = locks[table];
  held = std::max(held, mode);
}

void Transition::undo_first(std::vector<Statement> statements) {
  undo.insert(undo.begin(), statements.begin(), statements.end());
}

Draft::Draft(std::string id,
             std::string state_schema,
             std::optional<Publication> publication)
    : id_(std::move(id)),
      state_schema_(std::move(state_schema)),
      publication_(std::move(publication)) {}

TableDraft& Draft::table(const catalog::Table& table) {
  const auto found = std::ranges::find(tables_, &table, &TableDraft::table);
  if (found != tables_.end()) {
    return *found;
  }
  return tables_.emplace_back(TableDraft{.table = &table});
}

void Draft::step(Step step) { steps_.push_back(std::move(step)); }
void Draft::late_step(Step step) { late_steps_.push_back(std::move(step)); }

void Draft::finish(const std::string& user, plan::Plan& plan) const {
  Merge merge{id_, state_schema_, user, std::nullopt, pinned_};
  if (publication_) {
    merge.version.emplace(*this, *publication_);
  }
  Transition at_switch = switch_;
  Transition at_contract = contract_;
  Steps steps(plan);
  add_expand(tables_, merge, steps);
  add_steps_of(Phase::expand, steps_, steps);
  for (const TableDraft& draft : tables_) {
    plan.tables.push_back(planned(draft));
    if (!draft.fills.empty()) {
      steps.add(Phase::backfill,
                {.title = fill_title(draft),
                 .locks = {{draft.table->name, LockMode::row_exclusive}},
                 .budget = plan::Budget::unlimited,
                 .action = merged_fills(draft)});
    }
    if (!draft.sync_before.empty()) {
      add_sync_change(draft, merge, at_switch);
      add_sync_end(draft, merge, at_contract);
    }
  }
  add_steps_of(Phase::backfill, steps_, steps);
  for (const TableDraft& draft : tables_) {
    add_analyze(draft, steps);
  }
  for (const TableDraft& draft : tables_) {
    add_verify(draft, steps);
  }
  add_steps_of(Phase::switch_over, steps_, steps);
  add_transition(Phase::switch_over, at_switch, "switch", steps);
  add_steps_of(Phase::switch_over, late_steps_, steps);
  if (merge.version) {
    steps.add(Phase::switch_over, merge.version->publish());
    add_retirement(*merge.version, at_contract);
  }
  add_steps_of(Phase::contract, steps_, steps);
  add_transition(Phase::contract, at_contract, "contract", steps);
  add_steps_of(Phase::contract, late_steps_, steps);
  plan.own = given_names(plan, tables_);
  plan.visible_because = visible_;
  plan.not_undoable_because = not_undoable_;
  plan.values_depend_on = pinned_;
  plan.stays_after_rollback = stays_;
  plan.rollback_gates = gates_;
  plan.names_to_miss = missed_;
}

}  // namespace pgexpand::ops
