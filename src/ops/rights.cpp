// What the role must be allowed to do, found before anything runs.
#include "ops/rights.hpp"

#include "ops/twin.hpp"
#include "pgexpand/ops/table_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace pgexpand::ops {
namespace {

void refuse_owner(const sql::TableName& table,
                  const std::string& owner,
                  const catalog::Catalog& catalog,
                  const Location& where,
                  Diagnostics& findings) {
  findings.refuse(
      where, "rights.not-owner",
      fmt::format("role {} is not a member of {}, the owner of table {}",
                  catalog.user, owner, table.display()),
      fmt::format("GRANT {} TO {}", sql::quote_identifier(owner),
                  sql::quote_identifier(catalog.user)));
}

/// From 16 on it is the membership that inherits or not, not the role.
std::string let_inherit(const std::string& owner,
                        const catalog::Catalog& catalog) {
  constexpr int first_with_inherit_option = 160'000;
  const auto user = sql::quote_identifier(catalog.user);
  return catalog.server_version_num >= first_with_inherit_option
             ? fmt::format("GRANT {} TO {} WITH INHERIT TRUE",
                           sql::quote_identifier(owner), user)
             : fmt::format("ALTER ROLE {} INHERIT", user);
}

void check_owner(const catalog::Table& table,
                 const catalog::Catalog& catalog,
                 const Location& where,
                 Diagnostics& findings) {
  if (table.must_become_owner) {
    findings.refuse(
        where, "rights.many-owners",
        fmt::format("role {} inherits no rights, and can act as one owner at a "
                    "time: {} of table {} is not the only one here",
                    catalog.user, table.owner, table.name.display()),
        fmt::format("{}, or one migration for each owner",
                    let_inherit(table.owner, catalog)));
  } else if (!table.may_act_as_owner) {
    refuse_owner(table.name, table.owner, catalog, where, findings);
  }
}

bool builds_on(const plan::Action& action, const sql::TableName& table) {
  const auto* build = std::get_if<plan::BuildIndex>(&action);
  return build != nullptr && build->table == table;
}

/// Does the plan, or its way back, build an index of this table?
bool builds_on(const plan::Plan& plan, const sql::TableName& table) {
  return std::ranges::any_of(plan.steps, [&](const plan::Step& step) {
    return builds_on(step.action, table) ||
           std::ranges::any_of(step.undo, [&](const plan::Undo& undo) {
             return builds_on(undo.action, table);
           });
  });
}

/// The owner of a table that a foreign key joins with one of the draft's, if
/// we lack its rights; else empty.
std::string foreign_owner(const Draft& draft, const sql::TableName& table) {
  for (const TableDraft& pieces : draft.tables()) {
    for (const auto& key : pieces.table->constraints) {
      if (key.references_table == table) {
        return key.foreign_owner;
      }
    }
    for (const auto& key : pieces.table->referenced_by) {
      if (key.table == table) {
        return key.foreign_owner;
      }
    }
  }
  return {};
}

/// The tables that the plan locks by name.
std::set<sql::TableName> locked_tables(const plan::Plan& plan) {
  std::set<sql::TableName> tables;
  for (const plan::Step& step : plan.steps) {
    for (const plan::TableLock& lock : step.locks) {
      tables.insert(lock.table);
    }
  }
  return tables;
}

}  // namespace

void check_rights(const catalog::Table& table,
                  const catalog::Catalog& catalog,
                  const Location& where,
                  Diagnostics& findings) {
  check_owner(table, catalog, where, findings);
  const auto user = sql::quote_identifier(catalog.user);
  if (!table.may_use_schema) {
    findings.refuse(
        where, "rights.schema",
        fmt::format("role {} may not use schema {}", catalog.user,
                    table.name.schema.name()),
        fmt::format("GRANT USAGE ON SCHEMA {} TO {}", table.name.schema, user));
  }
  if (table.may_act_as_owner && table.hides_rows) {
    findings.refuse(
        where, "rights.row-security",
        fmt::format("row security of table {} hides rows from role {}: they "
                    "would be neither filled nor verified",
                    table.name.display(), catalog.user),
        fmt::format("ALTER ROLE {} BYPASSRLS, or ALTER TABLE {} NO FORCE ROW "
                    "LEVEL SECURITY meanwhile",
                    user, table.name));
  }
}

void check_may_create(std::string_view what,
                      const catalog::Table& table,
                      const catalog::Catalog& catalog,
                      const Location& where,
                      Diagnostics& findings) {
  if (!table.may_create_in_schema) {
    findings.refuse(
        where, "rights.schema",
        fmt::format("role {} may not create {} in schema {}", catalog.user,
                    what, table.name.schema.name()),
        fmt::format("GRANT CREATE ON SCHEMA {} TO {}", table.name.schema,
                    sql::quote_identifier(catalog.user)));
  }
}

void check_may_alter_functions(const catalog::Table& table,
                               const catalog::Catalog& catalog,
                               const Location& where,
                               Diagnostics& findings) {
  std::set<std::string> known;
  for (const catalog::Trigger& trigger : table.triggers) {
    if (!is_touched_at_swap(trigger) || trigger.may_alter_function ||
        !known.insert(trigger.function).second) {
      continue;
    }
    findings.refuse(
        where, "rights.trigger-function",
        fmt::format("trigger {} of {} calls {}, which the switch must ALTER: "
                    "role {} does not have the rights of its owner {}",
                    trigger.name.name(), table.name.display(), trigger.function,
                    catalog.user, trigger.function_owner),
        fmt::format("ALTER FUNCTION {} OWNER TO {}, or GRANT {} TO {}",
                    trigger.function, sql::quote_identifier(table.owner),
                    sql::quote_identifier(trigger.function_owner),
                    sql::quote_identifier(catalog.user)));
  }
}

void check_plan(const Draft& draft,
                const plan::Plan& plan,
                const catalog::Catalog& catalog,
                Diagnostics& findings) {
  Location where;
  std::set<sql::TableName> others = locked_tables(plan);
  for (const TableDraft& pieces : draft.tables()) {
    const catalog::Table& table = *pieces.table;
    where = pieces.where;
    others.erase(table.name);
    if (builds_on(plan, table.name)) {
      check_may_create("an index", table, catalog, where, findings);
    }
  }
  for (const sql::TableName& name : others) {
    if (const catalog::Table* table = catalog.table(name)) {
      check_owner(*table, catalog, where, findings);
    } else if (const auto owner = foreign_owner(draft, name); !owner.empty()) {
      refuse_owner(name, owner, catalog, where, findings);
    }
  }
}

}  // namespace pgexpand::ops
