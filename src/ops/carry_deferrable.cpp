// A unique constraint that is DEFERRABLE lets two rows swap their values in one
// transaction. An index that is built concurrently rejects that, and so would
// the new column's until a constraint takes it over. So there the constraint
// stands before any value does: column, index and constraint while all is NULL,
// then the sync trigger and the rows. A primary key cannot be had like that:
// its index is built as late as it can be.
#include "ops/carrier.hpp"
#include "ops/enforce.hpp"
#include "pgexpand/sql/own_names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::ops {
using plan::LockMode;
using plan::Phase;
using sql::Expression;
using sql::Identifier;
using sql::Statement;

Expression deferrable(const catalog::Table& table,
                      const catalog::Index& index) {
  const auto* constraint =
      index.constraint ? table.constraint(*index.constraint) : nullptr;
  if (constraint == nullptr || !constraint->is_deferrable) {
    return {""};
  }
  return {constraint->initially_deferred ? " DEFERRABLE INITIALLY DEFERRED"
                                         : " DEFERRABLE"};
}

Statement adopt(const catalog::Table& table,
                const catalog::Index& index,
                const Identifier& name,
                const Identifier& built) {
  const bool is_key = index.is_primary && name == *index.constraint;
  return Statement::of("ALTER TABLE {} ADD CONSTRAINT {} {} USING INDEX {}{}",
                       table.name, name,
                       Expression{is_key ? "PRIMARY KEY" : "UNIQUE"}, built,
                       deferrable(table, index));
}

/// SET CONSTRAINTS names the constraint that its user knows. What he does not
/// know of repeats its promise, so the end of the transaction is soon enough.
void Carrier::check_at_end(const catalog::Index& index, Phase since) {
  const Identifier& name = *index.constraint;
  if (table_.constraint(name)->initially_deferred) {
    return;
  }
  const Identifier fresh = sql::fresh_name(name);
  if (since == Phase::expand) {
    pieces_.sync_before.deferred.push_back(in_schema(fresh));
  }
  pieces_.sync_after.deferred.push_back(
      in_schema(at_switch(index.reads) ? sql::stale_name(name) : fresh));
}

void Carrier::carry_deferrable(const catalog::Index& index, bool new_promise) {
  if (index.is_primary) {
    carry_deferrable_key(index, new_promise);
  } else {
    // Among NULLs that are not distinct only one can be.
    const bool is_late = new_promise || index.nulls_not_distinct;
    build_deferrable(index, is_late ? Phase::switch_over : Phase::expand);
    const bool now = at_switch(index.reads);
    const Identifier& name = *index.constraint;
    const Identifier fresh = sql::fresh_name(name);
    const Identifier stale = sql::stale_name(name);
    Transition& step = transition(now);
    step.lock(table_.name, LockMode::access_exclusive);
    if (now) {
      step.last.push_back(rename_constraint(table_.name, name, stale));
      step.undo_first({rename_constraint(table_.name, name, fresh),
                       rename_constraint(table_.name, stale, name)});
    }
    step.last.push_back(rename_constraint(table_.name, fresh, name));
  }
  take_over_attributes(index);
  take_over_column_names(index);
}

/// Index and constraint, under the new one's first name.
void Carrier::build_deferrable(const catalog::Index& index, Phase phase) {
  const Identifier& name = *index.constraint;
  const Identifier fresh = sql::fresh_name(name);
  catalog::Index built = renewed(index);
  built.name = in_schema(fresh);
  const bool is_early = phase == Phase::expand;
  build_index(draft_, table_,
              {.index = std::move(built),
               .phase = phase,
               .enforces = !is_early,
               .on_new_column = true});
  plan::Step step{.title = fmt::format("make it a constraint as deferrable as "
                                       "{}",
                                       name.name()),
                  .phase = phase,
                  .locks = {{table_.name, LockMode::access_exclusive}},
                  .action = plan::RunSql{{adopt(table_, index, fresh, fresh)}},
                  .enforces = !is_early};
  if (!is_early) {
    step.undo = {{.title = fmt::format("drop constraint {}", fresh.name()),
                  .locks = step.locks,
                  .action = plan::RunSql{{Statement::of(
                      "ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}",
                      table_.name, fresh)}}}};
  }
  draft_.step(std::move(step));
  check_at_end(index, phase);
  if (!is_early) {
    findings_.warn(
        pieces_.where, "index.deferrable-late",
        fmt::format("while the index of {} is built anew, at switch, no "
                    "transaction can swap two of its values (23505)",
                    name.name()),
        "switch at a quiet hour");
    return;
  }
  pieces_.sync_comes_last = true;
  findings_.warn(
      pieces_.where, "index.deferrable-early",
      fmt::format("constraint {} is deferrable, so its successor stands before "
                  "the rows are filled: none of those updates is HOT, and "
                  "expand is more than one transaction",
                  name.name()),
      "let the backfill run at a quiet hour");
}

/// Where the old key stays until contract, new code is served by a constraint
/// that is no key.
void Carrier::carry_deferrable_key(const catalog::Index& index,
                                   bool new_promise) {
  const bool now = at_switch(index.reads);
  Transition& step = transition(now);
  step.lock(table_.name, LockMode::access_exclusive);
  if (!now) {
    build_deferrable(index, new_promise ? Phase::switch_over : Phase::expand);
    step.first.push_back(
        drop_constraint(table_.name, sql::fresh_name(*index.constraint)));
  }
  build_key_late(index);
  const Identifier& key = *index.constraint;
  step.first.push_back(drop_constraint(table_.name, key));
  if (now) {
    step.undo_ahead.push_back(rebuild_old_key(index));
    step.undo_first(
        {drop_constraint(table_.name, key),
         adopt(table_, index, key, sql::stale_name(index.name.name))});
  }
}

/// What stands as a plain unique index from here to the end of the phase.
void Carrier::build_key_late(const catalog::Index& index) {
  const bool now = at_switch(index.reads);
  catalog::Index built = renewed(index);
  if (!now) {
    built.name = in_schema(sql::stale_name(index.name.name));
  }
  const Identifier name = built.name.name;
  build_index(draft_, table_,
              {.index = std::move(built),
               .phase = now ? Phase::switch_over : Phase::contract,
               .enforces = true,
               .on_new_column = true});
  transition(now).last.push_back(adopt(table_, index, *index.constraint, name));
  findings_.warn(
      pieces_.where, "index.deferrable-late",
      fmt::format("while the index of primary key {} is built anew, at {}, no "
                  "transaction can swap two of its values (23505)",
                  index.constraint->name(),
                  now ? "switch and in a rollback after it" : "contract"),
      "run that at a quiet hour");
}

/// The columns have their names from between switch and contract.
plan::Undo Carrier::rebuild_old_key(const catalog::Index& index) const {
  const auto standing = [&](const Identifier& column) {
    const Move* move = shape_.move_of(column);
    return move == nullptr ? column : move->stale();
  };
  catalog::Index old = index;
  old.name = in_schema(sql::stale_name(index.name.name));
  for (auto& key : old.keys) {
    key.column = standing(*key.column);
  }
  std::ranges::transform(old.include, old.include.begin(), standing);
  return {.title = fmt::format("build the old index of {}",
                               index.constraint->name()),
          .locks = {{table_.name, LockMode::share_update_exclusive}},
          .budget = plan::Budget::unlimited,
          .action = build_action(old, table_.name)};
}

}  // namespace pgexpand::ops
