#include "ops/expressions.hpp"

#include "ops/field_rows.hpp"
#include "pgexpand/base/assert.hpp"
#include "pgexpand/base/units.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

/// Of what only the server has to read, syntax is the server's to judge: it is
/// asked about each expression and type.
void report(const sql::SyntaxFinding& finding,
            const std::string& text,
            const Location& where,
            Reader reader,
            Diagnostics& findings) {
  const bool is_servers =
      reader == Reader::server && finding.code == "sql.syntax";
  findings.add(
      {.severity = is_servers ? Severity::warning : Severity::error,
       .code = finding.code,
       .message = fmt::format(
           "{} (at character {} of `{}`{}", finding.message, finding.offset + 1,
           text,
           is_servers ? fmt::format(", by the grammar of PostgreSQL {}); the "
                                    "server will decide",
                                    sql::grammar_version())
                      : ")"),
       .hint = is_servers ? "check it with psql" : finding.hint,
       .where = where});
}

bool check_kind(const catalog::ExpressionAnswer& answer,
                const Location& where,
                Diagnostics& findings) {
  const auto refuse = [&](std::string code, std::string_view what) {
    findings.error(where, std::move(code),
                   fmt::format("{} is not allowed here", what),
                   "write an expression over one row");
    return false;
  };
  const bool is_read = sql::can_read(answer.deparsed.text);
  const auto read = is_read ? sql::columns_of(answer.deparsed.text)
                            : std::vector<sql::Identifier>{};
  if (std::ranges::find(read, sql::Identifier("*")) != read.end()) {
    return refuse("sql.star", "the whole row");
  }
  if (answer.has_aggregate) {
    return refuse("expression.aggregate", "an aggregate");
  }
  if (answer.has_window) {
    return refuse("expression.window", "a window function");
  }
  if (answer.has_set) {
    return refuse("expression.set-returning", "a function that returns a set");
  }
  return true;
}

/// The server may write newer syntax than the user did, and a word that is no
/// column.
bool check_reader(const catalog::ExpressionAnswer& answer,
                  const Location& where,
                  Reader reader,
                  Diagnostics& findings) {
  const std::string& text = answer.deparsed.text;
  if (reader == Reader::server ||
      (sql::can_read(text) && sql::are_columns_qualified(text))) {
    return true;
  }
  findings.error(
      where, "sql.unreadable",
      fmt::format(
          "the server writes it as `{}`, which the built-in grammar of "
          "PostgreSQL {} cannot read: it could not be used in a trigger",
          text, sql::grammar_version()),
      "use functions that PostgreSQL had then, or build pgexpand with a newer "
      "parser (docs/development.md)");
  return false;
}

bool check_stability(const catalog::ExpressionAnswer& answer,
                     const Location& where,
                     const Allowed& allowed,
                     Diagnostics& findings) {
  if (answer.stability == catalog::Stability::immutable ||
      allowed.is_volatile) {
    return true;
  }
  const std::string why = answer.stability == catalog::Stability::is_volatile
                              ? "is VOLATILE"
                          : answer.stability == catalog::Stability::session
                              ? "depends on the time or the session"
                              : "may read other tables";
  findings.error(
      where, "expression.not-deterministic",
      fmt::format("{} {}: trigger, backfill and verify would disagree",
                  answer.unstable_because, why),
      "use an expression over the row's own columns, or add `allow: "
      "[volatile]`; verify then only looks for NULL");
  return false;
}

bool check_sample(const catalog::ExpressionAnswer& answer,
                  const Location& where,
                  Diagnostics& findings) {
  if (answer.failed_rows == 0) {
    return true;
  }
  if (answer.failed_rows == answer.sampled_rows) {
    findings.refuse(
        where, "expression.fails-on-every-row",
        fmt::format("the expression fails on all {} sampled rows "
                    "(SQLSTATE {})",
                    human_count(answer.sampled_rows), answer.failed_sqlstate),
        "mend the expression, or the rows first");
    return false;
  }
  findings.warn(
      where, "expression.fails-on-some-rows",
      fmt::format("the expression fails on {} of {} sampled rows "
                  "(SQLSTATE {})",
                  human_count(answer.failed_rows),
                  human_count(answer.sampled_rows), answer.failed_sqlstate),
      "those rows would be quarantined and keep verify red");
  return true;
}

}  // namespace

