#include "ops/user_triggers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

using catalog::ConstraintKind;
using catalog::Trigger;

/// Would an UPDATE of these columns by the backfill fire it?
bool fires_for_backfill(const Trigger& trigger, const TableDraft& draft) {
  if (trigger.is_internal || !trigger.on_update || trigger.enabled == 'D' ||
      trigger.enabled == 'R') {
    return false;
  }
  return trigger.update_of.empty() ||
         std::ranges::any_of(draft.fills, [&](const Fill& fill) {
           return std::ranges::find(trigger.update_of,
                                    fill.assignment.column) !=
                  trigger.update_of.end();
         });
}

bool assigns_any(const TableDraft& draft,
                 const std::vector<sql::Identifier>& columns) {
  return std::ranges::any_of(draft.fills, [&](const Fill& fill) {
    return std::ranges::find(columns, fill.assignment.column) != columns.end();
  });
}

/// Does replica mode skip a check the assigned columns need?
bool needs_constraint_triggers(const TableDraft& draft) {
  const auto is_checked = [&](const catalog::Constraint& constraint) {
    const bool by_trigger = constraint.kind == ConstraintKind::foreign_key ||
                            (constraint.is_deferrable &&
                             (constraint.kind == ConstraintKind::unique ||
                              constraint.kind == ConstraintKind::primary_key ||
                              constraint.kind == ConstraintKind::exclusion));
    return by_trigger && assigns_any(draft, constraint.columns);
  };
  const auto is_referenced = [&](const catalog::Constraint& constraint) {
    return assigns_any(draft, constraint.references_columns);
  };
  const auto is_checked_in_partition = [&](const Fill& fill) {
    const auto* column = draft.table->column(fill.assignment.column);
    return column != nullptr &&
           std::ranges::any_of(
               column->dependents, [](const catalog::Dependent& dependent) {
                 return dependent.kind == "partition's constraint" ||
                        dependent.kind == "partition's foreign key";
               });
  };
  return std::ranges::any_of(draft.fills, is_checked_in_partition) ||
         std::ranges::any_of(draft.table->constraints, is_checked) ||
         std::ranges::any_of(draft.table->referenced_by, is_referenced);
}

std::vector<std::string> firing(const TableDraft& draft) {
  std::vector<std::string> names;
  for (const Trigger& trigger : draft.table->triggers) {
    if (fires_for_backfill(trigger, draft)) {
      names.push_back(trigger.name.name());
    }
  }
  return names;
}

bool fires_in_replica_role(const Trigger& trigger) {
  return trigger.on_update &&
         (trigger.enabled == 'A' || trigger.enabled == 'R');
}

}  // namespace

bool may_skip_user_triggers(const TableDraft& draft) {
  return !firing(draft).empty() && !needs_constraint_triggers(draft) &&
         std::ranges::none_of(draft.table->triggers, fires_in_replica_role);
}

void check_user_triggers(const TableDraft& draft,
                         const catalog::Catalog& catalog,
                         const std::string& sync_trigger,
                         const Location& where,
                         Diagnostics& findings) {
  for (const Trigger& trigger : draft.table->triggers) {
    if (!draft.sync_before.empty() && trigger.is_before && trigger.is_row &&
        trigger.enabled != 'D' && trigger.name.name() > sync_trigger) {
      findings.refuse(
          where, "table.trigger-sorts-last",
          fmt::format("trigger {} of {} would run after the sync trigger",
                      trigger.name.name(), draft.table->name.display()),
          fmt::format("rename it so that it sorts before {}", sync_trigger));
    }
  }
  const auto names = firing(draft);
  if (draft.fills.empty() || names.empty() || draft.allow_user_triggers) {
    return;
  }
  if (!catalog.may_skip_triggers || !may_skip_user_triggers(draft)) {
    findings.refuse(
        where, "table.user-triggers",
        fmt::format("the backfill would fire {} of {} for every row",
                    fmt::join(names, ", "), draft.table->name.display()),
        "GRANT SET ON PARAMETER session_replication_role TO the role that runs "
        "pgexpand (15+), or add `allow: [user_triggers]` if firing them is "
        "fine");
  }
}

}  // namespace pgexpand::ops
