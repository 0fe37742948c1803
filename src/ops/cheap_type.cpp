#include "ops/cheap_type.hpp"

#include "ops/enforce.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pgexpand::ops {
namespace {

using plan::LockMode;
using sql::BuiltinType;
using sql::Statement;

/// A modifier that is absent or at least as wide.
bool is_wider(const BuiltinType& from, const BuiltinType& to) {
  if (to.modifiers.empty()) {
    return true;
  }
  return !from.modifiers.empty() &&
         from.modifiers.front() <= to.modifiers.front();
}

int scale_of(const BuiltinType& numeric) {
  return numeric.modifiers.size() > 1 ? numeric.modifiers[1] : 0;
}

bool is_metadata_only(const BuiltinType& from, const BuiltinType& to) {
  const auto one_of = [](const std::string& name,
                         std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, name) != names.end();
  };
  if (one_of(from.name, {"varchar", "text"}) &&
      one_of(to.name, {"varchar", "text"})) {
    return is_wider(from, to);
  }
  if (from.name == "numeric" && to.name == "numeric") {
    return is_wider(from, to) &&
           (to.modifiers.empty() || scale_of(from) == scale_of(to));
  }
  if (from.name == "cidr" && to.name == "inet") {
    return true;
  }
  return from.name == to.name &&
         one_of(from.name, {"timestamp", "timestamptz", "time", "timetz",
                            "interval", "varbit"}) &&
         is_wider(from, to);
}

bool is_in_index_expression(const catalog::Table& table,
                            const sql::Identifier& column) {
  const auto is_among = [&](const std::vector<sql::Identifier>& columns) {
    return std::ranges::find(columns, column) != columns.end();
  };
  const auto reads = [&](const std::optional<sql::Expression>& expression) {
    // Of what we cannot read, any column of the index may be the one.
    return expression && (!sql::can_read(expression->text) ||
                          is_among(sql::columns_of(expression->text)));
  };
  return std::ranges::any_of(table.indexes, [&](const catalog::Index& index) {
    return is_among(index.reads) &&
           (reads(index.predicate) ||
            std::ranges::any_of(index.keys, [&](const catalog::IndexKey& key) {
              return reads(key.expression);
            }));
  });
}

bool is_in_version(const catalog::Catalog& catalog,
                   const catalog::Table& table) {
  return std::ranges::any_of(
      catalog.versions, [&](const catalog::PublishedVersion& version) {
        return std::ranges::find(version.bases, table.name.schema) !=
               version.bases.end();
      });
}

/// The constraint's definition without a NOT VALID at its end.
std::string plain_definition(const catalog::Constraint& constraint) {
  constexpr std::string_view not_valid = " NOT VALID";
  std::string text = constraint.definition;
  if (text.ends_with(not_valid)) {
    text.resize(text.size() - not_valid.size());
  }
  return text;
}

std::vector<const catalog::Constraint*> scanned_constraints(
    const catalog::Table& table, const sql::Identifier& column) {
  std::vector<const catalog::Constraint*> found;
  const auto has = [&](const std::vector<sql::Identifier>& columns) {
    return std::ranges::find(columns, column) != columns.end();
  };
  for (const auto& constraint : table.constraints) {
    const bool is_scanned =
        constraint.kind == catalog::ConstraintKind::check ||
        constraint.kind == catalog::ConstraintKind::foreign_key;
    if (is_scanned && constraint.is_validated && has(constraint.columns)) {
      found.push_back(&constraint);
    }
  }
  for (const auto& key : table.referenced_by) {
    // A key of the table to itself may stand in both lists.
    const auto is_same = [&](const catalog::Constraint* known) {
      return known->name == key.name && known->table == key.table;
    };
    if (key.is_validated && has(key.references_columns) &&
        std::ranges::none_of(found, is_same)) {
      found.push_back(&key);
    }
  }
  return found;
}

