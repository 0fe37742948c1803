#include "pgexpand/catalog/change.hpp"

#include "catalog/drop_column.hpp"
#include "catalog/rename_column.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::catalog {
namespace {

using sql::Identifier;
using sql::TableName;

template <typename Item, typename Key, typename Projection>
Item* find(std::vector<Item>& items, const Key& key, Projection projection) {
  const auto found = std::ranges::find(items, key, projection);
  return found == items.end() ? nullptr : &*found;
}

bool has(const std::vector<Identifier>& columns, const Identifier& column) {
  return std::ranges::find(columns, column) != columns.end();
}

/// Applies one change after the other to a catalog of its own.
class Projection {
 public:
  explicit Projection(Catalog catalog) : catalog_(std::move(catalog)) {}

  [[nodiscard]] Catalog result() && { return std::move(catalog_); }

  void operator()(const TableAdded& change) {
    (*this)(TableDropped{change.table.name});
    Table table = change.table;
    table.oid = table.relfilenode = 0;
    for (Column& column : table.columns) {
      column.is_projected = true;
    }
    for (Index& index : table.indexes) {
      index.oid = 0;
      take(index.name);
    }
    take(table.name);
    for (const Constraint& constraint : table.constraints) {
      refer(constraint);
    }
    catalog_.tables.push_back(std::move(table));
  }

  void operator()(const TableDropped& change) {
    release(change.table);
    Table* table = table_of(change.table);
    if (table == nullptr) {
      return;
    }
    for (const Index& index : table->indexes) {
      release(index.name);
    }
    for (const Column& column : table->columns) {
      if (column.sequence) {
        release(column.sequence->name);
      }
    }
    std::erase_if(catalog_.tables, [&](const Table& candidate) {
      return candidate.name == change.table;
    });
    for (Table& other : catalog_.tables) {
      std::erase_if(other.referenced_by, [&](const Constraint& key) {
        return key.table == change.table;
      });
      std::erase_if(other.constraints, [&](const Constraint& key) {
        return key.kind == ConstraintKind::foreign_key &&
               key.references_table == change.table;
      });
    }
  }

  void operator()(const TableRenamed& change) {
    const TableName to{change.table.schema, change.to};
    release(change.table);
    take(to);
    if (Table* table = table_of(change.table)) {
      table->name = to;
      for (Column& column : table->columns) {
        column.is_projected = true;
      }
    }
    for_each_constraint([&](Constraint& constraint) {
      if (constraint.table == change.table) {
        constraint.table = to;
      }
      if (constraint.references_table == change.table) {
        constraint.references_table = to;
      }
    });
  }

  void operator()(const ColumnAdded& change) {
    Table* table = table_of(change.table);
    if (table == nullptr) {
      return;
    }
    drop_column(catalog_, *table, change.column.name);
    Column column = change.column;
    column.number = table->next_column_number++;
    column.is_projected = true;
    if (column.sequence) {
      take(column.sequence->name);
    }
    table->columns.push_back(std::move(column));
    name_not_null(*table, table->columns.back());
  }

  void operator()(const ColumnDropped& change) {
    if (Table* table = table_of(change.table)) {
      drop_column(catalog_, *table, change.column);
    }
  }

  void operator()(const ColumnRenamed& change) {
    if (Table* table = table_of(change.table)) {
      if (table->column(change.from) != nullptr) {
        // Of two that are kept in step the one with the new name may be there.
        drop_column(catalog_, *table, change.to);
      }
      if (Column* column = column_of(*table, change.from)) {
        column->name = change.to;
        column->is_projected = true;
        move_to_the_end(*table, change.to, change.by_twin);
      }
      rename_column(*table, change.from, change.to);
    }
    for_each_constraint([&](Constraint& constraint) {
      rename_column(constraint, change.table, change.from, change.to);
    });
  }

  void operator()(const ColumnRetyped& change) {
    Table* table = table_of(change.table);
    Column* column =
        table == nullptr ? nullptr : column_of(*table, change.column);
    if (column == nullptr) {
      return;
    }
    if (column->storage == column->type_storage) {
      column->storage = change.type.storage;
    }
    column->type_storage = change.type.storage;
    column->type = change.type;
    column->collation = change.collation;
    column->sequence = change.sequence;
    column->is_projected = true;
    move_to_the_end(*table, change.column, change.by_twin);
    for (Index& index : table->indexes) {
      for (IndexKey& key : index.keys) {
        if (key.column == change.column && !change.type.is_collatable) {
          key.collation.reset();
        }
      }
    }
  }

  void operator()(const NullabilityChanged& change) {
    Table* table = table_of(change.table);
    Column* column =
        table == nullptr ? nullptr : column_of(*table, change.column);
    if (column == nullptr) {
      return;
    }
    column->not_null = change.not_null;
    column->not_null_valid = true;
    if (change.not_null) {
      name_not_null(*table, *column);
    } else {
      std::erase_if(table->constraints, [&](const Constraint& constraint) {
        return constraint.kind == ConstraintKind::not_null &&
               has(constraint.columns, change.column);
      });
    }
  }

  void operator()(const DefaultChanged& change) {
    if (Column* column = column_of(change.table, change.column)) {
      column->default_value = change.value;
    }
  }

  void operator()(const CommentChanged& change) {
    if (Column* column = column_of(change.table, change.column)) {
      column->comment = change.comment;
    }
  }

  void operator()(const IndexAdded& change) {
    (*this)(IndexDropped{change.index.name});
    take(change.index.name);
    if (Table* table = table_of(change.table)) {
      Index index = change.index;
      index.oid = 0;
      index.reads = columns_read(index);
      const auto place = std::ranges::upper_bound(table->indexes, index.name,
                                                  {}, &Index::name);
      table->indexes.insert(place, std::move(index));
    }
  }

