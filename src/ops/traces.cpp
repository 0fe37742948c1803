// What a migration under way has in the users' tables until contract.
#include "ops/traces.hpp"

#include "pgexpand/catalog/change.hpp"
#include "pgexpand/ops/table_rules.hpp"
#include "pgexpand/sql/subject.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace pgexpand::ops {
namespace {

using sql::Identifier;

bool is_trace(const plan::Plan& plan, const Identifier& name) {
  return std::ranges::find(plan.own, name) != plan.own.end();
}

std::vector<catalog::Change> drops_of(const catalog::Table& table,
                                      const plan::Plan& plan) {
  std::vector<catalog::Change> drops;
  for (const auto& constraint : table.constraints) {
    if (is_trace(plan, constraint.name)) {
      drops.emplace_back(
          catalog::ConstraintDropped{table.name, constraint.name});
    }
  }
  for (const auto& index : table.indexes) {
    if (is_trace(plan, index.name.name)) {
      drops.emplace_back(catalog::IndexDropped{index.name});
    }
  }
  for (const auto& column : table.columns) {
    if (is_trace(plan, column.name)) {
      drops.emplace_back(catalog::ColumnDropped{table.name, column.name});
    }
  }
  return drops;
}

bool is_there(const catalog::Table& table, const Identifier& name) {
  const auto has = [&](const auto& things, const auto& name_of) {
    return std::ranges::find(things, name, name_of) != things.end();
  };
  return has(table.columns, &catalog::Column::name) ||
         has(table.constraints, &catalog::Constraint::name) ||
         has(table.indexes,
             [](const auto& index) { return index.name.name; }) ||
         has(table.triggers, &catalog::Trigger::name);
}

}  // namespace

std::vector<Identifier> given_names(const plan::Plan& plan,
                                    const std::deque<TableDraft>& tables) {
  std::set<Identifier> names;
  for (const plan::Step& step : plan.steps) {
    for (const sql::Statement& statement : plan::statements_of(step.action)) {
      for (Identifier& name : sql::own_names_of(statement)) {
        names.insert(std::move(name));
      }
    }
  }
  std::erase_if(names, [&](const Identifier& name) {
    return std::ranges::any_of(tables, [&](const TableDraft& draft) {
      return is_there(*draft.table, name);
    });
  });
  return {names.begin(), names.end()};
}

void check_remnants(const plan::Plan& plan,
                    const catalog::Catalog& catalog,
                    const Location& where,
                    Diagnostics& findings) {
  std::set<Identifier> given;
  for (const plan::Step* step : plan.steps_of(plan::Phase::expand)) {
    for (const sql::Statement& statement : plan::statements_of(step->action)) {
      for (Identifier& name : sql::own_names_of(statement)) {
        given.insert(std::move(name));
      }
    }
  }
  for (const plan::PlannedTable& planned : plan.tables) {
    const catalog::Table* table = catalog.table(planned.name);
    if (table == nullptr) {
      continue;
    }
    std::vector<std::string> found;
    for (const auto& column : table->columns) {
      if (given.contains(column.name)) {
        found.push_back("column " + column.name.name());
      }
    }
    for (const auto& trigger : table->triggers) {
      if (given.contains(trigger.name)) {
        found.push_back("trigger " + trigger.name.name());
      }
    }
    if (!found.empty()) {
      findings.refuse(
          where, "plan.remnant",
          fmt::format("table {} has what migration {} is to add: {}",
                      planned.name.display(), plan.id, fmt::join(found, ", ")),
          fmt::format("if the database came from a dump without schema {0}, "
                      "restore {0} from the same dump; else drop them by hand",
                      plan.state_schema));
    }
  }
}

catalog::Catalog without_traces(catalog::Catalog catalog,
                                const plan::Plan& plan) {
  std::vector<catalog::Change> drops;
  for (catalog::Table& table : catalog.tables) {
    const auto planned =
        std::ranges::find(plan.tables, table.name, &plan::PlannedTable::name);
    if (planned == plan.tables.end()) {
      continue;
    }
    const auto more = drops_of(table, plan);
    drops.insert(drops.end(), more.begin(), more.end());
    std::erase_if(table.triggers, [&](const catalog::Trigger& trigger) {
      return is_trace(plan, trigger.name);
    });
    std::erase_if(table.statistics, [&](const auto& statistics) {
      return is_trace(plan, statistics.name.name);
    });
  }
  return catalog::after(std::move(catalog), drops);
}

}  // namespace pgexpand::ops
