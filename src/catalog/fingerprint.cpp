#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/sql/own_names.hpp"

#include <fmt/format.h>

#include <set>

namespace pgexpand::catalog {
namespace {

std::string optional_part(std::string_view word,
                          const std::optional<sql::Expression>& expression) {
  return expression ? fmt::format(" {} {}", word, expression->text)
                    : std::string{};
}

std::string describe(const Column& column) {
  return fmt::format(
      "column {} {}{}{}{}{}{}{}", column.name, column.type.name.text,
      column.collation ? " collate " + *column.collation : "",
      column.not_null ? " not null" : "",
      column.not_null_valid ? "" : " not valid",
      optional_part("default", column.default_value),
      optional_part("generated", column.generated),
      column.identity ? fmt::format(" identity {}", *column.identity) : "");
}

std::string describe(const Index& index) {
  return fmt::format("index {} {}{}", index.name,
                     index.is_valid ? "valid" : "invalid",
                     " " + index.definition) +
         (index.is_replica_identity ? " replica identity" : "");
}

std::string describe(std::string_view word, const Constraint& constraint) {
  return fmt::format("{} {} on {} {}{}", word, constraint.name,
                     constraint.table, constraint.definition,
                     constraint.is_validated ? "" : " (not validated)");
}

// A sync trigger that looks at the writer's schemas is aimed anew whenever any
// migration publishes a version, or takes it back.
bool is_aimed(const Trigger& trigger) {
  return sql::is_sync_trigger_name(trigger.name) &&
         trigger.definition.find("current_schemas(") != std::string::npos;
}

std::string describe(const Trigger& trigger) {
  return fmt::format("trigger {} enabled {} {} function {}", trigger.name,
                     trigger.enabled,
                     is_aimed(trigger) ? "by version" : trigger.definition,
                     trigger.function_definition_hash);
}

// Partitions come and go while a migration runs: what only one of them has is
// no change of the table.
bool is_of_partition(const Dependent& dependent) {
  return dependent.kind.starts_with("partition's ");
}
bool is_of_partition(const Trigger& trigger) {
  return trigger.definition.empty();
}

std::string describe_table(const Table& table) {
  return fmt::format(
      "table {} kind {} owner {} row security {} {} replica identity {}",
      table.name, table.kind, sql::quote_identifier(table.owner),
      table.row_security, table.force_row_security, table.replica_identity);
}

}  // namespace

std::vector<std::string> fingerprint(const Table& table) {
  // A set: one order whatever the server's, and what depends on two columns
  // is told once.
  std::set<std::string> lines{describe_table(table)};
  for (const auto& column : table.columns) {
    lines.insert(describe(column));
    for (const auto& dependent : column.dependents) {
      if (is_of_partition(dependent)) {
        continue;
      }
      lines.insert(fmt::format("{} {} reads {}", dependent.kind,
                               dependent.identity, column.name));
    }
  }
  for (const auto& index : table.indexes) {
    lines.insert(describe(index));
  }
  for (const auto& constraint : table.constraints) {
    lines.insert(describe("constraint", constraint));
  }
  for (const auto& constraint : table.referenced_by) {
    lines.insert(describe("referenced by", constraint));
  }
  for (const auto& trigger : table.triggers) {
    if (!is_of_partition(trigger)) {
      lines.insert(describe(trigger));
    }
  }
  for (const auto& publication : table.publications) {
    lines.insert("publication " + sql::quote_identifier(publication));
  }
  return {lines.begin(), lines.end()};
}

}  // namespace pgexpand::catalog