  void operator()(const IndexDropped& change) {
    release(change.index);
    for (Table& table : catalog_.tables) {
      std::erase_if(table.indexes, [&](const Index& index) {
        return index.name == change.index;
      });
    }
  }

  void operator()(const IndexRenamed& change) {
    const TableName to{change.index.schema, change.to};
    release(change.index);
    take(to);
    for_each_constraint([&](Constraint& constraint) {
      if (constraint.index == change.index) {
        constraint.index = to;
      }
    });
    for (Table& table : catalog_.tables) {
      if (Index* index = find(table.indexes, change.index, &Index::name)) {
        index->name = to;
        index->definition.clear();
        if (index->constraint) {
          rename_constraint(table, *index->constraint, change.to);
          index->constraint = change.to;
        }
        std::ranges::sort(table.indexes, {}, &Index::name);
      }
    }
  }

  void operator()(const ConstraintAdded& change) {
    const Constraint& added = change.constraint;
    if (Table* table = table_of(added.table)) {
      std::erase_if(table->constraints, [&](const Constraint& old) {
        return old.name == added.name;
      });
      table->constraints.push_back(added);
    }
    refer(added);
  }

  void operator()(const ConstraintDropped& change) {
    if (Table* table = table_of(change.table)) {
      drop_constraints(catalog_, *table, [&](const Constraint& constraint) {
        return constraint.name == change.constraint;
      });
    }
    for (Table& other : catalog_.tables) {
      std::erase_if(other.referenced_by, [&](const Constraint& key) {
        return key.name == change.constraint && key.table == change.table;
      });
    }
  }

  void operator()(const ConstraintRenamed& change) {
    Table* table = table_of(change.table);
    if (table == nullptr) {
      return;
    }
    const auto* constraint = table->constraint(change.from);
    if (constraint != nullptr && constraint->index &&
        constraint->kind != ConstraintKind::foreign_key) {
      (*this)(IndexRenamed{*constraint->index, change.to});
    }
    rename_constraint(*table, change.from, change.to);
    for (Table& other : catalog_.tables) {
      for (Constraint& key : other.referenced_by) {
        if (key.table == change.table && key.name == change.from) {
          key.name = change.to;
        }
      }
    }
  }

  void operator()(const VersionPublished& change) {
    for (const PublishedVersion& old : catalog_.versions) {
      for (const Identifier& schema : old.schemas) {
        std::erase(catalog_.schemas, schema);
      }
    }
    for (const Identifier& schema : change.version.schemas) {
      catalog_.schemas.push_back(schema);
    }
    catalog_.versions = {change.version};
  }

 private:
  Table* table_of(const TableName& name) {
    return find(catalog_.tables, name, &Table::name);
  }

  static Column* column_of(Table& table, const Identifier& name) {
    return find(table.columns, name, &Column::name);
  }

  void release(const TableName& name) { release_name(catalog_, name); }

  Column* column_of(const TableName& table, const Identifier& name) {
    Table* found = table_of(table);
    return found == nullptr ? nullptr : column_of(*found, name);
  }

  void take(const TableName& name) {
    release(name);
    catalog_.relation_names.push_back(name);
  }

  template <typename Visit>
  void for_each_constraint(const Visit& visit) {
    for (Table& table : catalog_.tables) {
      std::ranges::for_each(table.constraints, visit);
      std::ranges::for_each(table.referenced_by, visit);
    }
  }

  /// Notes a foreign key at the table it refers to.
  void refer(const Constraint& key) {
    if (key.kind != ConstraintKind::foreign_key) {
      return;
    }
    if (Table* parent = table_of(key.references_table)) {
      std::erase_if(parent->referenced_by, [&](const Constraint& old) {
        return old.name == key.name && old.table == key.table;
      });
      parent->referenced_by.push_back(key);
    }
  }

  static void move_to_the_end(Table& table,
                              const Identifier& name,
                              bool by_twin) {
    const auto found = std::ranges::find(table.columns, name, &Column::name);
    if (by_twin && found != table.columns.end()) {
      found->number = table.next_column_number++;
      std::rotate(found, found + 1, table.columns.end());
    }
  }

  static void rename_constraint(Table& table,
                                const Identifier& from,
                                const Identifier& to) {
    if (Constraint* constraint =
            find(table.constraints, from, &Constraint::name)) {
      constraint->name = to;
    }
  }

  /// From 18 on NOT NULL has a name.
  void name_not_null(Table& table, const Column& column) {
    constexpr int first_with_name = 180000;
    if (!column.not_null || catalog_.server_version_num < first_with_name) {
      return;
    }
    for (const Constraint& constraint : table.constraints) {
      if (constraint.kind == ConstraintKind::not_null &&
          has(constraint.columns, column.name)) {
        return;
      }
    }
    table.constraints.push_back(
        {.name = Identifier(sql::shorten_name(fmt::format(
             "{}_{}_not_null", table.name.name.name(), column.name.name()))),
         .table = table.name,
         .kind = ConstraintKind::not_null,
         .columns = {column.name},
         .definition = fmt::format("NOT NULL {}", column.name)});
  }

  Catalog catalog_;
};

}  // namespace

void put_in_order(std::vector<Change>& changes) {
  std::ranges::stable_sort(changes, {}, &Change::index);
}

Catalog after(Catalog catalog, const std::vector<Change>& changes) {
  Projection projection(std::move(catalog));
  for (const Change& change : changes) {
    std::visit(projection, change);
  }
  return std::move(projection).result();
}

}  // namespace pgexpand::catalog
