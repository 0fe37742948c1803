// The checks of a user's SQL: what they let through is one expression, one
// type, or whole statements, wherever we put it.
#include "fuzz/deparse.hpp"
#include "fuzz/target.hpp"
#include "pgexpand/sql/parser.hpp"
#include "sql/parse_tree.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::fuzz {
namespace {

using nlohmann::json;

json only_statement(const std::string& text) {
  const auto outcome = sql::parse_sql(text);
  check(outcome.error.empty(), "a statement around it parses", text);
  check(outcome.tree["stmts"].size() == 1, "it stays one statement", text);
  return outcome.tree["stmts"][0]["stmt"];
}

bool mentions(const json& node, std::string_view tag) {
  if (node.is_object()) {
    return std::ranges::any_of(node.items(), [&](const auto& member) {
      return member.key() == tag || mentions(member.value(), tag);
    });
  }
  return node.is_array() && std::ranges::any_of(node, [&](const json& item) {
           return mentions(item, tag);
         });
}

/// Where the product puts an expression: the probe, a row's value, a condition.
void check_stays_inside(const std::string& text) {
  const auto probe = fmt::format(
      "WITH p AS MATERIALIZED (SELECT 1) SELECT (\n{0}\n), pg_typeof((\n{0}"
      "\n)) FROM r WHERE (SELECT count(*) FROM p) = 0",
      text);
  const json select = only_statement(probe)["SelectStmt"];
  check(select["targetList"].size() == 2 && select["fromClause"].size() == 1 &&
            !select.contains("sortClause") && !select.contains("valuesLists"),
        "it stays in its place", probe);
  check(!mentions(select["targetList"], "RangeVar"), "it reads no table",
        probe);
  const json update = only_statement(
      fmt::format("UPDATE ONLY t SET a = (\n{0}\n) WHERE ((\n{0}\n))", text));
  check(update["UpdateStmt"]["targetList"].size() == 1 &&
            !update["UpdateStmt"].contains("fromClause"),
        "it stays in its place", text);
}

void check_deparsed(const std::string& text) {
  const auto deparsed = deparse_expression(text);
  if (!deparsed || sql::check_expression(*deparsed)) {
    return;  // the server, not libpg_query, writes what we rewrite
  }
  const auto columns = sql::columns_of(*deparsed);
  const auto same = sql::rewrite_columns({*deparsed}, "");
  check(sql::columns_of(same.text) == columns, "the columns stay", *deparsed);
  const auto rows = sql::rewrite_columns(
      {*deparsed}, "NEW", [](const sql::Identifier& column) {
        return std::optional(sql::Identifier(column.name() + "\"x"));
      });
  check(!sql::check_expression(rows.text).has_value(),
        "a rewritten expression is one", rows.text);
  check(sql::columns_of(rows.text).size() == columns.size(),
        "each column has its new name", rows.text);
  check_stays_inside(rows.text);
}

void check_expression(const std::string& text) {
  const auto finding = sql::check_expression(text);
  static_cast<void>(
      sql::check_expression(text, {.allow_subquery = true}).has_value());
  static_cast<void>(sql::is_plain_column(text));
  static_cast<void>(
      sql::never_null(text, [](const sql::Identifier&) { return false; }));
  if (sql::can_read(text)) {
    static_cast<void>(sql::columns_of(text));
  }
  if (finding) {
    check(finding->offset >= 0 &&
              static_cast<std::size_t>(finding->offset) <= text.size(),
          "a finding points into the text", finding->message);
    return;
  }
  check_stays_inside(text);
  check_deparsed(text);
}

void check_type(const std::string& text) {
  static_cast<void>(sql::builtin_type(text));
  if (sql::check_type(text)) {
    return;
  }
  const auto cast = fmt::format("SELECT CAST(NULL AS {}\n), 1", text);
  const json select = only_statement(cast)["SelectStmt"];
  check(select["targetList"].size() == 2, "a type stays in its place", cast);
  check(!mentions(select, "RangeVar") && !mentions(select, "FuncCall"),
        "a type calls nothing", cast);
}

void check_split(const std::string& text) {
  const auto split = sql::split_statements(text);
  const auto* statements = std::get_if<std::vector<sql::Statement>>(&split);
  if (statements == nullptr) {
    return;
  }
  check(!statements->empty(), "no statement is a finding", text);
  for (const auto& statement : *statements) {
    const json node = only_statement(statement.text());
    check(!node.contains("TransactionStmt"), "no transaction control", text);
  }
}

}  // namespace

void examine(std::string_view bytes) {
  // Specs are checked for both before any SQL in them is looked at.
  std::string text = valid_utf8(bytes);
  std::erase(text, '\0');
  check_expression(text);
  check_type(text);
  check_split(text);
}

}  // namespace pgexpand::fuzz
