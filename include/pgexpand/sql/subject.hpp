#pragma once

#include "pgexpand/sql/names.hpp"
#include "pgexpand/sql/statement.hpp"

#include <vector>

namespace pgexpand::sql {

struct ColumnRename {
  ColumnName from;
  Identifier to;

  friend bool operator==(const ColumnRename&, const ColumnRename&) = default;
};

/// What a statement is about, as its parse tree says.
struct Subject {
  /// Every name with a schema: of tables, and of indexes, functions and types,
  /// in order of appearance, once each.
  std::vector<TableName> objects;
  std::vector<ColumnName> dropped_columns;
  std::vector<ColumnRename> renamed_columns;
  /// The bare names that it gives: to columns, constraints, indexes, triggers
  /// and statistics.
  std::vector<Identifier> given_names;

  [[nodiscard]] bool is_about(const TableName& object) const;
  [[nodiscard]] bool is_about_schema(const Identifier& schema) const;
};

/// Empty for what the built-in grammar does not read, or is too long to. What a
/// DO block or a function's body does is not seen.
[[nodiscard]] Subject subject_of(const Statement& statement);

/// The names of own_names.hpp that the statement gives to anything.
[[nodiscard]] std::vector<Identifier> own_names_of(const Statement& statement);

}  // namespace pgexpand::sql
