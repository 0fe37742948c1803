#include "ops/partitions.hpp"
#include "ops/sync_function.hpp"
#include "ops/user_triggers.hpp"
#include "pgexpand/ops/table_rules.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pgexpand::ops {
namespace {

constexpr int max_columns = 1600;  // PostgreSQL's limit, dropped ones included

void check_schema(const catalog::Table& table,
                  const std::string& state_schema,
                  const Location& where,
                  Diagnostics& findings) {
  const std::string& schema = table.name.schema.name();
  if (schema == "pg_catalog" || schema == "pg_toast" ||
      schema == "information_schema" || schema == state_schema) {
    findings.error(
        where, "table.system",
        fmt::format("table {} belongs to {}", table.name.display(),
                    schema == state_schema ? "pgexpand" : "the server"),
        "name a table of your own");
  }
}

void check_kind(const catalog::Table& table,
                const Location& where,
                Diagnostics& findings) {
  if (table.kind != 'r' && table.kind != 'p') {
    findings.error(where, "table.not-a-table",
                   fmt::format("{} is not a table", table.name.display()),
                   "name an ordinary table");
  } else if (table.access_method != "heap" && table.primary_key() == nullptr) {
    findings.refuse(
        where, "table.access-method",
        fmt::format("{} {} has access method {}, so its rows are walked by "
                    "primary key, and there is none",
                    table.has_children ? "a partition or child of" : "table",
                    table.name.display(), table.access_method),
        table.has_children ? "detach it, and migrate it by hand"
                           : "give it a primary key first");
  }
  if (table.persistence == 't') {
    findings.error(where, "table.temporary",
                   fmt::format("table {} is temporary", table.name.display()),
                   "name a permanent table");
  }
}

/// The walk updates rows within their partition.
void check_assigned_keys(const TableDraft& draft, Diagnostics& findings) {
  for (const Fill& fill : draft.fills) {
    const auto* column = draft.table->column(fill.assignment.column);
    if (column != nullptr) {
      (void)refuse_if_partition_key(*draft.table, *column, "fill", draft.where,
                                    findings);
    }
  }
}

/// A rule ON UPDATE rewrites the backfill's statements like everybody's.
void check_rules(const TableDraft& draft, Diagnostics& findings) {
  const catalog::Table& table = *draft.table;
  if (draft.fills.empty()) {
    return;
  }
  if (!table.rules_instead.empty()) {
    findings.refuse(
        draft.where, "table.rules",
        fmt::format("rule {} of {} puts something else in the place of an "
                    "UPDATE, so no row could be filled",
                    fmt::join(table.rules_instead, ", "), table.name.display()),
        "drop the rule, or make a trigger of it");
  } else if (!table.rules_also.empty() && !draft.allow_user_triggers) {
    findings.refuse(
        draft.where, "table.rules",
        fmt::format("the backfill's UPDATEs would also do what rule {} of {} "
                    "says, for every row",
                    fmt::join(table.rules_also, ", "), table.name.display()),
        "add `allow: [user_triggers]` if that is fine, or drop the rule for "
        "the time of the backfill");
  }
}

void check_table(const TableDraft& draft,
                 const catalog::Catalog& catalog,
                 const std::string& sync_trigger,
                 Diagnostics& findings) {
  const catalog::Table& table = *draft.table;
  check_kind(table, draft.where, findings);
  check_assigned_keys(draft, findings);
  check_rules(draft, findings);
  if (draft.adds_columns && !table.publications.empty() &&
      !draft.allow_published) {
    findings.refuse(
        draft.where, "table.published",
        fmt::format("table {} is in publication {}: a column added only here "
                    "stops its subscribers",
                    table.name.display(), fmt::join(table.publications, ", ")),
        "add the column on every subscriber first, then add `allow: "
        "[published]`");
  }
  if (draft.adds_columns && table.next_column_number + 10 > max_columns) {
    findings.refuse(
        draft.where, "table.too-many-columns",
        fmt::format("table {} has used {} of 1600 column numbers, "
                    "dropped ones included",
                    table.name.display(), table.next_column_number - 1),
        "copy the table: only a new one starts counting again");
  }
  check_user_triggers(draft, catalog, sync_trigger, draft.where, findings);
}

}  // namespace

void check_tables(const Draft& draft,
                  const catalog::Catalog& catalog,
                  Diagnostics& findings) {
  for (const TableDraft& pieces : draft.tables()) {
    const auto names =
        sync_names(*pieces.table, draft.id(), draft.state_schema());
    check_schema(*pieces.table, draft.state_schema().name(), pieces.where,
                 findings);
    check_table(pieces, catalog, names.trigger.name(), findings);
  }
}

}  // namespace pgexpand::ops
