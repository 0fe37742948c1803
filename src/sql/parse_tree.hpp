#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace pgexpand::sql {

/// What libpg_query made of a text: a tree, or an error with its place.
struct ParseOutcome {
  nlohmann::json tree;  ///< Null after an error.
  std::string error;
  int error_offset = 0;  ///< 0-based characters into the parsed text.
};

/// Parses with the built-in grammar, that of grammar_version().
[[nodiscard]] ParseOutcome parse_sql(const std::string& text);

/// True if a statement of the text is too long to be parsed: libpg_query walks
/// a tree with as many calls as it is deep, so a long one may take more stack
/// than there is.
[[nodiscard]] bool is_too_long_to_parse(const std::string& text);

/// The tree of `SELECT <expression>`'s only target; null JSON if it does not
/// parse or is more than that. Byte offsets in it count from the expression's
/// first byte after `expression_prefix`.
[[nodiscard]] nlohmann::json expression_tree(std::string_view expression);

/// What stands before the expression in the text expression_tree parses.
inline constexpr std::string_view expression_prefix = "SELECT ";

/// The node's tag and body: `{"FuncCall": {…}}`.
struct NodeView {
  std::string_view tag;
  const nlohmann::json* body = nullptr;
};
[[nodiscard]] NodeView view(const nlohmann::json& node);

/// The names of a list of String nodes: `["pg_catalog", "lower"]`; `*` for
/// A_Star.
[[nodiscard]] std::vector<std::string> string_list(const nlohmann::json& list);

}  // namespace pgexpand::sql
