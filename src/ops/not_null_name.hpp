#pragma once

#include "ops/enforce.hpp"
#include "ops/twin.hpp"

namespace pgexpand::ops {

/// The constraint that makes a column NOT NULL. Null before PostgreSQL 18,
/// which was the first to give it a name, and for a column that may be NULL.
[[nodiscard]] const catalog::Constraint* not_null_of(
    const catalog::Table& table, const sql::Identifier& column);

/// `ALTER TABLE … SET NOT NULL`, by which the server gives the constraint a
/// name of the column's; with a name `ADD CONSTRAINT … NOT NULL`. Either is
/// proved by a valid CHECK.
[[nodiscard]] sql::Statement make_not_null(
    const sql::TableName& table,
    const sql::Identifier& column,
    const std::optional<sql::Identifier>& name);

/// From 18 on: lets the twin's NOT NULL, made by `rule`, take the name and the
/// comment of the old column's at contract, when that one is gone. The server's
/// own choice would be of the name that the twin has until then.
void hand_over_name(Draft& draft, const Twin& twin, NotNull& rule);

}  // namespace pgexpand::ops
