#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/catalog/catalog.hpp"

#include <string>
#include <string_view>

namespace pgexpand::ops {

/// What an operation does to a table, as far as partitions and children care.
enum class TableUse {
  columns,   ///< Changes columns: needs triggers and constraints.
  metadata,  ///< Rows, defaults, comments: nothing that must reach partitions
             ///< attached later, or that a child might not have.
  index,     ///< Builds or drops an index.
};

/// Refuses a partition, a child or parent by INHERITS, and indexes of a
/// partitioned table, unless `use` can do it.
void check_partitions(const catalog::Table& table,
                      TableUse use,
                      const Location& where,
                      Diagnostics& findings);

/// Refuses `what` ("a foreign key") on a partitioned table; true if it did.
bool refuse_if_partitioned(const catalog::Table& table,
                           std::string_view what,
                           std::string hint,
                           const Location& where,
                           Diagnostics& findings);

/// True if rows are assigned to partitions by this column, at any level.
[[nodiscard]] bool is_partition_key(const catalog::Column& column);

/// Refuses to `verb` ("drop") a column that is a partition key; true if it did.
bool refuse_if_partition_key(const catalog::Table& table,
                             const catalog::Column& column,
                             std::string_view verb,
                             const Location& where,
                             Diagnostics& findings);

/// True if a dependent is an object of a single partition that goes with the
/// column when it is dropped, without an error.
[[nodiscard]] bool goes_with_column(const catalog::Dependent& dependent);

/// Refuses to move a column of a partitioned table that has what cannot be
/// built again there without a long lock: an index, a key, a foreign key, an
/// identity.
void check_move_in_partitions(const catalog::Table& table,
                              const catalog::Column& column,
                              const Location& where,
                              Diagnostics& findings);

/// The indexes alone.
[[nodiscard]] bool check_indexes_in_partitions(const catalog::Table& table,
                                               const catalog::Column& column,
                                               const Location& where,
                                               Diagnostics& findings);

}  // namespace pgexpand::ops
