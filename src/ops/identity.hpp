#pragma once

#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/sql/names.hpp"
#include "pgexpand/sql/statement.hpp"

#include <string>
#include <vector>

namespace pgexpand::ops {

/// An identity's sequence can neither be moved to another column nor be taken
/// from an existing one: it is created anew, and must go on where the old one
/// stands. That number is known only when the statement runs, so these are DO
/// blocks, for a transaction that holds ACCESS EXCLUSIVE on the table.

/// `<table>_<column>_seq`, the name PostgreSQL would choose.
[[nodiscard]] sql::TableName identity_sequence_name(
    const sql::TableName& table, const sql::Identifier& column);

/// Lets everybody who may INSERT draw from it, as from an identity's sequence.
[[nodiscard]] sql::Statement let_writers_draw(const sql::TableName& sequence,
                                              const sql::TableName& table);

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
/// The sequence after its column took another integer type: bounds that were
/// the type's own change with it, as ALTER SEQUENCE … AS does.
[[nodiscard]] catalog::Sequence retyped(const catalog::Sequence& sequence,
                                        const std::string& type);
/// ALTER SEQUENCE … AS, for a position that may lie beyond the type.
[[nodiscard]] std::vector<sql::Statement> retype_sequence(
    const sql::TableName& sequence, const std::string& type);

/// Moves identity from one column to another of the same table, with its
/// sequence's name, position, comment and rights, and the options given.
[[nodiscard]] sql::Statement move_identity(const sql::TableName& table,
                                           const sql::Identifier& from,
                                           const sql::Identifier& to,
                                           const catalog::Sequence& sequence,
                                           char kind);

}  // namespace pgexpand::ops
