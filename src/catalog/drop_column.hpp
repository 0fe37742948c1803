#pragma once

#include "pgexpand/catalog/catalog.hpp"

#include <functional>

namespace pgexpand::catalog {

/// Nothing has the name any more.
void release_name(Catalog& catalog, const sql::TableName& name);

/// Takes those constraints of `table` away for which `goes` is true, with what
/// each owns: its index, or its place at the table it refers to.
void drop_constraints(Catalog& catalog,
                      Table& table,
                      const std::function<bool(const Constraint&)>& goes);

/// Takes a column of `table` away with what PostgreSQL drops along: indexes,
/// constraints and statistics that read it, and the sequence it owns. Nothing
/// if it is not there.
void drop_column(Catalog& catalog, Table& table, const sql::Identifier& name);

}  // namespace pgexpand::catalog
