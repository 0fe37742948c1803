#pragma once

#include "ops/cheap_type.hpp"
#include "ops/expressions.hpp"
#include "ops/field_rows.hpp"
#include "ops/new_column.hpp"

#include <array>
#include <optional>
#include <string>

namespace pgexpand::ops {

/// The fields of alter_column besides `table`.
struct AlterFields {
  sql::Identifier column;
  std::optional<UserType> type;
  std::optional<bool> nullable;
  /// Outer: is it to change? Inner: to what; none drops it.
  std::optional<std::optional<UserExpression>> default_value;
  std::optional<CheckFields> check;
  std::optional<std::optional<std::string>> comment;
  std::optional<UserExpression> up, down;

  /// True if the column itself stays as it is.
  [[nodiscard]] bool only_checks() const {
    return !type && !nullable && !default_value && !comment;
  }
  /// What the type's change takes. With `up` or `down` values change, whatever
  /// the types are; with another name, too, there are two columns.
  [[nodiscard]] TypeChange type_change(const catalog::Catalog& catalog,
                                       const TableShape& shape,
                                       const catalog::Table& table,
                                       const catalog::Column& today) const;
  /// The new default, or today's cast to the new type, with its place: `where`
  /// for the latter.
  [[nodiscard]] std::optional<UserExpression> default_text(
      const catalog::Column& today, bool is_twin, const Location& where) const;
  /// True if the new column gets today's default, cast.
  [[nodiscard]] bool carries_default(const catalog::Column& today,
                                     bool is_twin) const {
    return is_twin && !default_value && today.default_value;
  }
};

/// Nothing if `column` is missing or unusable; `findings` says why.
[[nodiscard]] std::optional<AlterFields> read_alter_fields(
    spec::Fields& fields, Diagnostics& findings);

inline constexpr std::array alter_column_rows{
    table_row,
    column_row,
    FieldRow{.name = "type", .type = FieldType::type, .help = "the new type"},
    FieldRow{.name = "nullable",
             .type = FieldType::boolean,
             .help = "false sets NOT NULL, true drops it"},
    FieldRow{.name = "default",
             .type = FieldType::expression,
             .help = "the new default; null drops it",
             .may_be_null = true},
    check_row,
    FieldRow{.name = "comment",
             .type = FieldType::text,
             .help = "comment on the column; null drops it",
             .may_be_null = true},
    FieldRow{.name = "up",
             .type = FieldType::expression,
             .help = "expression over today's row: the new value"},
    FieldRow{.name = "down",
             .type = FieldType::expression,
             .help = "expression over the new row: the old value"},
    allow_row,
};

}  // namespace pgexpand::ops
