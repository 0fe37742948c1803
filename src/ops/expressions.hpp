#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/catalog/probe.hpp"
#include "pgexpand/ops/operation.hpp"
#include "pgexpand/sql/names.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pgexpand::ops {

/// The named exceptions of an operation's `allow` list.
struct Allowed {
  bool is_volatile = false;
  bool subquery = false;
  bool lossy = false;
  bool user_triggers = false;
  bool published = false;
  bool function_bodies = false;
};

/// Reads `allow`; a finding for a word that is none of these.
[[nodiscard]] Allowed read_allow(spec::Fields& fields, Diagnostics& findings);

/// Who has to read an expression in the end.
enum class Reader {
  us,      ///< It goes into functions and batches, its columns renamed.
  server,  ///< It goes into DDL only: newer syntax is the server's to judge.
};

/// A user's expression with its place.
struct UserExpression {
  std::string text;
  Location where;
  Reader reader = Reader::us;
};

[[nodiscard]] inline bool is_for_ddl(const UserExpression& expression) {
  return expression.reader == Reader::server;
}

/// Reads a field that holds an expression and checks its syntax. What only the
/// server has to read may be newer than our grammar: a warning.
[[nodiscard]] std::optional<UserExpression> read_expression(
    spec::Fields& fields,
    std::string_view key,
    Diagnostics& findings,
    Reader reader = Reader::us);
/// The same for a text that did not come from a field of its own.
void check_expression_text(const UserExpression& expression,
                           Diagnostics& findings);

/// A user's type with its place.
struct UserType {
  std::string text;
  Location where;
};
[[nodiscard]] std::optional<UserType> read_type(spec::Fields& fields,
                                                std::string_view key,
                                                Diagnostics& findings);

/// The probe of a value without columns that goes into DDL only.
[[nodiscard]] inline catalog::ExpressionProbe in_ddl(const std::string& text,
                                                     const Location& where) {
  return {.text = text, .is_for_ddl = true, .where = where};
}

/// The type's answer; nothing after a finding.
[[nodiscard]] const catalog::TypeAnswer* resolved_type(
    const catalog::Answers& answers,
    const std::string& key,
    Diagnostics& findings);

/// What `type` stands for; until the server was asked its text, without an OID.
[[nodiscard]] catalog::Type type_or_text(const catalog::Answers& answers,
                                         const std::string& key,
                                         const UserType& type);
/// `expression` with bare names, as the server wrote it out; until it was asked
/// as the user did.
[[nodiscard]] sql::Expression written_out(const catalog::Answers& answers,
                                          const std::string& key,
                                          const UserExpression& expression);

/// What the use of an expression demands of it.
struct Demands {
  bool deterministic = true;  ///< Same value whoever computes it.
  bool assigned = true;       ///< Its target column's type must take it.
  Reader reader = Reader::us;
};

/// What a default must be, and a condition in DDL.
inline constexpr Demands is_default{.deterministic = false,
                                    .reader = Reader::server};
inline constexpr Demands is_check{.assigned = false, .reader = Reader::server};

/// The server's answer, after all refusals of product.md §4 were applied;
/// nothing after a blocking finding.
[[nodiscard]] const catalog::ExpressionAnswer* resolved(
    const catalog::Answers& answers,
    const std::string& key,
    const Location& where,
    const Allowed& allowed,
    const Demands& demands,
    Diagnostics& findings);

/// The answer's expression; nothing without an answer.
[[nodiscard]] std::optional<sql::Expression> text_of(
    const catalog::ExpressionAnswer* answer);

}  // namespace pgexpand::ops
