#include "fuzz/plan_check.hpp"

#include "fuzz/deparse.hpp"
#include "fuzz/target.hpp"
#include "pgexpand/base/overloaded.hpp"
#include "pgexpand/sql/parser.hpp"
#include "sql/parse_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

namespace pgexpand::fuzz {
namespace {

using nlohmann::json;

/// Every kind of statement that a plan may hold.
const std::set<std::string_view> kinds{
    "AlterFunctionStmt",  "AlterOwnerStmt", "AlterSeqStmt",
    "AlterStatsStmt",     "AlterTableStmt", "CommentStmt",
    "CreateFunctionStmt", "CreateSeqStmt",  "CreateStatsStmt",
    "CreateTrigStmt",     "DoStmt",         "DropStmt",
    "GrantStmt",          "IndexStmt",      "RenameStmt",
    "SelectStmt",         "UpdateStmt",     "VacuumStmt"};

/// Every kind of statement that a function of ours may hold.
const std::set<std::string_view> body_kinds{
    "PLpgSQL_stmt_block",  "PLpgSQL_stmt_if",      "PLpgSQL_stmt_assign",
    "PLpgSQL_stmt_return", "PLpgSQL_stmt_execsql", "PLpgSQL_stmt_perform",
    "PLpgSQL_stmt_raise",  "PLpgSQL_stmt_null"};

/// And what a DO block may hold besides.
const std::set<std::string_view> block_kinds{"PLpgSQL_stmt_dynexecute",
                                             "PLpgSQL_stmt_fors"};

/// The statement as PostgreSQL 15 can read it: a NOT NULL constraint with a
/// name, which 18 has, as the CHECK it stands for.
std::string readable(const std::string& text) {
  constexpr std::string_view not_null = " NOT NULL \"";
  const auto at = text.rfind(not_null);
  if (at == std::string::npos || !text.starts_with("ALTER TABLE ")) {
    return text;
  }
  const auto column = at + not_null.size() - 1;
  const auto end = text.rfind('"') + 1;
  return fmt::format("{} CHECK ({} IS NOT NULL){}", text.substr(0, at),
                     text.substr(column, end - column), text.substr(end));
}

class Checker {
 public:
  Checker(const plan::Plan& plan, const catalog::Catalog& catalog)
      : names_not_null_(catalog.server_version_num >= 180'000),
        state_schema_(plan.state_schema) {
    schemas_.insert(plan.state_schema);
    for (const auto& table : catalog.tables) {
      schemas_.insert(table.name.schema.name());
    }
  }

  void check_action(const plan::Action& action) {
    if (const auto* run = std::get_if<plan::RunSql>(&action)) {
      is_users_ = run->is_users;
      check(run->transactional || run->statements.size() == 1,
            "one statement outside a transaction");
    }
    for (const auto& statement : plan::statements_of(action)) {
      check_statement(statement.text());
    }
    if (const auto* compare = std::get_if<plan::CompareRows>(&action)) {
      for (const auto* comparisons :
           {&compare->before_switch, &compare->after_switch}) {
        for (const auto& comparison : *comparisons) {
          check_comparison(compare->table, comparison);
        }
      }
    }
    is_users_ = false;
  }

  void check_statement(const std::string& text) {
    auto outcome = sql::parse_sql(text);
    if (!outcome.error.empty() && names_not_null_) {
      outcome = sql::parse_sql(readable(text));
    }
    if (is_users_ && !outcome.error.empty()) {
      return;  // a warning in the plan: a newer server may know it
    }
    check(outcome.error.empty(),
          "a statement of the plan parses: " + outcome.error, text);
    const auto& all = outcome.tree["stmts"];
    check(all.size() == 1, "it is one statement", text);
    const auto& node = all[0]["stmt"];
    if (is_users_) {
      check(!node.contains("TransactionStmt"), "no transaction control", text);
      return;
    }
    const auto kind = node.begin().key();
    check(kinds.contains(kind), "a kind that we send, not " + kind, text);
    text_ = &text;
    walk(node);
    check_names(text);
    if (kind == "CreateFunctionStmt" || kind == "DoStmt") {
      is_block_ = kind == "DoStmt";
      walk_body(plpgsql_tree(text));
      is_block_ = false;
    }
  }

 private:
  void check_comparison(const sql::TableName& table,
                        const plan::Comparison& comparison) {
    check_statement(fmt::format("SELECT t.ctid FROM ONLY {} AS t WHERE {}",
                                table, comparison.differs));
    if (comparison.repair) {
      check_statement(fmt::format("UPDATE ONLY {} AS t SET {} = {} WHERE {}",
                                  table, comparison.repair->column,
                                  comparison.repair->value,
                                  comparison.differs));
    }
  }

  /// Tables that the statement names, and how it drops.
  void walk(const json& node) {
    if (node.is_array()) {
      for (const auto& item : node) {
        walk(item);
      }
      return;
    }
    if (!node.is_object()) {
      return;
    }
    if (node.contains("relname")) {
      check_table(node);
    }
    check(node.value("behavior", "") != "DROP_CASCADE", "never CASCADE",
          *text_);
    for (const auto& [key, value] : node.items()) {
      walk(value);
    }
  }

  void check_table(const json& table) {
    const auto schema = table.value("schemaname", "");
    if (schema.empty() && table.value("relname", "") == "t") {
      return;  // an alias
    }
    check(schemas_.contains(schema) || (is_block_ && schema == "pg_catalog"),
          "a table of the plan, not of " + schema, *text_);
  }

  /// No server name may be cut off silently.
  static void check_names(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      const char quote = text[at];
      if (quote == '$' && text.substr(at).starts_with("$pgexpand")) {
        return;  // a body; its names are checked with it
      }
      if (quote != '"' && quote != '\'') {
        continue;
      }
      const bool escapes = quote == '\'' && at > 0 && text[at - 1] == 'E';
      std::size_t bytes = 0;
      for (++at; at < text.size(); ++at, ++bytes) {
        if (text[at] == quote && text.substr(at + 1, 1) == text.substr(at, 1)) {
          ++at;
        } else if (text[at] == quote) {
          break;
        } else if (escapes && text[at] == '\\') {
          ++at;
        }
      }
      check(quote == '\'' || bytes <= sql::max_name_bytes,
            "a name is not too long", text);
    }
  }

