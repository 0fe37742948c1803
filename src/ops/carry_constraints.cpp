// CHECKs and foreign keys of a moved column are added for the new one NOT VALID
// after verify, validated under a weak lock, and take the old names with the
// column.
#include "ops/carrier.hpp"
#include "ops/column_rules.hpp"
#include "ops/enforce.hpp"
#include "ops/not_null_name.hpp"
#include "pgexpand/sql/own_names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::ops {
using catalog::Constraint;
using catalog::ConstraintKind;
using plan::LockMode;
using sql::Expression;
using sql::Identifier;
using sql::Statement;

Statement drop_constraint(const sql::TableName& table, const Identifier& name) {
  return Statement::of("ALTER TABLE {} DROP CONSTRAINT {}", table, name);
}

Statement rename_constraint(const sql::TableName& table,
                            const Identifier& from,
                            const Identifier& to) {
  return Statement::of("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", table, from,
                       to);
}

/// The new constraint takes the name when its columns do. The old one goes with
/// the old column.
void Carrier::take_over_named(const Constraint& constraint) {
  const bool now = at_switch(constraint.columns);
  const Identifier fresh = sql::fresh_name(constraint.name);
  const Identifier stale = sql::stale_name(constraint.name);
  Transition& step = transition(now);
  step.lock(table_.name, LockMode::access_exclusive);
  if (now) {
    step.last.push_back(rename_constraint(table_.name, constraint.name, stale));
    step.undo_first({rename_constraint(table_.name, constraint.name, fresh),
                     rename_constraint(table_.name, stale, constraint.name)});
  }
  step.last.push_back(rename_constraint(table_.name, fresh, constraint.name));
  if (constraint.comment) {
    step.last.push_back(comment_on_constraint(constraint));
  }
}

void Carrier::carry_checks() {
  for (const Constraint& check : table_.constraints) {
    if (check.kind != ConstraintKind::check || !check.expression ||
        !is_carried(shape_, check.columns)) {
      continue;
    }
    const auto expression =
        carried(check_probe(table_, check), "check " + check.name.name(),
                *check.expression);
    if (!expression) {
      continue;
    }
    enforce_constraint(
        draft_, {.table = table_.name,
                 .name = sql::fresh_name(check.name),
                 .definition = sql::compose(
                     "CHECK ({}){}{}", *expression,
                     Expression{check.no_inherit ? " NO INHERIT" : ""},
                     Expression{check.is_enforced ? "" : " NOT ENFORCED"}),
                 .validates = check.is_validated,
                 .title = fmt::format("carry check {}", check.name.name())});
    take_over_named(check);
    say_it_is_carried(check, "check", check.columns);
  }
}

/// In a version schema old code writes on, and the rule holds for what `up`
/// makes of it.
void Carrier::say_it_is_carried(const Constraint& constraint,
                                std::string_view what,
                                const std::vector<Identifier>& columns) {
  const bool is_same =
      std::ranges::all_of(columns, [&](const Identifier& column) {
        const auto moved = pieces_.moved.find(column);
        const auto* today = table_.column(column);
        return moved == pieces_.moved.end() ||
               (moved->second.is_plain && today != nullptr &&
                moved->second.type == today->type);
      });
  if (draft_.in_views() && !is_same) {
    draft_.visible(fmt::format("{} {} holds for what `up` gives, too", what,
                               constraint.name.name()));
  }
}

void Carrier::carry_foreign_keys_out() {
  for (const Constraint& key : table_.constraints) {
    if (key.kind != ConstraintKind::foreign_key ||
        !is_carried(shape_, key.columns)) {
      continue;
    }
    const auto* parent = situation_.catalog.table(key.references_table);
    Constraint fresh = key;
    fresh.columns = physical_of(key.columns);
    fresh.on_delete_columns = physical_of(key.on_delete_columns);
    bool target_moves = false;
    if (parent != nullptr) {
      const TableShape& shape = situation_.shapes.of(*parent);
      target_moves = moves_any(shape, key.references_columns);
      for (Identifier& column : fresh.references_columns) {
        column = shape.physical(shape.renamed(column));
      }
    }
    enforce_foreign_key(key, fresh);
    say_it_is_carried(key, "foreign key", key.columns);
    if (target_moves) {
      replace_foreign_key(key, is_at_switch(situation_.shapes.of(*parent),
                                            key.references_columns));
    } else {
      take_over_named(key);
    }
    draft_.at_contract().lock(key.references_table, LockMode::access_exclusive);
  }
}

void Carrier::carry_foreign_keys_here() {
  for (const Constraint& key : table_.referenced_by) {
    if (!moves_any(shape_, key.references_columns)) {
      continue;
    }
    const auto* child = situation_.catalog.table(key.table);
    if (child != nullptr &&
        moves_any(situation_.shapes.of(*child), key.columns)) {
      continue;  // the child carries it, pointing at the new column
    }
    Constraint fresh = key;
    fresh.references_columns = physical_of(key.references_columns);
    enforce_foreign_key(key, fresh);
    say_it_is_carried(key, "foreign key", key.references_columns);
    replace_foreign_key(key, at_switch(key.references_columns));
  }
}

void Carrier::enforce_foreign_key(const Constraint& key,
                                  const Constraint& fresh) {
  check_comparable(key);
  enforce_constraint(
      draft_, {.table = key.table,
               .name = sql::fresh_name(key.name),
               .definition = foreign_key_definition(fresh),
               .references = key.references_table,
               .validates = key.is_validated,
               .title = fmt::format("carry foreign key {} of {}",
                                    key.name.name(), key.table.display())});
}

