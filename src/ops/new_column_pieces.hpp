#pragma once

#include "ops/new_column.hpp"
#include "pgexpand/ops/draft.hpp"
#include "pgexpand/ops/operation.hpp"
#include "pgexpand/ops/shape.hpp"

#include <optional>
#include <string>

namespace pgexpand::ops {

/// What the server said about a new column's type and expressions.
struct NewColumnValues {
  catalog::Type type;
  std::string collation;  ///< Qualified and quoted, or empty.
  std::optional<sql::Expression> up, default_value;  ///< Deparsed.
  /// For DDL, as their owner wrote them.
  std::optional<sql::Expression> default_ddl, generated, check;
  sql::Expression check_over_row;      ///< Deparsed, over `t`.
  sql::Expression generated_deparsed;  ///< Of `generated`.
  bool up_is_safe = false;             ///< Cannot fail for any row.
  bool up_is_volatile = false;         ///< Allowed by `allow: [volatile]`.
  bool default_is_volatile = false;
};

/// Adds the pieces of one new column to a draft.
class NewColumnPieces {
 public:
  NewColumnPieces(Draft& draft,
                  TableDraft& table,
                  const NewColumn& column,
                  NewColumnValues values);

  /// The column, its values and NOT NULL.
  void add(const catalog::Catalog& catalog,
           const Location& where,
           Diagnostics& findings);
  void add_check(const Location& where, Diagnostics& findings);
  void add_unique(const catalog::Catalog& catalog,
                  const Location& where,
                  Diagnostics& findings);
  void add_reference(const Situation& situation, Diagnostics& findings);

 private:
  void add_physical(const sql::Expression& tail);
  void add_generated(const catalog::Catalog& catalog,
                     const Location& where,
                     Diagnostics& findings);
  void add_identity(const catalog::Catalog& catalog,
                    const Location& where,
                    Diagnostics& findings);
  void add_filled_by_up();
  void add_filled_by_default(const Location& where, Diagnostics& findings);
  /// A row of old code's gets one.
  [[nodiscard]] bool has_value() const;
  void add_not_null_for_up(const sql::Expression& value);
  [[nodiscard]] sql::Expression effective_up() const;

  Draft& draft_;
  TableDraft& table_;
  const NewColumn& column_;
  NewColumnValues values_;
};

}  // namespace pgexpand::ops
