#include "pgexpand/sql/parser.hpp"
#include "sql/parse_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pgexpand::sql {
namespace {

using nlohmann::json;

// 80,000 nested terms crash libpg_query; nobody writes 16 KiB by hand.
constexpr std::size_t max_expression_bytes = 16 * 1024;

struct Banned {
  std::string_view tag;
  std::string_view code;
  std::string_view message;
  std::string_view hint;
};

constexpr std::array banned_nodes{
    Banned{"SelectStmt", "sql.subquery", "a subquery is not allowed here",
           subquery_hint},
    Banned{"ParamRef", "sql.parameter", "there is no parameter here",
           "write the value itself"},
    Banned{"A_Star", "sql.star", "\"*\" is not a value",
           "name the columns one by one"},
    Banned{"SetToDefault", "sql.default", "DEFAULT is not allowed here",
           "write the default's expression"},
    Banned{"CurrentOfExpr", "sql.cursor", "WHERE CURRENT OF is not a value",
           "write an expression over the row"},
    Banned{"GroupingFunc", "sql.aggregate", "GROUPING is not allowed here",
           "write an expression over one row"},
    Banned{"JsonObjectAgg", "sql.aggregate",
           "JSON_OBJECTAGG is not allowed here",
           "write an expression over one row"},
    Banned{"JsonArrayAgg", "sql.aggregate", "JSON_ARRAYAGG is not allowed here",
           "write an expression over one row"},
};

constexpr std::array aggregate_marks{
    "over",      "agg_star",   "agg_distinct",
    "agg_order", "agg_filter", "agg_within_group",
};

SyntaxFinding aggregate_finding(int offset) {
  return {"sql.aggregate", "aggregate and window calls are not allowed here",
          "write an expression over one row", offset};
}

/// The first node that has no place in an expression, searched depth first.
std::optional<SyntaxFinding> find_banned(const json& node,
                                         const ExpressionRules& rules,
                                         int nearest_offset) {
  if (node.is_array()) {
    for (const auto& item : node) {
      if (auto finding = find_banned(item, rules, nearest_offset)) {
        return finding;
      }
    }
    return std::nullopt;
  }
  if (!node.is_object()) {
    return std::nullopt;
  }
  const int offset = node.value("location", nearest_offset);
  for (const auto& [key, value] : node.items()) {
    if (rules.allow_subquery && key == "subselect") {
      continue;
    }
    const auto banned = std::ranges::find(banned_nodes, key, &Banned::tag);
    if (banned != banned_nodes.end()) {
      return SyntaxFinding{std::string(banned->code),
                           std::string(banned->message),
                           std::string(banned->hint), offset};
    }
    if (key == "FuncCall" &&
        std::ranges::any_of(aggregate_marks, [&call = value](const char* mark) {
          return call.contains(mark);
        })) {
      return aggregate_finding(value.value("location", offset));
    }
    if (auto finding = find_banned(value, rules, offset)) {
      return finding;
    }
  }
  return std::nullopt;
}

SyntaxFinding not_one(int offset) {
  return {"sql.not-one-expression", "this is not exactly one expression",
          "write a single value, such as lower(status)", offset};
}

/// The parser counts bytes in its tree, people count characters.
int characters(std::string_view text, std::size_t bytes) {
  const auto is_start = [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  };
  return static_cast<int>(std::ranges::count_if(
      text.substr(0, std::min(bytes, text.size())), is_start));
}

/// What is wrong in `text`, parsed after a prefix of that many bytes. The end
/// of what was parsed may lie behind the end of the text.
SyntaxFinding syntax(const ParseOutcome& outcome,
                     std::string_view text,
                     std::size_t prefix) {
  return {"sql.syntax", outcome.error,
          fmt::format("mend the SQL; the built-in grammar of PostgreSQL {} "
                      "knows nothing newer",
                      grammar_version()),
          std::clamp(outcome.error_offset - static_cast<int>(prefix), 0,
                     characters(text, text.size()))};
}

/// The grammar takes any expression between a type's brackets, the server only
/// constants and words.
bool has_plain_modifiers(const json& type) {
  return !type.contains("typmods") ||
         std::ranges::all_of(type["typmods"], [](const json& modifier) {
           const NodeView node = view(modifier);
           return node.tag == "A_Const" || node.tag == "ColumnRef";
         });
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

}  // namespace

std::optional<SyntaxFinding> check_expression(std::string_view text,
                                              const ExpressionRules& rules) {
  if (is_blank(text)) {
    return not_one(0);
  }
  if (text.size() > max_expression_bytes) {
    return SyntaxFinding{"sql.too-long", "the expression is over 16 KiB",
                         "move it into a function and call that", 0};
  }
  // Alone, the bracketed form accepts `a) = (b`, and the bare one `a, b`. The
  // newline ends a trailing `--` comment.
  const auto bare = parse_sql(fmt::format("{}{}\n", expression_prefix, text));
  if (!bare.error.empty()) {
    return syntax(bare, text, expression_prefix.size());
  }
  const auto bracketed =
      parse_sql(fmt::format("{}({}\n)", expression_prefix, text));
  if (!bracketed.error.empty()) {
    return not_one(0);
  }
  const json tree = expression_tree(text);
  if (tree.is_null()) {
    return not_one(0);
  }
  auto finding =
      find_banned(tree, rules, static_cast<int>(expression_prefix.size()));
  if (finding) {
    const auto prefix = static_cast<int>(expression_prefix.size());
    finding->offset = characters(
        text, static_cast<std::size_t>(std::max(0, finding->offset - prefix)));
  }
  return finding;
}

std::optional<SyntaxFinding> check_type(std::string_view text) {
  constexpr std::string_view prefix = "SELECT NULL::";
  const SyntaxFinding not_a_type{"sql.not-a-type",
                                 "this is not exactly one type name",
                                 "write a type, such as varchar(50)", 0};
  if (is_blank(text) || text.size() > max_expression_bytes) {
    return not_a_type;
  }
  const auto bare = parse_sql(fmt::format("{}{}\n", prefix, text));
  if (!bare.error.empty()) {
    return syntax(bare, text, prefix.size());
  }
  if (!parse_sql(fmt::format("SELECT CAST(NULL AS {}\n)", text))
           .error.empty()) {
    return not_a_type;
  }
  const json tree = expression_tree(fmt::format("NULL::{}", text));
  if (!tree.contains("TypeCast") ||
      !tree["TypeCast"]["arg"].contains("A_Const") ||
      !has_plain_modifiers(tree["TypeCast"]["typeName"])) {
    return not_a_type;
  }
  return std::nullopt;
}

namespace {

std::optional<SyntaxFinding> find_forbidden(const json& statement) {
  const NodeView node = view(statement);
  if (node.tag == "TransactionStmt") {
    return SyntaxFinding{"sql.transaction-control",
                         "transaction control is not allowed here",
                         "leave BEGIN, COMMIT and ROLLBACK out: pgexpand runs "
                         "the text in its own transaction"};
  }
  if (node.tag == "VariableSetStmt" && !node.body->value("is_local", false)) {
    return SyntaxFinding{"sql.set-without-local",
                         "SET without LOCAL would outlive the step",
                         "write SET LOCAL"};
  }
  if (node.tag == "CopyStmt" && !node.body->contains("filename")) {
    return SyntaxFinding{"sql.copy", "COPY needs a client to feed it",
                         "use INSERT, or COPY from a file on the server"};
  }
  return std::nullopt;
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\f\v;";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) {
    return {};
  }
  const auto last = text.find_last_not_of(blanks);
  return std::string(text.substr(first, last - first + 1));
}

}  // namespace

std::variant<std::vector<Statement>, SyntaxFinding> split_statements(
    std::string_view text) {
  const std::string whole(text);
  if (is_too_long_to_parse(whole)) {
    return SyntaxFinding{"sql.too-long", "a statement is over 64 KiB",
                         "make several statements of it", 0};
  }
  const auto outcome = parse_sql(whole);
  if (!outcome.error.empty()) {
    return syntax(outcome, text, 0);
  }
  std::vector<Statement> statements;
  std::size_t from = 0;  // the location may be behind a comment, or before it
  for (const auto& item : outcome.tree["stmts"]) {
    const auto start = item.value("stmt_location", std::size_t{0});
    const auto end = start + item.value("stmt_len", text.size() - start);
    if (auto finding = find_forbidden(item["stmt"])) {
      finding->offset = characters(text, start);
      return *finding;
    }
    statements.push_back(
        Statement::verbatim(trimmed(text.substr(from, end - from))));
    from = end;
  }
  if (statements.empty()) {
    return SyntaxFinding{"sql.empty", "there is no statement here",
                         "write one, or leave the field out", 0};
  }
  return statements;
}

}  // namespace pgexpand::sql
