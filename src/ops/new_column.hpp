#pragma once

#include "ops/expressions.hpp"

#include <optional>
#include <string>

namespace pgexpand::ops {

/// `check`, with its name or PostgreSQL's default for it.
struct CheckFields {
  std::optional<sql::Identifier> name;
  UserExpression expression;
};

/// `references: {table, column, name, on_delete, on_update}`.
struct ReferenceFields {
  sql::TableName table;
  Location where;
  std::optional<sql::Identifier> column;  ///< None: the primary key's.
  std::optional<sql::Identifier> name;
  char on_delete = 'a', on_update = 'a';  ///< As in pg_constraint.
};

/// `unique: {name}`.
struct UniqueFields {
  std::optional<sql::Identifier> name;
};

[[nodiscard]] std::optional<CheckFields> read_check(spec::Fields& fields,
                                                    Diagnostics& findings);
[[nodiscard]] std::optional<ReferenceFields> read_references(
    spec::Fields& fields, Diagnostics& findings);
[[nodiscard]] std::optional<UniqueFields> read_unique(spec::Fields& fields,
                                                      Diagnostics& findings);

/// Everything add_column can say of its column.
struct NewColumn {
  sql::Identifier name;
  UserType type;
  bool nullable = true;
  std::optional<UserExpression> default_value, up, generated;
  std::optional<CheckFields> check;
  std::optional<UniqueFields> unique;
  std::optional<ReferenceFields> references;
  std::optional<char> identity;  ///< 'a' always, 'd' by default.
  std::optional<std::string> collation, comment;
};

/// Nothing if name or type are missing or unusable.
[[nodiscard]] std::optional<NewColumn> read_new_column(spec::Fields& fields,
                                                       Diagnostics& findings);

/// A finding for each field of a new column that alter_column cannot change.
void reject_unhandled(spec::Fields& fields, Diagnostics& findings);

}  // namespace pgexpand::ops
