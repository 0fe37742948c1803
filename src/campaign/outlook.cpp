#include "pgexpand/campaign/outlook.hpp"

#include "pgexpand/catalog/change_json.hpp"
#include "pgexpand/ops/table_rules.hpp"

#include <algorithm>
#include <array>

namespace pgexpand::campaign {
namespace {

/// Findings about what is not there; a migration before could have made it.
constexpr std::array of_missing_things{
    "catalog.unknown-table", "catalog.unknown-column", "catalog.unknown-index",
    "type.unknown",          "type.unknown-collation", "index.unknown-opclass",
    "expression.rejected"};

bool is_about_a_missing_thing(const Diagnostic& finding) {
  return std::ranges::find(of_missing_things, finding.code) !=
         of_missing_things.end();
}

/// Text of a `sql` operation in a phase after `done`.
bool has_users_sql(const plan::Plan& plan, std::optional<plan::Phase> done) {
  return std::ranges::any_of(plan.steps, [&](const plan::Step& step) {
    const auto* run = std::get_if<plan::RunSql>(&step.action);
    return run != nullptr && run->is_users && (!done || step.phase > *done);
  });
}

std::vector<sql::TableName> tables_of(const plan::Plan& plan) {
  std::vector<sql::TableName> tables;
  for (const plan::PlannedTable& table : plan.tables) {
    tables.push_back(table.name);
  }
  return tables;
}

// One that cannot be read is a reason for its own commands to fail, not for a
// plan of others.
std::optional<plan::Plan> readable_plan(const state::Migration& stored) {
  try {
    return stored.plan();
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

Outlook::Outlook(const Roster& roster) {
  for (const Known& known : roster.all()) {
    if (!known.is_under_way()) {
      continue;
    }
    if (const auto plan = readable_plan(*known.stored)) {
      add_under_way(known, *plan);
    } else {
      const auto outline = known.stored->outline().value_or(plan::Outline{});
      add_unknown(known.id, outline.tables);
    }
  }
}

void Outlook::add_under_way(const Known& known, const plan::Plan& plan) {
  const auto changes = catalog::changes_from_json(plan.leaves);
  const bool goes_on = known.standing() != Standing::rolling_back;
  earlier_.push_back(
      {.id = known.id,
       .tables = tables_of(plan),
       .is_unforeseen =
           !goes_on || !changes || has_users_sql(plan, known.stored->completed),
       .is_counted = goes_on && changes});
  if (goes_on && changes) {
    under_way_.push_back(plan);
    changes_.insert(changes_.end(), changes->begin(), changes->end());
  }
}

void Outlook::add(const plan::Plan& plan,
                  const std::vector<catalog::Change>& changes) {
  earlier_.push_back({.id = plan.id,
                      .tables = tables_of(plan),
                      .is_unforeseen = has_users_sql(plan, std::nullopt)});
  changes_.insert(changes_.end(), changes.begin(), changes.end());
}

void Outlook::add_unknown(const std::string& id,
                          const std::vector<sql::TableName>& tables) {
  earlier_.push_back(
      {.id = id, .tables = tables, .is_unforeseen = true, .is_counted = false});
}

catalog::Request Outlook::widened(const catalog::Request& request) const {
  catalog::Request wider = request;
  for (const catalog::Change& change : changes_) {
    const auto* added = std::get_if<catalog::IndexAdded>(&change);
    if (added == nullptr) {
      continue;
    }
    const auto is_meant = [&](const sql::TableName& index) {
      return index.name == added->index.name.name;
    };
    if (std::ranges::any_of(request.indexes, is_meant)) {
      wider.tables.push_back(added->table);
    }
  }
  return wider;
}

catalog::Catalog Outlook::apply(catalog::Catalog catalog) const {
  for (const plan::Plan& plan : under_way_) {
    catalog = ops::without_traces(std::move(catalog), plan);
  }
  return catalog::after(std::move(catalog), changes_);
}

Outlook::Rivals Outlook::rivals(const plan::Plan& plan) const {
  const auto has = [](const auto& list, const auto& item) {
    return std::ranges::find(list, item) != list.end();
  };
  const auto tables = tables_of(plan);
  Rivals rivals;
  for (const Earlier& earlier : earlier_) {
    for (const sql::TableName& table : earlier.tables) {
      if (!has(tables, table)) {
        continue;
      }
      if (!has(rivals.ids, earlier.id)) {
        rivals.ids.push_back(earlier.id);
        rivals.are_counted = rivals.are_counted && earlier.is_counted;
      }
      if (!has(rivals.tables, table)) {
        rivals.tables.push_back(table);
      }
    }
  }
  return rivals;
}

std::vector<std::string> Outlook::awaited(const Diagnostics& findings) const {
  for (const Diagnostic& finding : findings.all()) {
    if (finding.severity != Severity::warning &&
        !is_about_a_missing_thing(finding)) {
      return {};
    }
  }
  std::vector<std::string> ids;
  for (const Earlier& earlier : earlier_) {
    if (earlier.is_unforeseen) {
      ids.push_back(earlier.id);
    }
  }
  return ids;
}

}  // namespace pgexpand::campaign
