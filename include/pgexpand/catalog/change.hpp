#pragma once

#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/sql/names.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace pgexpand::catalog {

// What a migration makes of the database, as it is once contract is done. Names
// of tables and indexes are full ones; columns are called as they are when the
// change comes, after those before it in the list.

struct TableAdded {
  Table table;

  friend bool operator==(const TableAdded&, const TableAdded&) = default;
};
struct TableDropped {
  sql::TableName table;

  friend bool operator==(const TableDropped&, const TableDropped&) = default;
};
struct TableRenamed {
  sql::TableName table;
  sql::Identifier to;  ///< In the same schema.

  friend bool operator==(const TableRenamed&, const TableRenamed&) = default;
};

struct ColumnAdded {
  sql::TableName table;
  Column column;

  friend bool operator==(const ColumnAdded&, const ColumnAdded&) = default;
};
/// Takes along what PostgreSQL does: indexes, constraints and statistics that
/// read the column, and a sequence it owns.
struct ColumnDropped {
  sql::TableName table;
  sql::Identifier column;

  friend bool operator==(const ColumnDropped&, const ColumnDropped&) = default;
};
struct ColumnRenamed {
  sql::TableName table;
  sql::Identifier from, to;
  /// Its values went to another column: the table's last one from now on.
  bool by_twin = false;

  friend bool operator==(const ColumnRenamed&, const ColumnRenamed&) = default;
};
struct ColumnRetyped {
  sql::TableName table;
  sql::Identifier column;
  Type type;
  std::optional<std::string> collation;  ///< As Column's.
  std::optional<Sequence> sequence;      ///< The one it owns from now on.
  bool by_twin = false;                  ///< As ColumnRenamed's.

  friend bool operator==(const ColumnRetyped&, const ColumnRetyped&) = default;
};
struct NullabilityChanged {
  sql::TableName table;
  sql::Identifier column;
  bool not_null = false;

  friend bool operator==(const NullabilityChanged&,
                         const NullabilityChanged&) = default;
};
struct DefaultChanged {
  sql::TableName table;
  sql::Identifier column;
  std::optional<sql::Expression> value;  ///< None: it has none any more.

  friend bool operator==(const DefaultChanged&,
                         const DefaultChanged&) = default;
};

struct CommentChanged {
  sql::TableName table;
  sql::Identifier column;
  std::optional<std::string> comment;

  friend bool operator==(const CommentChanged&,
                         const CommentChanged&) = default;
};

struct IndexAdded {
  sql::TableName table;
  Index index;

  friend bool operator==(const IndexAdded&, const IndexAdded&) = default;
};
struct IndexDropped {
  sql::TableName index;

  friend bool operator==(const IndexDropped&, const IndexDropped&) = default;
};
/// A constraint that owns the index gets the name, too.
struct IndexRenamed {
  sql::TableName index;
  sql::Identifier to;

  friend bool operator==(const IndexRenamed&, const IndexRenamed&) = default;
};

/// A foreign key is noted at both of its ends.
struct ConstraintAdded {
  Constraint constraint;

  friend bool operator==(const ConstraintAdded&,
                         const ConstraintAdded&) = default;
};
/// Takes along the index that it owns.
struct ConstraintDropped {
  sql::TableName table;
  sql::Identifier constraint;

  friend bool operator==(const ConstraintDropped&,
                         const ConstraintDropped&) = default;
};
struct ConstraintRenamed {
  sql::TableName table;
  sql::Identifier from, to;

  friend bool operator==(const ConstraintRenamed&,
                         const ConstraintRenamed&) = default;
};

/// A migration published a version schema; those before it are gone.
struct VersionPublished {
  PublishedVersion version;

  friend bool operator==(const VersionPublished&,
                         const VersionPublished&) = default;
};

/// Closed: a new member is a new case in after(), and the compiler names it.
using Change = std::variant<TableDropped,
                            TableRenamed,
                            TableAdded,
                            ConstraintDropped,
                            IndexDropped,
                            ColumnDropped,
                            ColumnRenamed,
                            ColumnAdded,
                            ColumnRetyped,
                            NullabilityChanged,
                            DefaultChanged,
                            CommentChanged,
                            IndexRenamed,
                            IndexAdded,
                            ConstraintRenamed,
                            ConstraintAdded,
                            VersionPublished>;

/// Puts the changes of one migration, which come in any order and use the
/// names of the new shape, in one in which each finds what it is about: what
/// goes, then what gets another name, then what is new. Changes of one kind
/// keep their order.
void put_in_order(std::vector<Change>& changes);

/// `catalog` as `changes` leave it, one after the other. A change of a table
/// that it does not hold only counts for the names that are taken. What is made
/// has no OID, and its columns are `is_projected`; what is there already under
/// the name is replaced.
[[nodiscard]] Catalog after(Catalog catalog,
                            const std::vector<Change>& changes);

}  // namespace pgexpand::catalog
