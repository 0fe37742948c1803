#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/catalog/probe.hpp"
#include "pgexpand/ops/draft.hpp"
#include "pgexpand/ops/shape.hpp"

#include <optional>

namespace pgexpand::ops {

/// Pieces that several operations give a column: set_not_null and alter_column
/// share NOT NULL, add_column and alter_column share CHECK and the rest.

/// Fills the holes of an existing column with `up`, keeps new ones out, and
/// enforces NOT NULL: at switch, or at contract when `up` can itself be NULL.
void require_not_null(Draft& draft,
                      TableDraft& table,
                      const TableShape& shape,
                      const catalog::Column& column,
                      const std::optional<sql::Expression>& up);

/// Allows NULL from switch on. `down` fills the holes if it is taken back;
/// without it rollback is refused while there are any.
void allow_null(Draft& draft,
                TableDraft& table,
                const TableShape& shape,
                const catalog::Column& column,
                const std::optional<sql::Expression>& down);

/// The undo steps that make NOT NULL hold again for `column`, by its name of
/// then, after `old` (null before 18) was dropped: fill by `down` if there is
/// one, prove with a CHECK, set.
[[nodiscard]] std::vector<plan::Undo> restore_not_null(
    const sql::TableName& table,
    const sql::Identifier& column,
    const catalog::Constraint* old,
    const std::optional<sql::Expression>& down);

/// A CHECK's condition over physical columns.
struct CheckCondition {
  sql::Expression ddl;       ///< As its owner wrote it.
  sql::Expression over_row;  ///< Deparsed, over `t`, before the switch.
};

/// A CHECK on an existing column, enforced at switch; verify finds the rows
/// that fail it first. A finding if the name is taken.
void add_check(Draft& draft,
               const catalog::Table& table,
               const sql::Identifier& name,
               const CheckCondition& condition,
               const Location& where,
               Diagnostics& findings);

/// A finding if the table has a constraint of this name.
[[nodiscard]] bool is_constraint_free(const catalog::Table& table,
                                      const sql::Identifier& name,
                                      const Location& where,
                                      Diagnostics& findings);

/// Refuses a domain with constraints: a column of it rewrites the table.
[[nodiscard]] bool is_free_of_constraints(const catalog::Type& type,
                                          const Location& where,
                                          Diagnostics& findings);

/// The old default for the new type: as it stands where an assignment takes it,
/// as ALTER COLUMN TYPE does, else cast. `plain` answers for the first.
[[nodiscard]] sql::Expression carried_default(
    const catalog::ExpressionAnswer& plain,
    const catalog::Column& column,
    const catalog::Type& type);

/// False, with a finding, for a column that can have no default, or of which a
/// partition or child has another one: that would be lost.
[[nodiscard]] bool may_change_default(const catalog::Column& column,
                                      const Location& where,
                                      Diagnostics& findings);

struct DefaultValue {
  sql::Expression deparsed;
  sql::Expression ddl;  ///< As its owner wrote it.
};

/// Sets or drops (`value` empty) the default: at switch, or in views mode for
/// the version's view, and at contract for the table.
void change_default(Draft& draft,
                    TableDraft& table,
                    const TableShape& shape,
                    const catalog::Column& column,
                    const std::optional<DefaultValue>& value);

/// Changes the comment at switch; none drops it.
void change_comment(Draft& draft,
                    TableDraft& table,
                    const catalog::Column& column,
                    const std::optional<std::string>& comment);

/// `COMMENT ON COLUMN …`; NULL without a text.
[[nodiscard]] sql::Statement comment_on_column(
    const sql::TableName& table,
    const sql::Identifier& column,
    const std::optional<std::string>& comment);

/// `ALTER COLUMN … SET DEFAULT …` or `DROP DEFAULT`.
[[nodiscard]] sql::Statement set_default(
    const sql::TableName& table,
    const sql::Identifier& column,
    const std::optional<sql::Expression>& value);

}  // namespace pgexpand::ops
