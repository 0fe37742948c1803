#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/sql/names.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pgexpand::catalog {

/// A question only the server can answer: what type does this text name?
struct TypeProbe {
  std::string text;  ///< As the user wrote it; check_type() accepted it.
  std::optional<std::string> collation;  ///< Name as the user wrote it.
  Location where;
};

/// A column of the row an expression reads.
struct ScopeColumn {
  sql::Identifier name;       ///< What the expression calls it.
  std::string type;           ///< SQL text: user's or qualified type.
  bool is_user_type = false;  ///< `type` is user text, resolved by search_path.
  std::optional<sql::Identifier> stored_as;  ///< In the table today; none: new.
};

/// A question only the server can answer: is this expression sound over a row
/// of this shape, what is it in full, what type has it, does it fail on real
/// rows?
struct ExpressionProbe {
  std::string text;  ///< As the user wrote it, or deparsed by the server.
  std::optional<sql::TableName> table;  ///< None: no row (a default).
  std::vector<ScopeColumn> columns;
  std::optional<std::string> target_type;  ///< Result is assigned to this.
  bool target_is_user_type = false;
  bool allow_subquery = false;
  bool is_predicate = false;  ///< Must be boolean.
  bool sample = false;        ///< Try it on real rows (only stored columns).
  /// It goes into DDL only: syntax that is newer than our grammar is the
  /// server's to judge. Else such text is refused.
  bool is_for_ddl = false;
  Location where;
};

struct TypeAnswer {
  std::optional<Diagnostic> finding;  ///< Set: the type does not exist …
  Type type;
  std::string collation;  ///< Qualified and quoted, if one was asked for.
};

/// How soundly the same value comes out whoever computes it.
enum class Stability {
  immutable,     ///< Or stable only because it reads settings we pin.
  session,       ///< Depends on time, session or user: now(), current_user.
  reads_tables,  ///< A user's STABLE function: may read anything.
  is_volatile,
};

struct ExpressionAnswer {
  std::optional<Diagnostic> finding;  ///< Set: refused by the server.
  sql::Expression deparsed;  ///< Full, every column as `alias.column`; pass to
                             ///< sql::rewrite_columns before use.
  Type type;
  Stability stability = Stability::immutable;
  std::string unstable_because;  ///< The function's name.
  /// Of sql::value_settings those that its value may depend on.
  std::set<std::string> settings;
  bool has_aggregate = false, has_window = false, has_set = false;
  bool assignable = true;         ///< An assignment cast to target_type exists.
  bool castable = true;           ///< An explicit cast to target_type exists.
  bool binary_coercible = false;  ///< Same type or relabel to target_type.
  std::int64_t sampled_rows = 0;
  std::int64_t failed_rows = 0;
  std::string failed_sqlstate;
};

/// A question only the server can answer: how many rows' values come back as
/// they were, once `down` is read over what `up` gave?
struct RoundTripProbe {
  std::string up, down, type;  ///< Keys of their answers; the new type's.
  sql::TableName table;
  sql::Identifier column;      ///< The new column, as `down` calls it.
  sql::Identifier old_column;  ///< As it is called today.
  sql::TypeName old_type;
  /// True if `pgexpand_back` is another value than the old column has in
  /// `pgexpand_row`, which has the names of today.
  sql::Expression differs;
};

struct RoundTripAnswer {
  std::int64_t rows = 0;  ///< Sampled, and `up` did not fail.
  std::int64_t lost = 0;  ///< `down` failed, or gave another value.
};

/// A column of a foreign key, and the type it is to have.
struct KeySide {
  sql::TableName table;
  sql::Identifier column;           ///< As it is called today.
  std::optional<std::string> type;  ///< SQL text; none: it keeps its own.
  bool is_user_type = false;  ///< `type` is user text, resolved by search_path.
};

/// A question only the server can answer: would it accept a foreign key from a
/// column of the one type to a column of the other?
struct KeyProbe {
  KeySide from, to;
};

struct KeyAnswer {
  bool is_comparable = true;
  std::string from_type, to_type;  ///< As the server spells them.
};

/// Questions under keys the operations choose; answers come back under the
/// same keys.
struct Probes {
  std::map<std::string, TypeProbe> types;
  std::map<std::string, ExpressionProbe> expressions;
  std::map<std::string, KeyProbe> keys;
  std::map<std::string, RoundTripProbe> round_trips;
};
struct Answers {
  std::map<std::string, TypeAnswer> types;
  std::map<std::string, ExpressionAnswer> expressions;
  std::map<std::string, KeyAnswer> keys;
  std::map<std::string, RoundTripAnswer> round_trips;  ///< Where one was tried.
};

}  // namespace pgexpand::catalog
