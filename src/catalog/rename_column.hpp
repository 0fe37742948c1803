#pragma once

#include "pgexpand/catalog/catalog.hpp"

namespace pgexpand::catalog {

/// Calls a column of `table` by another name in what reads it: indexes and
/// statistics, in their expressions too.
void rename_column(Table& table,
                   const sql::Identifier& from,
                   const sql::Identifier& to);

/// The same in a constraint that may be of `table` or refer to it.
void rename_column(Constraint& constraint,
                   const sql::TableName& table,
                   const sql::Identifier& from,
                   const sql::Identifier& to);

}  // namespace pgexpand::catalog
