#include "ops/replaced_index.hpp"

#include "pgexpand/sql/own_names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

using sql::Statement;

Statement rename(const sql::TableName& from, const sql::TableName& to) {
  return Statement::of("ALTER INDEX {} RENAME TO {}", from, to.name);
}

}  // namespace

bool is_replaced(const Situation& situation, const sql::TableName& index) {
  return situation.shapes.drops_index(index) &&
         situation.after.table_of_index(index) != nullptr;
}

bool is_name_kept(const catalog::Catalog& catalog,
                  const Shapes& shapes,
                  const sql::TableName& name) {
  return catalog.is_name_taken(name) && !shapes.drops_index(name);
}

sql::TableName stale_index(const sql::TableName& index) {
  return {index.schema, sql::stale_name(index.name)};
}

sql::TableName fresh_index(const sql::TableName& index) {
  return {index.schema, sql::fresh_name(index.name)};
}

void take_over_name(Draft& draft,
                    const catalog::Table& old_table,
                    const catalog::Table& table,
                    const sql::TableName& index) {
  Transition& at_switch = draft.at_switch();
  // ALTER INDEX takes it on the index; DDL on the table would be in the way.
  at_switch.lock(old_table.name, plan::LockMode::share_update_exclusive);
  at_switch.lock(table.name, plan::LockMode::share_update_exclusive);
  const sql::TableName fresh = fresh_index(index);
  const sql::TableName stale = stale_index(index);
  at_switch.last.push_back(rename(index, stale));
  at_switch.last.push_back(rename(fresh, index));
  at_switch.undo_first({rename(index, fresh), rename(stale, index)});
  at_switch.titles.push_back(
      fmt::format("the new index takes the name {}", index.name.name()));
}

bool promises_as_much(const catalog::Index& old, const catalog::Index& fresh) {
  const auto is_plain = [](const catalog::IndexKey& key) {
    return key.column && !key.opclass && !key.collation;
  };
  const auto is_key_of_fresh = [&](const catalog::IndexKey& key) {
    return std::ranges::find(fresh.keys, key.column,
                             &catalog::IndexKey::column) != fresh.keys.end();
  };
  return old.is_unique && old.is_valid && !old.predicate &&
         (old.nulls_not_distinct || !fresh.nulls_not_distinct) &&
         std::ranges::all_of(old.keys, is_plain) &&
         std::ranges::all_of(fresh.keys, is_plain) &&
         std::ranges::all_of(old.keys, is_key_of_fresh);
}

void check_index_name(const sql::TableName& name,
                      const Situation& situation,
                      const Location& where,
                      Diagnostics& findings) {
  if (!is_name_kept(situation.catalog, situation.shapes, name)) {
    return;
  }
  const auto* holder = situation.catalog.table_of_index(name);
  const auto* found = holder == nullptr ? nullptr : holder->index(name.name);
  if (found != nullptr && !found->is_valid) {
    findings.error(
        where, "index.leftover",
        fmt::format("index {} exists already and is INVALID: a concurrent "
                    "build left it behind, or is still at it",
                    name.display()),
        fmt::format("DROP INDEX CONCURRENTLY {}", name.quoted()));
    return;
  }
  findings.error(where, "catalog.name-taken",
                 fmt::format("{} exists already", name.display()),
                 found != nullptr && !found->constraint
                     ? fmt::format("choose another name; to replace it, add "
                                   "`drop_index: {{index: {}}}` to this file",
                                   name.display())
                     : "choose another name");
}

}  // namespace pgexpand::ops