Allowed read_allow(spec::Fields& fields, Diagnostics& findings) {
  Allowed allowed;
  const auto words = fields.optional_list("allow", findings);
  if (!words) {
    return allowed;
  }
  const std::vector<std::pair<std::string, bool*>> known{
      {"volatile", &allowed.is_volatile},
      {"subquery", &allowed.subquery},
      {"lossy", &allowed.lossy},
      {"user_triggers", &allowed.user_triggers},
      {"published", &allowed.published},
      {"column_order", &allowed.column_order},
      {"function_bodies", &allowed.function_bodies}};
  for (const std::string& word : *words) {
    bool is_known = false;
    for (const auto& [name, flag] : known) {
      if (name == word) {
        *flag = is_known = true;
      }
    }
    if (!is_known) {
      findings.error(fields.where("allow"), "spec.unknown-exception",
                     fmt::format("\"{}\" is not an exception", word),
                     fmt::format("use {}", fmt::join(exception_words, ", ")));
    }
  }
  if (allowed.subquery) {
    findings.error(fields.where("allow"), "spec.subquery-unsupported",
                   "subqueries in expressions are not supported yet",
                   sql::subquery_hint);
  }
  return allowed;
}

void check_expression_text(const UserExpression& expression,
                           Diagnostics& findings) {
  if (const auto finding = sql::check_expression(expression.text)) {
    report(*finding, expression.text, expression.where, expression.reader,
           findings);
  }
}

std::optional<UserExpression> read_expression(spec::Fields& fields,
                                              std::string_view key,
                                              Diagnostics& findings,
                                              Reader reader) {
  const auto text = fields.optional(key, findings);
  if (!text) {
    return std::nullopt;
  }
  UserExpression expression{*text, fields.where(key), reader};
  check_expression_text(expression, findings);
  return expression;
}

std::optional<UserType> read_type(spec::Fields& fields,
                                  std::string_view key,
                                  Diagnostics& findings) {
  const auto text = fields.optional(key, findings);
  if (!text) {
    return std::nullopt;
  }
  const UserType type{*text, fields.where(key)};
  if (const auto finding = sql::check_type(*text)) {
    report(*finding, *text, type.where, Reader::server, findings);
  }
  return type;
}

bool gives_one_value(
    const std::map<std::string, catalog::ExpressionAnswer>& answers,
    const std::string& key) {
  const auto found = answers.find(key);
  return found != answers.end() && !found->second.finding &&
         found->second.stability == catalog::Stability::immutable;
}

const catalog::TypeAnswer* resolved_type(const catalog::Answers& answers,
                                         const std::string& key,
                                         Diagnostics& findings) {
  const auto found = answers.types.find(key);
  PGEXPAND_ASSERT(found != answers.types.end());
  if (found->second.finding) {
    findings.add(*found->second.finding);
    return nullptr;
  }
  return &found->second;
}

catalog::Type type_or_text(const catalog::Answers& answers,
                           const std::string& key,
                           const UserType& type) {
  const auto found = answers.types.find(key);
  return found == answers.types.end() || found->second.finding
             ? catalog::Type{.name = {type.text}}
             : found->second.type;
}

sql::Expression written_out(const catalog::Answers& answers,
                            const std::string& key,
                            const UserExpression& expression) {
  const auto found = answers.expressions.find(key);
  if (found == answers.expressions.end() || found->second.finding) {
    return {expression.text};
  }
  const sql::Expression& deparsed = found->second.deparsed;
  return sql::can_read(deparsed.text) ? sql::rewrite_columns(deparsed, "")
                                      : deparsed;
}

const catalog::ExpressionAnswer* resolved(const catalog::Answers& answers,
                                          const std::string& key,
                                          const Location& where,
                                          const Allowed& allowed,
                                          const Demands& demands,
                                          Diagnostics& findings) {
  const auto found = answers.expressions.find(key);
  PGEXPAND_ASSERT(found != answers.expressions.end());
  const catalog::ExpressionAnswer& answer = found->second;
  if (answer.finding) {
    findings.add(*answer.finding);
    return nullptr;
  }
  bool is_fine = check_kind(answer, where, findings) &&
                 check_reader(answer, where, demands.reader, findings);
  if (demands.deterministic) {
    is_fine = check_stability(answer, where, allowed, findings) && is_fine;
  }
  if (demands.assigned && !answer.assignable) {
    findings.error(where, "expression.not-assignable",
                   fmt::format("the expression is of type {}, which has no "
                               "assignment cast to the column's type",
                               answer.type.name.text),
                   "cast it, as in (…)::text");
    is_fine = false;
  }
  is_fine = check_sample(answer, where, findings) && is_fine;
  return is_fine ? &answer : nullptr;
}

std::optional<sql::Expression> text_of(
    const catalog::ExpressionAnswer* answer) {
  return answer == nullptr ? std::nullopt : std::optional(answer->deparsed);
}

}  // namespace pgexpand::ops
