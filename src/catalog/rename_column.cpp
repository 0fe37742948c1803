// The server keeps column numbers, so that a new name shows in every definition
// at once; here the texts are written anew.
#include "catalog/rename_column.hpp"

#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::catalog {
namespace {

using sql::Expression;
using sql::Identifier;

void rename(std::vector<Identifier>& columns,
            const Identifier& from,
            const Identifier& to) {
  std::ranges::replace(columns, from, to);
}

void rename(Expression& expression,
            const Identifier& from,
            const Identifier& to) {
  if (!sql::can_read(expression.text)) {
    return;  // Whoever needs it refuses by name.
  }
  const auto read = sql::columns_of(expression.text);
  if (std::ranges::find(read, from) == read.end()) {
    return;
  }
  expression =
      sql::rewrite_columns(expression, "", [&](const Identifier& name) {
        return name == from ? std::optional(to) : std::nullopt;
      });
}

void rename(std::optional<Expression>& expression,
            const Identifier& from,
            const Identifier& to) {
  if (expression) {
    rename(*expression, from, to);
  }
}

/// Where the next list in parentheses begins and ends; names may hold any.
std::pair<std::size_t, std::size_t> next_list(const std::string& text,
                                              std::size_t at) {
  bool is_quoted = false;
  std::size_t begin = std::string::npos;
  for (; at < text.size(); ++at) {
    if (text[at] == '"') {
      is_quoted = !is_quoted;
    } else if (!is_quoted && text[at] == '(') {
      begin = at;
    } else if (!is_quoted && text[at] == ')') {
      return {begin, at};
    }
  }
  return {std::string::npos, std::string::npos};
}

std::string quoted_list(const std::vector<Identifier>& names) {
  std::vector<std::string> quoted;
  for (const Identifier& name : names) {
    quoted.push_back(name.quoted());
  }
  return fmt::format("({})", fmt::join(quoted, ", "));
}

/// A key's definition has its lists in this order.
void write_lists(std::string& definition,
                 const std::vector<const std::vector<Identifier>*>& lists) {
  std::size_t at = 0;
  for (const auto* list : lists) {
    const auto [begin, end] = next_list(definition, at);
    if (begin == std::string::npos || list->empty()) {
      return;
    }
    const std::string text = quoted_list(*list);
    definition.replace(begin, end + 1 - begin, text);
    at = begin + text.size();
  }
}

void write_definition(Constraint& constraint,
                      const std::optional<Expression>& was) {
  switch (constraint.kind) {
    case ConstraintKind::check:
      if (was) {
        const auto place = constraint.definition.find(was->text);
        if (place != std::string::npos) {
          constraint.definition.replace(place, was->text.size(),
                                        constraint.expression->text);
        }
      }
      return;
    case ConstraintKind::foreign_key:
      write_lists(constraint.definition,
                  {&constraint.columns, &constraint.references_columns,
                   &constraint.on_delete_columns});
      return;
    case ConstraintKind::primary_key:
    case ConstraintKind::unique:
      write_lists(constraint.definition, {&constraint.columns});
      return;
    case ConstraintKind::not_null:
      constraint.definition =
          fmt::format("NOT NULL {}", constraint.columns.front());
      return;
    case ConstraintKind::exclusion:
    case ConstraintKind::trigger:
      return;
  }
}

}  // namespace

void rename_column(Table& table, const Identifier& from, const Identifier& to) {
  for (Index& index : table.indexes) {
    const auto read = columns_read(index);
    if (std::ranges::find(read, from) == read.end()) {
      continue;
    }
    for (IndexKey& key : index.keys) {
      if (key.column == from) {
        key.column = to;
      }
      rename(key.expression, from, to);
    }
    rename(index.include, from, to);
    rename(index.reads, from, to);
    rename(index.predicate, from, to);
    index.definition.clear();
  }
  for (ExtendedStatistics& statistics : table.statistics) {
    rename(statistics.columns, from, to);
    rename(statistics.reads, from, to);
    for (Expression& expression : statistics.expressions) {
      rename(expression, from, to);
    }
  }
  for (Column& column : table.columns) {
    rename(column.generated, from, to);
  }
}

void rename_column(Constraint& constraint,
                   const sql::TableName& table,
                   const Identifier& from,
                   const Identifier& to) {
  const auto reads = [&](const std::vector<Identifier>& columns) {
    return std::ranges::find(columns, from) != columns.end();
  };
  const bool reads_here =
      constraint.table == table && reads(constraint.columns);
  const bool refers_here = constraint.references_table == table &&
                           reads(constraint.references_columns);
  const auto was = constraint.expression;
  if (reads_here) {
    rename(constraint.columns, from, to);
    rename(constraint.on_delete_columns, from, to);
    rename(constraint.expression, from, to);
  }
  if (refers_here) {
    rename(constraint.references_columns, from, to);
  }
  if (reads_here || refers_here) {
    write_definition(constraint, was);
  }
}

}  // namespace pgexpand::catalog