  void walk_body(const json& node) {
    if (node.is_array()) {
      for (const auto& item : node) {
        walk_body(item);
      }
      return;
    }
    if (!node.is_object()) {
      return;
    }
    for (const auto& [key, value] : node.items()) {
      if (key.starts_with("PLpgSQL_stmt_")) {
        const bool is_known = body_kinds.contains(key) ||
                              (is_block_ && block_kinds.contains(key));
        check(is_known, "a function does no " + key, *text_);
      }
      if (key == "PLpgSQL_stmt_execsql") {
        check_statement_of_body(value["sqlstmt"]["PLpgSQL_expr"]["query"]);
      } else if (key == "PLpgSQL_expr") {
        check_expression_of_body(value["query"]);
      }
      if (key != "PLpgSQL_stmt_execsql") {
        walk_body(value);
      }
    }
  }

  void check_statement_of_body(const std::string& query) {
    const auto outcome = sql::parse_sql(query);
    check(outcome.error.empty() && outcome.tree["stmts"].size() == 1,
          "a function's statement is one", query);
    const auto& node = outcome.tree["stmts"][0]["stmt"];
    if (is_block_) {
      check(kinds.contains(node.begin().key()), "a kind that we send", query);
    } else {
      const bool is_ours =
          node.contains("InsertStmt") && node["InsertStmt"]["relation"].value(
                                             "schemaname", "") == state_schema_;
      check(is_ours || node.contains("ConstraintsSetStmt"),
            "a function writes to our state only", query);
    }
    walk(node);
  }

  /// `a`, or `target := a`; PERFORM begins with SELECT.
  void check_expression_of_body(std::string query) {
    constexpr std::string_view select = "SELECT ";
    constexpr std::string_view row = "NEW.\"";
    if (query.starts_with(select)) {
      query.erase(0, select.size());
    }
    if (query.starts_with(row)) {
      std::size_t end = row.size();
      while (end < query.size() &&
             (query[end] != '"' || query.substr(end + 1, 1) == "\"")) {
        end += query[end] == '"' ? 2 : 1;
      }
      if (query.substr(end).starts_with("\" := ")) {
        query.erase(0, end + 5);
      }
    }
    const auto finding = sql::check_expression(query);
    if (finding && is_block_) {
      check_statement_of_body("SELECT " + query);
      return;
    }
    check(!finding || finding->code == "sql.too-long",
          "an expression of a function is one", query);
  }

  bool names_not_null_;
  std::string state_schema_;
  std::set<std::string> schemas_;
  const std::string* text_ = nullptr;
  bool is_users_ = false;
  bool is_block_ = false;  ///< A DO block, not a function.
};

}  // namespace

void check_plan(const plan::Plan& plan, const catalog::Catalog& catalog) {
  Checker checker(plan, catalog);
  for (const auto& step : plan.steps) {
    check(!step.id.empty() && !step.title.empty(), "a step has id and title");
    checker.check_action(step.action);
    for (const auto& undo : step.undo) {
      checker.check_action(undo.action);
    }
  }
  for (const auto& gate : plan.rollback_gates) {
    checker.check_statement(gate.count.text());
  }
}

}  // namespace pgexpand::fuzz
