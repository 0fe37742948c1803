// Partitioned tables. PostgreSQL clones the parent's row triggers to every
// partition there is and to those attached later, with ENABLE ALWAYS, and
// carries columns, CHECKs, NOT NULL and names down; the walk goes through the
// partitions one by one. What it cannot do there without a long lock is build
// an index (no CONCURRENTLY) or a foreign key (no NOT VALID before 18). Plain
// inheritance does not clone triggers, so nothing would keep a child in step.
#include "ops/partitions.hpp"

#include "ops/carry.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

constexpr const char* index_hint =
    "CREATE INDEX CONCURRENTLY on each partition, then CREATE INDEX ON ONLY "
    "the table and ALTER INDEX ... ATTACH PARTITION, by hand";

void refuse_move(const catalog::Column& column,
                 const std::string& object,
                 std::string hint,
                 const Location& where,
                 Diagnostics& findings) {
  findings.refuse(
      where, "table.partitioned",
      fmt::format("{} would have to be built again for the new column {}: on a "
                  "partitioned table that cannot be done without a long lock",
                  object, column.name.name()),
      std::move(hint));
}

bool reads(const std::vector<sql::Identifier>& columns,
           const catalog::Column& column) {
  return std::ranges::find(columns, column.name) != columns.end();
}

}  // namespace

void check_partitions(const catalog::Table& table,
                      TableUse use,
                      const Location& where,
                      Diagnostics& findings) {
  const std::string name = table.name.display();
  if (table.is_partition) {
    findings.refuse(where, "table.is-partition",
                    fmt::format("table {} is a partition: a change of one "
                                "partition alone is not handled",
                                name),
                    "name the partitioned table it belongs to");
  } else if (table.kind == 'p') {
    if (use == TableUse::index) {
      (void)refuse_if_partitioned(table, "an index", index_hint, where,
                                  findings);
    }
  } else if ((table.has_children || table.has_parents) &&
             use != TableUse::metadata) {
    findings.refuse(
        where, "table.inherits",
        fmt::format("table {} {} by INHERITS, which only backfill and changes "
                    "of defaults and comments can handle",
                    name, table.has_parents ? "has a parent" : "has children"),
        "migrate it by hand: triggers and indexes are not inherited");
  }
}

bool refuse_if_partitioned(const catalog::Table& table,
                           std::string_view what,
                           std::string hint,
                           const Location& where,
                           Diagnostics& findings) {
  if (table.kind != 'p') {
    return false;
  }
  findings.refuse(where, "table.partitioned",
                  fmt::format("table {} is partitioned: {} there is not "
                              "handled yet",
                              table.name.display(), what),
                  std::move(hint));
  return true;
}

bool is_partition_key(const catalog::Column& column) {
  return std::ranges::any_of(column.dependents,
                             [](const catalog::Dependent& dependent) {
                               return dependent.kind == "partition key" ||
                                      dependent.kind == "partition's key";
                             });
}

bool refuse_if_partition_key(const catalog::Table& table,
                             const catalog::Column& column,
                             std::string_view verb,
                             const Location& where,
                             Diagnostics& findings) {
  if (!is_partition_key(column)) {
    return false;
  }
  findings.refuse(where, "column.partition-key",
                  fmt::format("rows of {} are assigned to partitions by column "
                              "{}: PostgreSQL cannot {} it",
                              table.name.display(), column.name.name(), verb),
                  "copy the rows to a new table that is partitioned otherwise");
  return true;
}

bool goes_with_column(const catalog::Dependent& dependent) {
  return dependent.kind == "partition's index" ||
         dependent.kind == "partition's constraint" ||
         dependent.kind == "partition's statistics" ||
         dependent.kind == "partition's default";
}

bool check_indexes_in_partitions(const catalog::Table& table,
                                 const catalog::Column& column,
                                 const Location& where,
                                 Diagnostics& findings) {
  bool is_free = true;
  for (const auto& index : table.indexes) {
    if (table.kind == 'p' && reads(index.reads, column)) {
      is_free = false;
      refuse_move(column, fmt::format("index {}", index.name.name.name()),
                  "drop it first, and create it again after contract", where,
                  findings);
    }
  }
  return is_free;
}

void check_move_in_partitions(const catalog::Table& table,
                              const catalog::Column& column,
                              const Location& where,
                              Diagnostics& findings) {
  if (table.kind != 'p') {
    return;
  }
  if (column.identity) {
    refuse_move(column, "the identity", "drop the identity first", where,
                findings);
  }
  (void)check_indexes_in_partitions(table, column, where, findings);
  for (const auto& key : table.constraints) {
    if (key.kind == catalog::ConstraintKind::foreign_key &&
        reads(key.columns, column)) {
      refuse_move(column, fmt::format("foreign key {}", key.name.name()),
                  "drop it first, and create it again after contract", where,
                  findings);
    }
  }
}

}  // namespace pgexpand::ops
