#pragma once

#include <fmt/format.h>

#include <compare>
#include <string>
#include <string_view>
#include <utility>

namespace pgexpand::sql {

/// `name` in double quotes, quotes inside doubled. Always quoted, so that no
/// keyword list of any server version matters.
[[nodiscard]] std::string quote_identifier(std::string_view name);

/// `text` as a string literal that reads the same with
/// standard_conforming_strings on or off.
[[nodiscard]] std::string quote_literal(std::string_view text);

/// The longest name PostgreSQL keeps, in bytes.
inline constexpr std::size_t max_name_bytes = 63;

/// `name` itself if it fits in 63 bytes; else its beginning, cut at a UTF-8
/// boundary, with `_` and 8 hex digits of its hash.
[[nodiscard]] std::string shorten_name(std::string_view name);

/// One identifier as the catalog holds it: no quotes, no case folding.
class Identifier {
 public:
  Identifier() = default;
  explicit Identifier(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::string quoted() const { return quote_identifier(name_); }
  [[nodiscard]] bool empty() const noexcept { return name_.empty(); }

  friend auto operator<=>(const Identifier&, const Identifier&) = default;

 private:
  std::string name_;
};

/// A relation's name with its schema. Also used for indexes, types, functions.
/// An empty schema means "not resolved yet" and is legal only in specs.
struct TableName {
  Identifier schema;
  Identifier name;

  /// `"public"."orders"`, or `"orders"` when the schema is empty.
  [[nodiscard]] std::string quoted() const;
  /// `public.orders`, for messages; parts are quoted only where SQL needs it.
  [[nodiscard]] std::string display() const;

  friend auto operator<=>(const TableName&, const TableName&) = default;
};

/// A column of a table.
struct ColumnName {
  TableName table;
  Identifier column;

  friend auto operator<=>(const ColumnName&, const ColumnName&) = default;
};

/// A string that becomes a literal.
struct Literal {
  std::string text;
};

/// A piece of SQL that the server has deparsed, or that we composed: safe to
/// stand inside parentheses. See sql/expression.hpp.
struct Expression {
  std::string text;

  [[nodiscard]] bool empty() const noexcept { return text.empty(); }
  friend bool operator==(const Expression&, const Expression&) = default;
};

/// A type as the server spells it with an empty search_path, e.g.
/// `character varying(50)` or `shop.color`.
struct TypeName {
  std::string text;

  friend bool operator==(const TypeName&, const TypeName&) = default;
};

}  // namespace pgexpand::sql

template <>
struct fmt::formatter<pgexpand::sql::Identifier> : formatter<std::string> {
  template <typename Context>
  auto format(const pgexpand::sql::Identifier& value, Context& context) const {
    return formatter<std::string>::format(value.quoted(), context);
  }
};
template <>
struct fmt::formatter<pgexpand::sql::TableName> : formatter<std::string> {
  template <typename Context>
  auto format(const pgexpand::sql::TableName& value, Context& context) const {
    return formatter<std::string>::format(value.quoted(), context);
  }
};
template <>
struct fmt::formatter<pgexpand::sql::Literal> : formatter<std::string> {
  template <typename Context>
  auto format(const pgexpand::sql::Literal& value, Context& context) const {
    return formatter<std::string>::format(
        pgexpand::sql::quote_literal(value.text), context);
  }
};
template <>
struct fmt::formatter<pgexpand::sql::Expression> : formatter<std::string> {
  template <typename Context>
  auto format(const pgexpand::sql::Expression& value, Context& context) const {
    return formatter<std::string>::format(value.text, context);
  }
};
template <>
struct fmt::formatter<pgexpand::sql::TypeName> : formatter<std::string> {
  template <typename Context>
  auto format(const pgexpand::sql::TypeName& value, Context& context) const {
    return formatter<std::string>::format(value.text, context);
  }
};
