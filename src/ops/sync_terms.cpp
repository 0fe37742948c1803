#include "ops/sync_terms.hpp"

#include "ops/comparator.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::ops {

using sql::Expression;
using sql::Identifier;

std::string row_of(std::string_view record, const Identifier& column) {
  return fmt::format("{}.{}", record, column);
}

Expression qualified(std::string_view record,
                     const SyncAssignment& assignment,
                     const Expression& expression) {
  return sql::rewrite_columns(
      expression, record,
      [&](const Identifier& column) -> std::optional<Identifier> {
        const auto found = assignment.renamed.find(column);
        return found == assignment.renamed.end() ? std::nullopt
                                                 : std::optional(found->second);
      });
}

std::vector<Identifier> inputs(const SyncAssignment& assignment) {
  std::vector<Identifier> columns = sql::columns_of(assignment.value.text);
  for (Identifier& column : columns) {
    const auto found = assignment.renamed.find(column);
    if (found != assignment.renamed.end()) {
      column = found->second;
    }
  }
  return columns;
}

std::string any_of(const std::vector<std::string>& conditions) {
  return conditions.empty() ? "false"
                            : fmt::format("{}", fmt::join(conditions, " OR "));
}

bool forgets_in_move(const SyncRules& rules) {
  return !rules.reverses.empty() ||
         std::ranges::any_of(rules.pairs, [](const SyncPair& pair) {
           return pair.lossy || (pair.rows_complete && !pair.backward);
         });
}

bool rests_on(const SyncPair& pair, const SyncReverse& reverse) {
  const auto read = inputs(pair.forward);
  return !pair.backward && !reverse.knows_writer &&
         std::ranges::find(read, reverse.assignment.column) != read.end();
}

std::string row_text(const catalog::Table& table, const SyncRules& rules) {
  std::vector<Identifier> columns;
  const auto add = [&](const std::vector<Identifier>& more) {
    for (const Identifier& column : more) {
      if (std::ranges::find(columns, column) == columns.end()) {
        columns.push_back(column);
      }
    }
  };
  if (const auto* key = table.primary_key()) {
    add(key->columns);
  }
  for (const SyncPair& pair : rules.pairs) {
    add({pair.forward.column});
    add(inputs(pair.forward));
    if (pair.backward) {
      add({pair.backward->column});
      add(inputs(*pair.backward));
    }
  }
  for (const SyncReverse& reverse : rules.reverses) {
    add({reverse.assignment.column});
    add(inputs(reverse.assignment));
  }
  std::vector<std::string> values;
  for (const Identifier& column : columns) {
    values.push_back(row_of("NEW", column));
  }
  return fmt::format("ROW({})::text", fmt::join(values, ", "));
}

std::string SyncTerms::changed(const Identifier& column,
                               const catalog::Type& type) {
  return differs(type, {row_of("NEW", column)}, {row_of("OLD", column)}).text;
}

std::string SyncTerms::column_changed(const Identifier& column) const {
  const auto* stored = table_.column(column);
  return changed(column, stored != nullptr ? stored->type : catalog::Type{});
}

std::string SyncTerms::inputs_changed(const SyncAssignment& assignment) const {
  std::vector<std::string> conditions;
  for (const Identifier& column : inputs(assignment)) {
    conditions.push_back(column_changed(column));
  }
  return any_of(conditions);
}

}  // namespace pgexpand::ops
