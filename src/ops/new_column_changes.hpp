#pragma once

#include "ops/index_fields.hpp"
#include "ops/new_column.hpp"
#include "pgexpand/ops/operation.hpp"

#include <string>
#include <vector>

namespace pgexpand::ops {

/// The CHECK's name, or PostgreSQL's own for it: `<table>_<column>_check`.
[[nodiscard]] sql::Identifier check_name(const CheckFields& check,
                                         const sql::TableName& table,
                                         const sql::Identifier& column);
/// `<table>_<column>_key`, with a number if it is taken, unless it has a name.
[[nodiscard]] sql::TableName unique_name(const NewColumn& column,
                                         const sql::TableName& table,
                                         const NameIsTaken& is_taken);
/// `<table>_<column>_fkey`, unless it has a name.
[[nodiscard]] sql::Identifier reference_name(const NewColumn& column,
                                             const sql::TableName& table);

/// The CHECK as the catalog will have it; `key` is that of its answer.
[[nodiscard]] catalog::Change added_check(const CheckFields& check,
                                          const sql::Identifier& column,
                                          const sql::TableName& table,
                                          const catalog::Answers& answers,
                                          const std::string& key);

/// The column and what it has with it. `prefix` begins the keys of its answers.
[[nodiscard]] std::vector<catalog::Change> changes_of(
    const NewColumn& column,
    const catalog::Table& table,
    const Situation& situation,
    const std::string& prefix);

}  // namespace pgexpand::ops
