#pragma once

#include "ops/expressions.hpp"
#include "ops/field_rows.hpp"
#include "ops/new_column.hpp"

#include <array>
#include <optional>
#include <string>

namespace pgexpand::ops {

/// What alter_column is to change: nothing of what is not given.
struct AlterColumnFields {
  sql::Identifier column;
  std::optional<UserType> type;
  std::optional<bool> nullable;
  /// Outer: is it to change? Inner: to what; none drops it.
  std::optional<std::optional<UserExpression>> default_value;
  std::optional<CheckFields> check;
  std::optional<std::optional<std::string>> comment;
  std::optional<UserExpression> up, down;
};

/// The last of the fields to be read: any other is rejected. Nothing without a
/// column.
[[nodiscard]] std::optional<AlterColumnFields> read_alter_column(
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
