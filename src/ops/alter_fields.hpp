#pragma once

#include "ops/cheap_type.hpp"
#include "ops/expressions.hpp"
#include "ops/new_column.hpp"

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
  /// the types are.
  [[nodiscard]] TypeChange type_change(const catalog::Catalog& catalog,
                                       const catalog::Table& table,
                                       const catalog::Column& today) const;
  /// True if the new column gets today's default, cast.
  [[nodiscard]] bool carries_default(const catalog::Column& today,
                                     bool is_twin) const {
    return is_twin && !default_value && today.default_value;
  }
};

/// Nothing if `column` is missing or unusable; `findings` says why.
[[nodiscard]] std::optional<AlterFields> read_alter_fields(
    spec::Fields& fields, Diagnostics& findings);

}  // namespace pgexpand::ops
