// Quoting: what is quoted reads back as it was, and is nothing else besides.
#include "fuzz/input.hpp"
#include "fuzz/target.hpp"
#include "ops/sync_function.hpp"
#include "pgexpand/spec/migration_spec.hpp"
#include "pgexpand/sql/names.hpp"
#include "pgexpand/sql/statement.hpp"
#include "sql/parse_tree.hpp"

namespace pgexpand::fuzz {
namespace {

/// As ruleutils.c and quote.c do it: quotes doubled, and E before a literal
/// that holds a backslash.
std::string reference(std::string_view text, char quote) {
  std::string result(1, quote);
  const bool escapes =
      quote == '\'' && text.find('\\') != std::string_view::npos;
  for (const char c : text) {
    result.append(c == quote || (escapes && c == '\\') ? 2 : 1, c);
  }
  return (escapes ? " E" : "") + result + quote;
}

/// The only target of a SELECT that has nothing but one.
const nlohmann::json& only_target(const sql::ParseOutcome& outcome,
                                  const std::string& text) {
  check(outcome.error.empty(), "quoted text parses", text);
  check(outcome.tree["stmts"].size() == 1, "it is one statement", text);
  const auto& select = outcome.tree["stmts"][0]["stmt"]["SelectStmt"];
  check(select["targetList"].size() == 1 && select.size() == 3,
        "it is one value", text);
  return select["targetList"][0]["ResTarget"];
}

void check_identifier(const std::string& name) {
  const auto quoted = sql::quote_identifier(name);
  check(quoted == reference(name, '"'), "as the reference quotes", quoted);
  if (name.empty() || name.size() > sql::max_name_bytes) {
    return;
  }
  const auto text =
      sql::Statement::of("SELECT 1 AS {}", sql::Identifier(name)).text();
  const auto outcome = sql::parse_sql(text);
  check(only_target(outcome, text)["name"] == name,
        "a name reads back as it was", text);
  const auto column = sql::Identifier(name).quoted();
  const auto columns = sql::parse_sql("SELECT " + column);
  check(only_target(columns, column)["val"].contains("ColumnRef"),
        "a quoted name is a column, whatever word it is", column);
}

void check_literal(const std::string& value) {
  const auto quoted = sql::quote_literal(value);
  check(quoted == reference(value, '\''), "as the reference quotes", quoted);
  const auto text = sql::Statement::of("SELECT {}", sql::Literal{value}).text();
  const auto outcome = sql::parse_sql(text);
  const auto& constant = only_target(outcome, text)["val"]["A_Const"];
  check(constant["sval"].value("sval", "") == value,
        "a literal reads back as it was", text);
}

void check_shortened(const std::string& name) {
  const auto shorter = sql::shorten_name(name);
  check(shorter.size() <= sql::max_name_bytes, "a short name fits", shorter);
  check(is_valid_utf8(shorter), "no character is cut in two", shorter);
  check(name.size() > sql::max_name_bytes || shorter == name,
        "a name that fits stays", shorter);
  check(sql::shorten_name(shorter) == shorter, "once is enough", shorter);
}

void check_display(const std::string& schema, const std::string& name) {
  if (schema.empty() || name.empty() || schema.size() > sql::max_name_bytes ||
      name.size() > sql::max_name_bytes) {
    return;
  }
  const sql::TableName table{sql::Identifier(schema), sql::Identifier(name)};
  for (const auto& text : {table.display(), table.quoted()}) {
    Diagnostics findings;
    check(spec::read_table_name(text, {}, findings) == table,
          "a spec can name what we print", text);
  }
}

void check_dollar_quote(const std::string& body) {
  const auto quote = ops::dollar_quote(body);
  const auto text = "SELECT " + quote + '\n' + body + '\n' + quote;
  const auto outcome = sql::parse_sql(text);
  const auto& constant = only_target(outcome, text)["val"]["A_Const"];
  check(constant["sval"].value("sval", "") == '\n' + body + '\n',
        "a body stays between its quotes", text);
}

}  // namespace

void examine(std::string_view bytes) {
  Input input(bytes);
  std::string first;
  std::string second;
  // The server has no NUL, and all we hold is UTF-8.
  for (auto [text, part] :
       {std::pair{&first, input.text(70)}, std::pair{&second, input.rest()}}) {
    for (const char c : valid_utf8(part)) {
      *text += c == '\0' ? '"' : c;
    }
  }
  for (const auto& text : {first, second}) {
    check_identifier(text);
    check_literal(text);
    check_shortened(text);
    check_dollar_quote(text);
  }
  check_display(first, second);
}

}  // namespace pgexpand::fuzz
