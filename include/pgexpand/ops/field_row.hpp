#pragma once

#include <span>
#include <string_view>

namespace pgexpand::ops {

/// What a field holds.
enum class FieldType {
  text,
  name,              ///< Of a column, an index …; one part.
  relation,          ///< `name` or `schema.name`.
  type,              ///< A type, as in SQL.
  expression,        ///< One SQL expression.
  statements,        ///< SQL text of one or more statements.
  boolean,           ///< Plain `true` or `false`.
  choice,            ///< One of `choices`.
  choices,           ///< A list of those.
  names,             ///< A list of names.
  keys,              ///< A list of names and of mappings with `fields`.
  mapping,           ///< With `fields`.
  named_texts,       ///< A mapping of free names to texts.
  named_expressions  ///< A mapping of columns to expressions.
};

/// One field of an operation, as data: what its page, a schema for editors and
/// an example are made of. A test compares it with what parse() asks for and
/// with the page.
struct FieldRow {
  std::string_view name;
  FieldType type = FieldType::text;
  std::string_view help;  ///< One line, lower case, no full stop.
  bool required = false;
  std::string_view default_value{};  ///< As in a spec; empty: there is none.
  bool may_be_null = false;          ///< `null` has a meaning of its own.
  std::span<const std::string_view> choices{};
  std::span<const FieldRow> fields{};  ///< Of the mapping.
};

}  // namespace pgexpand::ops
