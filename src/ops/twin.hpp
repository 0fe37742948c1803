#pragma once

#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/ops/draft.hpp"
#include "pgexpand/ops/operation.hpp"
#include "pgexpand/ops/shape.hpp"

#include <optional>
#include <string>

namespace pgexpand::ops {

/// A second column that takes over from an existing one: filled, kept in step
/// in both directions, given everything that hung on the old one.
struct Twin {
  const catalog::Table* table = nullptr;
  const catalog::Column* column = nullptr;  ///< Today's.
  const TableShape* shape = nullptr;        ///< The table's, after it all.
  Move move;
  catalog::Type type;     ///< The new one.
  std::string collation;  ///< Qualified and quoted; empty: the type's own.
  sql::Expression up;     ///< Deparsed, over today's row.
  sql::Expression down;   ///< Deparsed, over the new row.
  std::optional<sql::Expression> default_value;  ///< Deparsed.
  sql::Expression default_ddl;  ///< The same as its owner wrote it.
  std::optional<std::string> comment;
  bool not_null = false;
  bool up_is_safe = false;           ///< Cannot fail.
  bool is_injective = false;         ///< Different values stay different.
  bool is_volatile = false;          ///< Allowed: verify only looks for NULL.
  bool lossy = false;                ///< Allowed: `down` may have no value.
  bool carries_default = false;      ///< `default_value` is today's.
  bool not_null_has_name = false;    ///< PostgreSQL 18 on.
  bool default_is_constant = false;  ///< Of `default_value`.
  /// An INSERT that gives today's column its default may have left it out.
  bool old_default_is_constant = false;
};

/// Adds the column, its sync rules, fill, comparisons, NOT NULL, default,
/// identity and sequence, and the change of names.
void add_twin(Draft& draft, TableDraft& pieces, const Twin& twin);

/// A column beside another one.
struct Copy {
  sql::Identifier column;
  catalog::Type type;
  std::string collation;  ///< As Twin's.
  std::optional<std::string> comment;
};

/// Adds it in expand, with a comment and the other's statistics target,
/// options, storage and rights.
void add_column_beside(TableDraft& pieces,
                       const sql::TableName& table,
                       const catalog::Column& column,
                       const Copy& copy);

/// Refuses a twin that cannot be: of a type that makes ADD COLUMN rewrite the
/// table, or of an identity column that is to be no integer, or NULL.
[[nodiscard]] bool can_be_added(const Twin& twin,
                                const Location& where,
                                Diagnostics& findings);

/// True if whoever writes gets a value in the new column. In a version schema
/// old code writes on, and a failing `up` gives NULL.
[[nodiscard]] bool has_value_always(const Twin& twin, bool in_views);

/// Over NEW, after a swap, when the new column has the default: true if an
/// INSERT did not give it. None: nobody can tell.
[[nodiscard]] std::optional<sql::Expression> new_is_left_out(const Twin& twin);

/// A finding if `up` or `down` gives a type that cannot be assigned.
[[nodiscard]] bool has_casts(const catalog::Column& column,
                             const catalog::Type& fresh,
                             const catalog::ExpressionAnswer& up,
                             const catalog::ExpressionAnswer& down,
                             const Location& where,
                             Diagnostics& findings);

/// A finding that names the old default if the server does not cast it to
/// `fresh`; `key` is that of the cast's answer.
[[nodiscard]] bool is_castable(const catalog::Answers& answers,
                               const std::string& key,
                               const catalog::Column& column,
                               const catalog::Type& fresh,
                               const Location& where,
                               Diagnostics& findings);

/// True if casting `from` to `to` can neither fail nor lose a difference.
[[nodiscard]] bool is_widening(const catalog::Type& from,
                               const catalog::Type& to);

/// Refuses what depends on a column and cannot follow it: views, policies,
/// generated columns, functions with parsed bodies, trigger column lists,
/// publication lists, exclusion constraints.
void check_dependents(const catalog::Table& table,
                      const catalog::Column& column,
                      const Location& where,
                      Diagnostics& findings);

/// A swap changes a type under its name: sessions opened before it fail with
/// 42804 in every PL/pgSQL trigger function of the table until its plans are
/// dropped, which any ALTER FUNCTION does. True for those.
[[nodiscard]] bool is_touched_at_swap(const catalog::Trigger& trigger);
/// What drops their plans, without what is in `known` already.
[[nodiscard]] std::vector<sql::Statement> trigger_touches(
    const catalog::Table& table, const std::vector<sql::Statement>& known);

}  // namespace pgexpand::ops
