#include "ops/enforce.hpp"

#include "ops/not_null_name.hpp"
#include "pgexpand/sql/own_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

using plan::LockMode;
using sql::Expression;
using sql::Identifier;
using sql::Statement;

std::vector<plan::TableLock> locks_of(const EnforcedConstraint& constraint) {
  // A foreign key takes SHARE ROW EXCLUSIVE on both tables, a CHECK ACCESS
  // EXCLUSIVE on its own.
  if (!constraint.references) {
    return {{constraint.table, LockMode::access_exclusive}};
  }
  std::vector<plan::TableLock> locks{
      {constraint.table, LockMode::share_row_exclusive}};
  if (*constraint.references != constraint.table) {
    locks.push_back({*constraint.references, LockMode::share_row_exclusive});
  }
  return locks;
}

std::vector<plan::TableLock> drop_locks(const EnforcedConstraint& constraint) {
  auto locks = locks_of(constraint);
  for (auto& lock : locks) {
    lock.mode = LockMode::access_exclusive;  // DROP takes it on both tables
  }
  return locks;
}

std::string key_text(const catalog::IndexKey& key) {
  std::string text =
      key.column ? key.column->quoted() : fmt::format("({})", *key.expression);
  if (key.collation) {
    text += " COLLATE " + *key.collation;
  }
  if (key.opclass) {
    text += " " + *key.opclass;
    if (!key.opclass_options.empty()) {
      text += fmt::format(" ({})", key.opclass_options);
    }
  }
  if (key.descending) {
    text += " DESC";
  }
  if (key.nulls_first != key.descending) {
    text += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
  }
  return text;
}

}  // namespace

std::string index_claim(const sql::TableName& index) {
  return fmt::format("index {}", index.display());
}

std::string fill_claim(const sql::TableName& table, const Identifier& column) {
  return fmt::format("what fills column {} of {}", column.name(),
                     table.display());
}

std::string not_null_claim(const sql::TableName& table,
                           const Identifier& column) {
  return fmt::format("NOT NULL of column {} of {}", column.name(),
                     table.display());
}

void enforce_constraint(Draft& draft, const EnforcedConstraint& constraint) {
  draft.claims().claim(constraint.claim.empty()
                           ? fmt::format("constraint {} of {}",
                                         constraint.name.name(),
                                         constraint.table.display())
                           : constraint.claim);
  const auto add =
      Statement::of("ALTER TABLE {} ADD CONSTRAINT {} {} NOT VALID",
                    constraint.table, constraint.name, constraint.definition);
  const auto validate = Statement::of("ALTER TABLE {} VALIDATE CONSTRAINT {}",
                                      constraint.table, constraint.name);
  const auto drop = Statement::of("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}",
                                  constraint.table, constraint.name);
  draft.step({.title = constraint.title,
              .phase = constraint.phase,
              .locks = locks_of(constraint),
              .action = plan::RunSql{{add}},
              .enforces = true,
              .undo = {{.title = fmt::format("drop constraint {}",
                                             constraint.name.name()),
                        .locks = drop_locks(constraint),
                        .action = plan::RunSql{{drop}}}}});
  if (!constraint.validates) {
    return;
  }
  std::vector<plan::TableLock> validate_locks{
      {constraint.table, LockMode::share_update_exclusive}};
  draft.step({.title = fmt::format("prove it: {}", constraint.title),
              .phase = constraint.phase,
              .locks = std::move(validate_locks),
              .budget = plan::Budget::unlimited,
              .action = plan::RunSql{{validate}},
              .enforces = true});
}

plan::Comparison no_nulls(const Identifier& column) {
  return {.title = fmt::format("{} is not NULL", column.name()),
          .differs = sql::compose("t.{} IS NULL", column)};
}

void enforce_not_null(Draft& draft,
                      const catalog::Table& table,
                      const NotNull& rule) {
  const Identifier check = sql::not_null_check_name(rule.column);
  enforce_constraint(
      draft, {.table = table.name,
              .name = check,
              .definition = sql::compose("CHECK ({} IS NOT NULL)", rule.column),
              .phase = rule.phase,
              .title = fmt::format("forbid NULL in {}", rule.column.name()),
              .claim = not_null_claim(table.name, rule.column)});
  const bool at_switch = rule.phase == plan::Phase::switch_over;
  Transition& transition = at_switch ? draft.at_switch() : draft.at_contract();
  transition.lock(table.name, LockMode::access_exclusive);
  // Two statements: in one ALTER the drop would come first, and SET NOT NULL
  // would scan.
  transition.first.push_back(make_not_null(table.name, rule.column, rule.name));
  transition.first.push_back(
      Statement::of("ALTER TABLE {} DROP CONSTRAINT {}", table.name, check));
  transition.titles.push_back(
      fmt::format("make {} NOT NULL", rule.column.name()));
  if (!at_switch) {
    // Which rows would stop it is told first, by their keys.
    TableDraft& pieces = draft.table(table);
    pieces.before_contract.push_back(no_nulls(rule.column));
    if (draft.in_views()) {
      pieces.sync_after.required.push_back(rule.column);
    }
  }
  if (at_switch && !rule.column_is_new) {
    transition.undo_first(
        {Statement::of("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL",
                       table.name, rule.column)});
  }
}

