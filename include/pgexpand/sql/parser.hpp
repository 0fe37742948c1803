#pragma once

#include "pgexpand/sql/names.hpp"
#include "pgexpand/sql/statement.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pgexpand::sql {

/// The release of PostgreSQL whose grammar is built in, such as `18.6`. A newer
/// server takes and writes syntax that it does not know.
[[nodiscard]] std::string_view grammar_version() noexcept;
/// True if the server's major version is newer than the grammar's.
/// `server_version_num` as PostgreSQL counts, `180004`.
[[nodiscard]] bool is_newer_than_grammar(int server_version_num) noexcept;

/// True if the built-in grammar reads `text` as one expression. Ask first:
/// columns_of() and rewrite_columns() throw where it does not.
[[nodiscard]] bool can_read(std::string_view text);

/// Why a user's SQL text was not accepted.
struct SyntaxFinding {
  std::string
      code;  ///< `sql.syntax`, `sql.subquery`, `sql.not-one-expression` …
  std::string
      message;  ///< Lower case; in PostgreSQL's wording where it has one.
  std::string hint;
  int offset = 0;  ///< 0-based character offset into the user's text.
};

/// What to write in the place of a subquery.
inline constexpr const char* subquery_hint =
    "put the query into a function of yours that names its tables with their "
    "schemas, call that, and add `allow: [volatile]`";

struct ExpressionRules {
  bool allow_subquery = false;
};

/// Checks that `text` is exactly one scalar expression: no second statement,
/// no subquery, parameter, `*`, DEFAULT, window call, or aggregate syntax.
/// At most 16 KiB. nullopt means it is fine. Does not know functions: whether
/// one is an aggregate, a set or volatile is the server's to say.
[[nodiscard]] std::optional<SyntaxFinding> check_expression(
    std::string_view text, const ExpressionRules& rules = {});

/// Checks that `text` is exactly one type name, e.g. `numeric(10,2)[]`.
[[nodiscard]] std::optional<SyntaxFinding> check_type(std::string_view text);

/// Splits a `sql` text into statements. A finding for transaction control, SET
/// without LOCAL, or a syntax error (`sql.syntax`: on servers newer than the
/// built-in grammar the caller may treat it as a warning).
[[nodiscard]] std::variant<std::vector<Statement>, SyntaxFinding>
split_statements(std::string_view text);

/// The columns an expression reads, in order of first use. `text` is an
/// expression that check_expression accepted or that the server deparsed.
/// A qualifier (`orders.status`) is dropped. Throws Error (refused,
/// `sql.unreadable`) if can_read() says no.
[[nodiscard]] std::vector<Identifier> columns_of(std::string_view text);

/// True if each column of a text that we can read is written `table.column`, as
/// the server does on request. A bare word is then a newer server's keyword.
[[nodiscard]] bool are_columns_qualified(std::string_view text);

/// What an expression's column is called elsewhere; nullopt keeps its name.
using ColumnMap =
    std::function<std::optional<Identifier>(const Identifier& column)>;

/// Rewrites every column reference of a deparsed expression: renames it by
/// `map` and puts `qualifier` before it (`NEW`, `OLD`, `t`; empty for none).
/// `qualifier` is SQL text, not quoted again. Throws Error (refused,
/// `sql.unreadable`) if can_read() says no.
[[nodiscard]] Expression rewrite_columns(const Expression& expression,
                                         std::string_view qualifier,
                                         const ColumnMap& map = {});

/// True if the expression, read over columns for which `is_nullable` says
/// false, can never be NULL: constants, casts, COALESCE with such an argument,
/// CASE whose branches all are, common strict operators and functions over
/// such arguments. False when unsure.
[[nodiscard]] bool never_null(
    std::string_view text,
    const std::function<bool(const Identifier&)>& is_nullable);

/// True if the expression has a value for every row: columns, constants, casts
/// to text, comparisons, COALESCE, CASE and common functions of strings, times
/// and JSON over such. False when unsure: arithmetic overflows, casts refuse,
/// and what a user's function does nobody knows.
[[nodiscard]] bool cannot_fail(std::string_view text);

/// True if the expression, as the server writes it with an empty search_path,
/// calls a function or an operator, or makes a type, that is not the server's
/// own; also when it cannot be read.
[[nodiscard]] bool calls_users_code(std::string_view text);

/// True if `text` is nothing but one column reference; false for what
/// can_read() does not read.
[[nodiscard]] bool is_plain_column(std::string_view text);

/// A type of PostgreSQL's own, as its text names it.
struct BuiltinType {
  std::string name;            ///< pg_type.typname: varchar, int4, timestamptz.
  std::vector<int> modifiers;  ///< `{10, 2}` of numeric(10,2).

  friend bool operator==(const BuiltinType&, const BuiltinType&) = default;
};

/// nullopt for anything but a plain built-in scalar type: arrays, intervals
/// with fields, names of other schemas.
[[nodiscard]] std::optional<BuiltinType> builtin_type(std::string_view text);

}  // namespace pgexpand::sql
