#include "sql/parse_tree.hpp"

#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>
#include <pg_query.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace pgexpand::sql {

namespace {

// Walking and copying a tree takes stack for every level; a person's SQL has
// a few dozen.
constexpr int max_tree_depth = 1000;

bool is_too_deep(std::string_view json) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t n = 0; n < json.size(); ++n) {
    const char c = json[n];
    if (in_string && c == '\\') {
      ++n;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '{' || c == '[')) {
      if (++depth > max_tree_depth) {
        return true;
      }
    } else if (!in_string && (c == '}' || c == ']')) {
      --depth;
    }
  }
  return false;
}

/// The scanner quotes what it stumbled over byte by byte, and may cut a
/// character in two: without the piece of it.
std::string with_whole_characters(std::string_view text) {
  const auto is_rest = [](char c) { return (c & 0xC0) == 0x80; };
  std::string whole;
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    const std::size_t bytes = first < 0xC0   ? 1U
                              : first < 0xE0 ? 2U
                              : first < 0xF0 ? 3U
                                             : 4U;
    const auto rest = text.substr(at, bytes).substr(1);
    if (!is_rest(text[at]) && rest.size() + 1 == bytes &&
        std::ranges::all_of(rest, is_rest)) {
      whole += text.substr(at, bytes);
      at += bytes;
    } else {
      ++at;
    }
  }
  return whole;
}

}  // namespace

std::string_view grammar_version() noexcept { return PG_VERSION; }

bool is_newer_than_grammar(int server_version_num) noexcept {
  constexpr int major = 10'000;
  return server_version_num / major > PG_VERSION_NUM / major;
}

ParseOutcome parse_sql(const std::string& text) {
  PgQueryParseResult raw = pg_query_parse(text.c_str());
  const auto release = [](PgQueryParseResult* result) {
    pg_query_free_parse_result(*result);
  };
  const std::unique_ptr<PgQueryParseResult, decltype(release)> owner(&raw,
                                                                     release);
  ParseOutcome outcome;
  if (raw.error != nullptr) {
    outcome.error = with_whole_characters(raw.error->message);
    outcome.error_offset =
        raw.error->cursorpos > 0 ? raw.error->cursorpos - 1 : 0;
    return outcome;
  }
  if (is_too_deep(raw.parse_tree)) {
    outcome.error = "the SQL is nested too deeply";
    return outcome;
  }
  outcome.tree = nlohmann::json::parse(raw.parse_tree, nullptr, false);
  return outcome;
}

bool is_too_long_to_parse(const std::string& text) {
  // 65,000 terms of two bytes each are too many for 8 MiB of stack.
  constexpr int most_bytes = 64 * 1024;
  if (text.size() <= most_bytes) {
    return false;
  }
  PgQuerySplitResult split = pg_query_split_with_scanner(text.c_str());
  bool is_too_long = false;  // what cannot be split cannot be parsed either
  for (int n = 0; n < split.n_stmts; ++n) {
    is_too_long = is_too_long || split.stmts[n]->stmt_len > most_bytes;
  }
  pg_query_free_split_result(split);
  return is_too_long;
}

nlohmann::json expression_tree(std::string_view expression) {
  const auto outcome =
      parse_sql(fmt::format("{}{}\n", expression_prefix, expression));
  if (!outcome.error.empty() || !outcome.tree.contains("stmts") ||
      outcome.tree["stmts"].size() != 1) {
    return nullptr;
  }
  const auto& statement = outcome.tree["stmts"][0]["stmt"];
  if (!statement.contains("SelectStmt")) {
    return nullptr;
  }
  const auto& select = statement["SelectStmt"];
  // limitOption and op are always there; anything else is more than a target.
  if (select.size() != 3 || !select.contains("targetList") ||
      select["targetList"].size() != 1) {
    return nullptr;
  }
  const auto& target = select["targetList"][0]["ResTarget"];
  if (target.contains("name") || !target.contains("val")) {
    return nullptr;
  }
  return target["val"];
}

NodeView view(const nlohmann::json& node) {
  if (!node.is_object() || node.size() != 1) {
    return {};
  }
  const auto member = node.begin();
  return {member.key(), &member.value()};
}

std::vector<std::string> string_list(const nlohmann::json& list) {
  std::vector<std::string> names;
  for (const auto& item : list) {
    const NodeView node = view(item);
    if (node.tag == "String") {
      names.push_back(node.body->value("sval", ""));
    } else if (node.tag == "A_Star") {
      names.emplace_back("*");
    }
  }
  return names;
}

}  // namespace pgexpand::sql
