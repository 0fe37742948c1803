#pragma once

#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/ops/draft.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pgexpand::ops {

/// Begins to reject NULL without a scan under a lock that blocks: CHECK NOT
/// VALID, VALIDATE, then SET NOT NULL in the phase's transition, which the
/// valid CHECK proves (PostgreSQL 12+).
struct NotNull {
  sql::Identifier column;  ///< Its name when the enforce steps run.
  plan::Phase phase = plan::Phase::switch_over;  ///< Or contract.
  bool column_is_new = false;                    ///< Rollback drops it anyway.
  std::optional<sql::Identifier> name = {};      ///< 18 on; none: the server's.
};
/// Rows in which `column` is NULL.
[[nodiscard]] plan::Comparison no_nulls(const sql::Identifier& column);
void enforce_not_null(Draft& draft,
                      const catalog::Table& table,
                      const NotNull& rule);

/// ADD CONSTRAINT … NOT VALID, then VALIDATE, as enforce steps.
struct EnforcedConstraint {
  sql::TableName table;
  sql::Identifier name;
  /// `CHECK (…)` or `FOREIGN KEY … REFERENCES …`.
  sql::Expression definition;
  std::optional<sql::TableName> references;  ///< Locked too.
  plan::Phase phase = plan::Phase::switch_over;
  bool validates = true;  ///< False carries a constraint that is NOT VALID.
  std::string title;
  std::string claim;  ///< What only one operation can do, if that is not to
                      ///< make a constraint of this name.
};
void enforce_constraint(Draft& draft, const EnforcedConstraint& constraint);

/// How the draft knows what two operations could both make.
[[nodiscard]] std::string index_claim(const sql::TableName& index);
[[nodiscard]] std::string fill_claim(const sql::TableName& table,
                                     const sql::Identifier& column);
[[nodiscard]] std::string not_null_claim(const sql::TableName& table,
                                         const sql::Identifier& column);

/// One index built concurrently.
struct NewIndex {
  catalog::Index index;  ///< Schema is the table's.
  plan::Phase phase = plan::Phase::backfill;
  bool enforces = false;       ///< A unique index that carries a new promise.
  bool on_new_column = false;  ///< Dropped with the column on rollback.
  std::optional<sql::TableName> claims = {};  ///< If it is to be called so.
};
void build_index(Draft& draft,
                 const catalog::Table& table,
                 const NewIndex& index);

[[nodiscard]] plan::BuildIndex build_action(const catalog::Index& index,
                                            const sql::TableName& table);

/// `CREATE [UNIQUE] INDEX CONCURRENTLY …` from its parts.
[[nodiscard]] sql::Statement create_index_statement(
    const catalog::Index& index, const sql::TableName& table);

/// `FOREIGN KEY (…) REFERENCES … MATCH … ON UPDATE … DEFERRABLE …`.
[[nodiscard]] sql::Expression foreign_key_definition(
    const catalog::Constraint& constraint);

/// `COMMENT ON CONSTRAINT …`, for the one that has its name now.
[[nodiscard]] sql::Statement comment_on_constraint(
    const catalog::Constraint& constraint);

/// `"a", "b"`.
[[nodiscard]] sql::Expression name_list(
    const std::vector<sql::Identifier>& names);

}  // namespace pgexpand::ops