/// Takes a constraint away that ALTER TYPE would prove again under its lock.
/// It comes back NOT VALID, and is proved later under a weak one.
void set_aside(Draft& draft,
               const catalog::Constraint& constraint,
               std::vector<Statement>& add_back) {
  Transition& step = draft.at_switch();
  const auto drop = Statement::of("ALTER TABLE {} DROP CONSTRAINT {}",
                                  constraint.table, constraint.name);
  if (std::ranges::find(step.first, drop) != step.first.end()) {
    return;  // another column of the same constraint changes too
  }
  step.lock(constraint.table, LockMode::access_exclusive);
  if (constraint.kind == catalog::ConstraintKind::foreign_key) {
    step.lock(constraint.references_table, LockMode::access_exclusive);
  }
  step.first.push_back(drop);
  add_back.push_back(Statement::of(
      "ALTER TABLE {} ADD CONSTRAINT {} {} NOT VALID", constraint.table,
      constraint.name, sql::Expression{plain_definition(constraint)}));
  if (constraint.comment) {
    add_back.push_back(comment_on_constraint(constraint));
  }
  const std::string title =
      fmt::format("prove {} again", constraint.name.name());
  const std::vector<plan::TableLock> locks{
      {constraint.table, LockMode::share_update_exclusive}};
  const plan::RunSql validate{
      {Statement::of("ALTER TABLE {} VALIDATE CONSTRAINT {}", constraint.table,
                     constraint.name)}};
  step.undo_after.push_back({.title = title,
                             .locks = locks,
                             .budget = plan::Budget::unlimited,
                             .action = validate});
  draft.late_step({.title = title,
                   .phase = plan::Phase::switch_over,
                   .locks = locks,
                   .budget = plan::Budget::unlimited,
                   .action = validate});
}

}  // namespace

TypeChange classify(const catalog::Catalog& catalog,
                    const catalog::Table& table,
                    const catalog::Column& column,
                    const std::string& new_type) {
  const auto from = sql::builtin_type(column.type.name.text);
  const auto to = sql::builtin_type(new_type);
  if (!from || !to || column.type.is_domain) {
    return TypeChange::rewrite;
  }
  if (*from == *to) {
    return TypeChange::none;
  }
  if (is_metadata_only(*from, *to) &&
      !is_in_index_expression(table, column.name) &&
      !is_in_version(catalog, table)) {
    return TypeChange::metadata;
  }
  return TypeChange::rewrite;
}

namespace {

/// A longer string or number only takes more. These show another value, or are
/// another type.
bool is_noticed(const catalog::Column& column, const catalog::Type& type) {
  const auto from = sql::builtin_type(column.type.name.text);
  return from &&
         !std::ranges::any_of(
             std::array{"varchar", "text", "varbit"},
             [&](const char* name) { return from->name == name; }) &&
         !(from->name == "numeric" &&
           type.name.text.find('(') != std::string::npos);
}

}  // namespace

void change_type_in_place(Draft& draft,
                          TableDraft& pieces,
                          const catalog::Column& column,
                          const catalog::Type& type,
                          const Location& where,
                          Diagnostics& findings) {
  findings.warn(where, "column.prepared-statements",
                fmt::format("a prepared statement that reads {} fails once "
                            "after the switch (0A000)",
                            column.name.name()));
  const sql::TableName& table = pieces.table->name;
  pieces.touched.insert(column.name);
  draft.claims().writes(table, column.name);
  draft.claims().claim(fmt::format("the type of column {} of {}",
                                   column.name.name(), table.display()));
  Transition& step = draft.at_switch();
  step.lock(table, LockMode::access_exclusive);
  const auto constraints = scanned_constraints(*pieces.table, column.name);
  std::vector<Statement> add_back;
  for (const auto* constraint : constraints) {
    set_aside(draft, *constraint, add_back);
  }
  step.first.push_back(Statement::of("ALTER TABLE {} ALTER COLUMN {} TYPE {}",
                                     table, column.name, type.name));
  step.first.insert(step.first.end(), add_back.begin(), add_back.end());
  step.titles.push_back(fmt::format("{} becomes {} (metadata only)",
                                    column.name.name(), type.name.text));
  if (is_noticed(column, type)) {
    draft.visible(
        fmt::format("{} becomes {}", column.name.name(), type.name.text));
  }
  draft.stays(fmt::format("{} stays {}", column.name.name(), type.name.text));
}

}  // namespace pgexpand::ops
