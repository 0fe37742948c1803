#include "pgexpand/base/assert.hpp"
#include "pgexpand/base/error.hpp"
#include "pgexpand/sql/parser.hpp"
#include "sql/parse_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace pgexpand::sql {
namespace {

using nlohmann::json;

struct ColumnReference {
  Identifier column;
  std::size_t offset = 0;  ///< Bytes into the expression.
  std::size_t parts = 1;   ///< 2 for `t.a`.
};

void collect(const json& node, std::vector<ColumnReference>& found) {
  if (node.is_array()) {
    for (const auto& item : node) {
      collect(item, found);
    }
    return;
  }
  if (!node.is_object()) {
    return;
  }
  for (const auto& [key, value] : node.items()) {
    if (key == "ColumnRef") {
      const auto parts = string_list(value["fields"]);
      const auto offset = value.value("location", std::size_t{0});
      found.push_back({Identifier(parts.back()),
                       offset - expression_prefix.size(), parts.size()});
    } else {
      collect(value, found);
    }
  }
}

std::vector<ColumnReference> references(std::string_view text) {
  const json tree = expression_tree(text);
  if (tree.is_null()) {
    // "It reads nothing" would leave an index out, or NEW. before a column.
    throw Error(
        ErrorKind::refused, "sql.unreadable",
        fmt::format("the built-in grammar of PostgreSQL {} cannot read `{}`",
                    grammar_version(), text))
        .hint("build pgexpand with a newer parser, see docs/development.md");
  }
  std::vector<ColumnReference> found;
  collect(tree, found);
  std::ranges::sort(found, {}, &ColumnReference::offset);
  return found;
}

/// The end of the identifier that starts at `position`.
std::size_t identifier_end(std::string_view text, std::size_t position) {
  if (text[position] != '"') {
    const auto is_part = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
             c == '$' || (c & 0x80) != 0;
    };
    while (position < text.size() && is_part(text[position])) {
      ++position;
    }
    return position;
  }
  for (++position; position < text.size(); ++position) {
    if (text[position] != '"') {
      continue;
    }
    if (position + 1 < text.size() && text[position + 1] == '"') {
      ++position;
      continue;
    }
    return position + 1;
  }
  return position;
}

/// The end of `a.b.c` with that many parts; deparsed text has no blanks in it.
std::size_t reference_end(std::string_view text,
                          const ColumnReference& reference) {
  std::size_t end = identifier_end(text, reference.offset);
  for (std::size_t part = 1; part < reference.parts; ++part) {
    PGEXPAND_ASSERT(end < text.size() && text[end] == '.');
    end = identifier_end(text, end + 1);
  }
  return end;
}

}  // namespace

bool can_read(std::string_view text) {
  return !expression_tree(text).is_null();
}

std::vector<Identifier> columns_of(std::string_view text) {
  std::vector<Identifier> columns;
  for (const auto& reference : references(text)) {
    if (std::ranges::find(columns, reference.column) == columns.end()) {
      columns.push_back(reference.column);
    }
  }
  return columns;
}

bool are_columns_qualified(std::string_view text) {
  return std::ranges::all_of(
      references(text),
      [](const ColumnReference& reference) { return reference.parts > 1; });
}

Expression rewrite_columns(const Expression& expression,
                           std::string_view qualifier,
                           const ColumnMap& map) {
  const std::string_view text = expression.text;
  std::string result;
  std::size_t copied = 0;
  for (const auto& reference : references(text)) {
    const auto renamed =
        map ? map(reference.column) : std::optional<Identifier>{};
    result += text.substr(copied, reference.offset - copied);
    if (!qualifier.empty()) {
      result += fmt::format("{}.", qualifier);
    }
    result += renamed.value_or(reference.column).quoted();
    copied = reference_end(text, reference);
  }
  result += text.substr(copied);
  return {result};
}

bool is_plain_column(std::string_view text) {
  return view(expression_tree(text)).tag == "ColumnRef";
}

}  // namespace pgexpand::sql
