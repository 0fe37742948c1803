#pragma once

#include "pg/probe_transaction.hpp"
#include "pgexpand/catalog/probe.hpp"

#include <string>

namespace pgexpand::pg {

/// The row that an expression reads, as SQL with fully qualified types.
struct Scope {
  sql::Expression columns;  ///< Select list of typed NULLs; empty: no row.
  sql::Identifier alias;    ///< The table's own name.

  /// `WITH … AS MATERIALIZED (…) `, or empty.
  [[nodiscard]] sql::Expression with_clause() const;
  /// ` FROM … AS "orders"`, or empty.
  [[nodiscard]] sql::Expression from_clause() const;
};

struct Deparsed {
  sql::Expression expression;       ///< Fully qualified, `alias.column`.
  bool is_unknown_literal = false;  ///< A bare 'x' or NULL: takes any type.
};

/// What the server makes of `text` under the arrival path, written out for an
/// empty one. Nothing is evaluated but what the server folds. Throws what the
/// server says against it. Not for subqueries, which EXPLAIN does not show.
[[nodiscard]] Deparsed deparse(Session& session,
                               const catalog::Catalog& catalog,
                               const Scope& scope,
                               const sql::Expression& text);

/// The same for an expression with a subquery. Only a view's definition holds
/// one in full: a temporary view is made and rolled back, the one probe that
/// is not read-only.
[[nodiscard]] Deparsed deparse_subquery(Session& session,
                                        const catalog::Catalog& catalog,
                                        const Scope& scope,
                                        const sql::Expression& text);

}  // namespace pgexpand::pg