void Carrier::check_comparable(const Constraint& key) {
  for (std::size_t n = 0; n < key.columns.size(); ++n) {
    const auto found = situation_.answers.keys.find(foreign_key_probe(key, n));
    if (found == situation_.answers.keys.end() || found->second.is_comparable) {
      continue;
    }
    findings_.refuse(
        pieces_.where, "column.key-not-comparable",
        fmt::format("foreign key {} of {} cannot follow: PostgreSQL has no "
                    "operator by which a key finds {} ({}) for {} ({})",
                    key.name.name(), key.table.display(),
                    key.references_columns.at(n).name(), found->second.to_type,
                    key.columns[n].name(), found->second.from_type),
        "change the type of both columns in one migration, or drop the foreign "
        "key first");
  }
}

/// The old key relies on the old index, so it goes in the transaction that
/// drops that index's constraint.
void Carrier::replace_foreign_key(const Constraint& key, bool now) {
  Transition& step = transition(now);
  step.lock(key.table, LockMode::access_exclusive);
  step.lock(key.references_table, LockMode::access_exclusive);
  const Identifier fresh = sql::fresh_name(key.name);
  step.first.insert(
      step.first.begin(),
      Statement::of("ALTER TABLE {} DROP CONSTRAINT {}", key.table, key.name));
  step.last.push_back(rename_constraint(key.table, fresh, key.name));
  if (key.comment) {
    step.last.push_back(comment_on_constraint(key));
  }
  if (!now) {
    return;
  }
  // Undo: the new key goes first, as it relies on the new index; the old one
  // comes back when the old columns and their index are there again, NOT VALID,
  // and is then proved.
  step.undo_before.push_back(
      Statement::of("ALTER TABLE {} DROP CONSTRAINT {}", key.table, key.name));
  step.undo.push_back(
      Statement::of("ALTER TABLE {} ADD CONSTRAINT {} {} NOT VALID", key.table,
                    key.name, foreign_key_definition(key)));
  if (key.comment) {
    step.undo.push_back(comment_on_constraint(key));
  }
  if (key.is_validated) {
    step.undo_after.push_back(
        {.title = fmt::format("prove foreign key {} again", key.name.name()),
         .locks = {{key.table, LockMode::share_update_exclusive}},
         .budget = plan::Budget::unlimited,
         .action = plan::RunSql{{Statement::of(
             "ALTER TABLE {} VALIDATE CONSTRAINT {}", key.table, key.name)}}});
  }
}

/// A row written after the gate was counted would lose its value on the way
/// back. So such rows are forbidden first, and proved absent without a scan
/// under the swap's lock.
void Carrier::prove_nothing_is_lost(const Move& move) {
  const sql::TableName& name = table_.name;
  const Identifier check = sql::kept_check_name(move.from);
  Transition& step = draft_.at_switch();
  step.undo_ahead.push_back(
      {.title = fmt::format("forbid values that the old {} cannot hold",
                            move.from.name()),
       .locks = {{name, LockMode::access_exclusive}},
       .action = plan::RunSql{
           {Statement::of("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", name,
                          check),
            Statement::of("ALTER TABLE {} ADD CONSTRAINT {} CHECK (NOT ({})) "
                          "NOT VALID",
                          name, check, pieces_.moved.at(move.from).is_lost)}}});
  step.undo_ahead.push_back(
      {.title = fmt::format("prove the old {} holds all", move.from.name()),
       .locks = {{name, LockMode::share_update_exclusive}},
       .budget = plan::Budget::unlimited,
       .action = plan::RunSql{{Statement::of(
           "ALTER TABLE {} VALIDATE CONSTRAINT {}", name, check)}}});
  step.undo_before.push_back(
      Statement::of("ALTER TABLE {} DROP CONSTRAINT {}", name, check));
}

/// Until contract the old column of a version schema stays what it is to the
/// table: a primary key and the like cannot do without NOT NULL.
bool Carrier::keeps_key(const Move& move) {
  const auto has = [&](const std::vector<Identifier>& columns) {
    return std::ranges::find(columns, move.from) != columns.end();
  };
  const auto wants_value = [&](const catalog::Index& index) {
    return (index.is_primary || index.is_replica_identity) && has(index.reads);
  };
  if (move.swaps || (!table_.column(move.from)->identity &&
                     std::ranges::none_of(table_.indexes, wants_value))) {
    return false;
  }
  findings_.refuse(
      pieces_.where, "column.lossy-key",
      fmt::format("column {} of {} belongs to the table's key or is an "
                  "identity: `down` must always have a value while old code "
                  "uses it",
                  move.from.name(), table_.name.display()),
      "leave `lossy` out, and give a `down` that always has a value");
  return true;
}

/// An old side that may have no value cannot be NOT NULL between switch and
/// contract. On the way back it is proved to hold none while the new shape is
/// still the one clients get, so that the swap itself scans nothing. After all
/// else: a primary key, an identity and a replica identity want NOT NULL.
void Carrier::free_lossy_columns() {
  for (const Move& move : shape_.moves()) {
    const auto* column = table_.column(move.from);
    if (!pieces_.moved.at(move.from).is_lossy || keeps_key(move)) {
      continue;
    }
    if (!column->not_null) {
      prove_nothing_is_lost(move);
      continue;
    }
    const Identifier stale = move.stale();
    Transition& step = draft_.at_switch();
    step.lock(table_.name, LockMode::access_exclusive);
    step.last.push_back(Statement::of(
        "ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL", table_.name, stale));
    auto proof = restore_not_null(table_.name, stale,
                                  not_null_of(table_, move.from), std::nullopt);
    auto& set = std::get<plan::RunSql>(proof.back().action).statements;
    step.undo_before.insert(step.undo_before.end(), set.begin(), set.end());
    proof.pop_back();
    step.undo_ahead.insert(step.undo_ahead.end(), proof.begin(), proof.end());
  }
}

}  // namespace pgexpand::ops
