// What a migration under way has in the users' tables until contract.
#include "pgexpand/catalog/change.hpp"
#include "pgexpand/ops/table_rules.hpp"

#include <algorithm>
#include <array>

namespace pgexpand::ops {
namespace {

using sql::Identifier;

bool is_trace(const Identifier& name) {
  constexpr std::array<std::string_view, 4> beginnings{
      "pgexpand_new_", "pgexpand_old_", "pgexpand_not_null_", "pgexpand_kept_"};
  return std::ranges::any_of(beginnings, [&](std::string_view beginning) {
    return name.name().starts_with(beginning);
  });
}

std::vector<catalog::Change> drops_of(const catalog::Table& table,
                                      const plan::PlannedTable& planned) {
  std::vector<catalog::Change> drops;
  for (const auto& constraint : table.constraints) {
    if (is_trace(constraint.name)) {
      drops.emplace_back(
          catalog::ConstraintDropped{table.name, constraint.name});
    }
  }
  for (const auto& index : table.indexes) {
    if (is_trace(index.name.name)) {
      drops.emplace_back(catalog::IndexDropped{index.name});
    }
  }
  for (const Identifier& column : planned.columns) {
    if (is_trace(column)) {
      drops.emplace_back(catalog::ColumnDropped{table.name, column});
    }
  }
  return drops;
}

}  // namespace

catalog::Catalog without_traces(catalog::Catalog catalog,
                                const plan::Plan& plan) {
  std::vector<catalog::Change> drops;
  for (catalog::Table& table : catalog.tables) {
    const auto planned =
        std::ranges::find(plan.tables, table.name, &plan::PlannedTable::name);
    if (planned == plan.tables.end()) {
      continue;
    }
    const auto more = drops_of(table, *planned);
    drops.insert(drops.end(), more.begin(), more.end());
    std::erase_if(table.triggers, [&](const catalog::Trigger& trigger) {
      return trigger.name.name().starts_with("~pgexpand_" + plan.id);
    });
    std::erase_if(table.statistics, [](const auto& statistics) {
      return is_trace(statistics.name.name);
    });
  }
  return catalog::after(std::move(catalog), drops);
}

}  // namespace pgexpand::ops
