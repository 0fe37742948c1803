#include "catalog/drop_column.hpp"

#include <algorithm>

namespace pgexpand::catalog {
namespace {

using sql::Identifier;

bool has(const std::vector<Identifier>& columns, const Identifier& column) {
  return std::ranges::find(columns, column) != columns.end();
}

void drop_what_it_owns(Catalog& catalog,
                       Table& table,
                       const Constraint& constraint) {
  if (constraint.kind == ConstraintKind::foreign_key) {
    for (Table& other : catalog.tables) {
      std::erase_if(other.referenced_by, [&](const Constraint& key) {
        return key.name == constraint.name && key.table == constraint.table;
      });
    }
  } else if (constraint.index) {
    release_name(catalog, *constraint.index);
    std::erase_if(table.indexes, [&](const Index& index) {
      return index.name == *constraint.index;
    });
  }
}

}  // namespace

void release_name(Catalog& catalog, const sql::TableName& name) {
  std::erase(catalog.relation_names, name);
}

void drop_constraints(Catalog& catalog,
                      Table& table,
                      const std::function<bool(const Constraint&)>& goes) {
  for (const Constraint& constraint : table.constraints) {
    if (goes(constraint)) {
      drop_what_it_owns(catalog, table, constraint);
    }
  }
  std::erase_if(table.constraints, goes);
}

void drop_column(Catalog& catalog, Table& table, const Identifier& name) {
  const Column* column = table.column(name);
  if (column == nullptr) {
    return;
  }
  if (column->sequence) {
    release_name(catalog, column->sequence->name);
  }
  drop_constraints(catalog, table, [&](const Constraint& constraint) {
    return has(constraint.columns, name);
  });
  for (const Index& index : table.indexes) {
    if (has(columns_read(index), name)) {
      release_name(catalog, index.name);
    }
  }
  std::erase_if(table.indexes, [&](const Index& index) {
    return has(columns_read(index), name);
  });
  std::erase_if(table.statistics, [&](const ExtendedStatistics& statistics) {
    return has(columns_read(statistics), name);
  });
  std::erase_if(table.columns, [&](const Column& candidate) {
    return candidate.name == name;
  });
}

}  // namespace pgexpand::catalog
