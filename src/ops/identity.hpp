#pragma once

#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/sql/names.hpp"
#include "pgexpand/sql/statement.hpp"

namespace pgexpand::ops {

/// An identity's sequence can neither be moved to another column nor be taken
/// from an existing one: it is created anew, and must go on where the old one
/// stands. That number is known only when the statement runs, so these are DO
/// blocks, for a transaction that holds ACCESS EXCLUSIVE on the table.

/// `<table>_<column>_seq`, the name PostgreSQL would choose.
[[nodiscard]] sql::TableName identity_sequence_name(
    const sql::TableName& table, const sql::Identifier& column);

/// Turns a column fed by its own sequence into an identity column.
[[nodiscard]] sql::Statement sequence_to_identity(
    const sql::TableName& table,
    const sql::Identifier& column,
    const sql::TableName& sequence,
    char kind);
/// The way back; `owner` is the table's.
[[nodiscard]] sql::Statement identity_to_sequence(
    const sql::TableName& table,
    const sql::Identifier& column,
    const sql::TableName& sequence,
    const sql::Identifier& owner);
/// Moves identity from one column to another of the same table, with its
/// sequence's name, options and position.
[[nodiscard]] sql::Statement move_identity(const sql::TableName& table,
                                           const sql::Identifier& from,
                                           const sql::Identifier& to,
                                           const catalog::Sequence& sequence,
                                           char kind);

}  // namespace pgexpand::ops
