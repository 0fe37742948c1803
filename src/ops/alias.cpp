// Two names of one column. attnum is for ever: were the second column to stay,
// an INSERT without a column list would put its values into other columns than
// before. So it goes, and the first takes its name.
#include "ops/alias.hpp"

#include "ops/carrier.hpp"
#include "ops/column_rules.hpp"
#include "ops/comparator.hpp"
#include "ops/enforce.hpp"
#include "ops/partitions.hpp"
#include "ops/table_operation.hpp"
#include "ops/twin.hpp"
#include "pgexpand/sql/own_names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

using plan::LockMode;
using sql::Expression;
using sql::Identifier;
using sql::Statement;

void add_sync(TableDraft& pieces,
              const catalog::Column& column,
              const Identifier& to) {
  SyncPair pair{.forward = {.column = to,
                            .type = column.type,
                            .value = {column.name.quoted()},
                            .is_safe = true},
                .backward = SyncAssignment{.column = column.name,
                                           .type = column.type,
                                           .value = {to.quoted()},
                                           .is_safe = true},
                .is_alias = true,
                .old_leads = !column.default_value && !column.identity};
  pieces.sync_before.pairs.push_back(pair);
  pair.old_leads = false;
  // With the column's default supplied, an old writer's INSERT gives the
  // second one its value too.
  pair.rows_complete = true;
  pieces.sync_after.pairs.push_back(std::move(pair));
  pieces.sync_titles.push_back(fmt::format("sync trigger {} -> {}, then back",
                                           column.name.name(), to.name()));
}

/// Before the switch the column's own value counts, after it both do: what
/// differs then was written past the trigger, and nobody can say which is
/// right. The one that contract keeps is the one to look at.
void add_comparisons(TableDraft& pieces,
                     const catalog::Column& column,
                     const Identifier& to) {
  const Identifier& from = column.name;
  const Expression wrong = differs(column.type, of_row(to), of_row(from));
  const std::string title = fmt::format("{} = {}", to.name(), from.name());
  pieces.fills.push_back({.assignment = {to, of_row(from)},
                          .type = column.type,
                          .pending = wrong});
  pieces.before_switch.push_back(
      {.title = title,
       .differs = wrong,
       .repair = plan::Assignment{to, of_row(from)}});
  const plan::Comparison back{.title = title,
                              .differs = wrong,
                              .repair = plan::Assignment{from, of_row(to)}};
  pieces.after_switch.push_back(back);
  pieces.before_contract.push_back(back);
}

void add_end(Draft& draft,
             const catalog::Table& table,
             const Identifier& from,
             const Identifier& to) {
  Transition& at_contract = draft.at_contract();
  at_contract.lock(table.name, LockMode::access_exclusive);
  at_contract.middle.push_back(
      Statement::of("ALTER TABLE {} DROP COLUMN {}", table.name, to));
  at_contract.middle.push_back(Statement::of(
      "ALTER TABLE {} RENAME COLUMN {} TO {}", table.name, from, to));
  at_contract.titles.push_back(
      fmt::format("{} takes the name {}", from.name(), to.name()));
}

}  // namespace

void add_alias(Draft& draft,
               TableDraft& pieces,
               const catalog::Table& table,
               const catalog::Column& column,
               const Identifier& to) {
  add_column_beside(pieces, table.name, column,
                    {.column = to,
                     .type = column.type,
                     .collation = column.collation.value_or(""),
                     .comment = column.comment});
  add_sync(pieces, column, to);
  add_comparisons(pieces, column, to);
  add_end(draft, table, column.name, to);
}

bool can_have_alias(const catalog::Table& table,
                    const catalog::Column& column,
                    const Location& where,
                    Diagnostics& findings) {
  if (refuse_if_partition_key(table, column, "change", where, findings)) {
    return false;
  }
  if (column.generated) {
    findings.refuse(where, "column.generated",
                    fmt::format("column {} is generated: it cannot be "
                                "written, so it cannot be kept in step",
                                column.name.name()),
                    "add a generated column with the new name instead");
    return false;
  }
  bool is_free = check_indexes_in_partitions(table, column, where, findings);
  for (const auto& dependent : column.dependents) {
    if (dependent.kind != "trigger" && dependent.kind != "rule" &&
        dependent.kind != "publication") {
      continue;
    }
    is_free = false;
    findings.refuse(
        where, "column.has-dependents",
        fmt::format("{} looks at column {} of {}: until contract it "
                    "would not see what is written by the new name",
                    dependent.identity, column.name.name(),
                    table.name.display()),
        fmt::format("drop the {} first and create it again after "
                    "contract",
                    dependent.kind));
  }
  return is_free_of_constraints(column.type, where, findings) && is_free;
}

Identifier Carrier::alias_of(const Identifier& today) const {
  const auto found = shape_.aliases().find(today);
  return found == shape_.aliases().end() ? physical_of(today) : found->second;
}

/// Queries by the new names, and ON CONFLICT, want the indexes there are by the
/// old ones. They go with the columns that answer to those names.
void Carrier::add_alias_indexes() {
  for (const auto& index : table_.indexes) {
    const bool reads_alias =
        std::ranges::any_of(index.reads, [&](const Identifier& column) {
          return shape_.aliases().contains(column);
        });
    const bool stays =
        std::ranges::all_of(index.reads, [&](const Identifier& column) {
          return shape_.column(shape_.renamed(column)) != nullptr;
        });
    if (reads_alias && stays && !index.is_exclusion && is_usable(index)) {
      add_alias_index(index);
    }
  }
}

void Carrier::add_alias_index(const catalog::Index& index) {
  const auto* constraint =
      index.constraint ? table_.constraint(*index.constraint) : nullptr;
  const auto name = [this](const Identifier& column) {
    return alias_of(column);
  };
  catalog::Index copy = index;
  copy.name = in_schema(sql::alias_index_name(index.name.name));
  // The column's own index promises it, and when that one is asked: at once, or
  // at the end. ON CONFLICT goes by none that waits.
  copy.is_unique =
      index.is_unique && !(constraint != nullptr && constraint->is_deferrable);
  copy.nulls_not_distinct = copy.is_unique && index.nulls_not_distinct;
  for (auto& key : copy.keys) {
    if (key.column) {
      key.column = name(*key.column);
    } else if (auto text = rewritten("index " + index.name.name.name(),
                                     *key.expression, name)) {
      key.expression = *std::move(text);
    }
  }
  std::ranges::transform(copy.include, copy.include.begin(), name);
  if (copy.predicate) {
    copy.predicate =
        rewritten("index " + index.name.name.name(), *copy.predicate, name);
  }
  build_index(draft_, table_, {.index = copy, .on_new_column = true});
}

}  // namespace pgexpand::ops