Statement comment_on_constraint(const catalog::Constraint& constraint) {
  return Statement::of("COMMENT ON CONSTRAINT {} ON {} IS {}", constraint.name,
                       constraint.table,
                       sql::Literal{constraint.comment.value_or("")});
}

Expression name_list(const std::vector<Identifier>& names) {
  std::vector<std::string> quoted;
  for (const Identifier& name : names) {
    quoted.push_back(name.quoted());
  }
  return {fmt::format("{}", fmt::join(quoted, ", "))};
}

Statement create_index_statement(const catalog::Index& index,
                                 const sql::TableName& table) {
  std::vector<std::string> keys;
  for (const auto& key : index.keys) {
    keys.push_back(key_text(key));
  }
  std::string text =
      fmt::format("CREATE {}INDEX CONCURRENTLY {} ON {} USING {} ({})",
                  index.is_unique ? "UNIQUE " : "", index.name.name, table,
                  sql::quote_identifier(index.method), fmt::join(keys, ", "));
  if (!index.include.empty()) {
    text += fmt::format(" INCLUDE ({})", name_list(index.include));
  }
  if (index.nulls_not_distinct) {
    text += " NULLS NOT DISTINCT";
  }
  if (!index.options.empty()) {
    text += fmt::format(" WITH ({})", fmt::join(index.options, ", "));
  }
  if (index.tablespace) {
    text += fmt::format(" TABLESPACE {}", *index.tablespace);
  }
  if (index.predicate) {
    text += fmt::format(" WHERE {}", *index.predicate);
  }
  const auto is_users = [](const std::optional<Expression>& expression) {
    return expression && expression->is_users;
  };
  const bool has_users_text =
      is_users(index.predicate) ||
      std::ranges::any_of(index.keys, [&](const catalog::IndexKey& key) {
        return is_users(key.expression);
      });
  return Statement::of("{}", Expression{std::move(text), has_users_text});
}

plan::BuildIndex build_action(const catalog::Index& index,
                              const sql::TableName& table) {
  return {
      .table = table,
      .index = index.name,
      .create = create_index_statement(index, table),
      .is_unique = index.is_unique,
      .key_columns = static_cast<int>(index.keys.size()),
      .columns = static_cast<int>(index.keys.size() + index.include.size())};
}

void build_index(Draft& draft,
                 const catalog::Table& table,
                 const NewIndex& wanted) {
  const catalog::Index& index = wanted.index;
  draft.claims().claim(index_claim(wanted.claims.value_or(index.name)));
  plan::Step step{
      .title = fmt::format("build {}index {}", index.is_unique ? "unique " : "",
                           index.name.name.name()),
      .phase = wanted.phase,
      .locks = {{table.name, LockMode::share_update_exclusive}},
      .budget = plan::Budget::unlimited,
      .action = build_action(index, table.name),
      .enforces = wanted.enforces};
  if (!wanted.on_new_column || wanted.enforces) {
    step.undo = {{.title = fmt::format("drop index {}", index.name.name.name()),
                  .locks = {{table.name, LockMode::share_update_exclusive}},
                  .budget = plan::Budget::unlimited,
                  .action = plan::RunSql{
                      {Statement::of("DROP INDEX CONCURRENTLY IF EXISTS {}",
                                     index.name)},
                      false}}};
  }
  draft.step(std::move(step));
  for (const auto& key : index.keys) {
    if (key.expression) {
      draft.table(table).analyze_all = true;
    }
  }
}

Expression foreign_key_definition(const catalog::Constraint& constraint) {
  const auto action = [](char code) -> std::string_view {
    switch (code) {
      case 'r':
        return "RESTRICT";
      case 'c':
        return "CASCADE";
      case 'n':
        return "SET NULL";
      case 'd':
        return "SET DEFAULT";
      default:
        return "NO ACTION";
    }
  };
  std::string text = fmt::format(
      "FOREIGN KEY ({}) REFERENCES {} ({})", name_list(constraint.columns),
      constraint.references_table, name_list(constraint.references_columns));
  if (constraint.match == 'f') {
    text += " MATCH FULL";
  }
  if (constraint.on_update != 'a') {
    text += fmt::format(" ON UPDATE {}", action(constraint.on_update));
  }
  if (constraint.on_delete != 'a') {
    text += fmt::format(" ON DELETE {}", action(constraint.on_delete));
  }
  if (!constraint.on_delete_columns.empty()) {
    text += fmt::format(" ({})", name_list(constraint.on_delete_columns));
  }
  if (constraint.is_deferrable) {
    text += " DEFERRABLE";
  }
  if (constraint.initially_deferred) {
    text += " INITIALLY DEFERRED";
  }
  if (!constraint.is_enforced) {
    text += " NOT ENFORCED";
  }
  return {text};
}

}  // namespace pgexpand::ops
