// Indexes on a moved column are built again, concurrently, on the new one, with
// order, operator classes, collations, INCLUDE, predicate and parameters, and
// take the old names with metadata-only statements.
#include "ops/carrier.hpp"
#include "ops/enforce.hpp"
#include "ops/replaced_index.hpp"
#include "ops/twin.hpp"
#include "pgexpand/sql/own_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

using plan::LockMode;
using plan::Phase;
using sql::Expression;
using sql::Identifier;
using sql::Statement;

Statement rename_index(const sql::TableName& from, const Identifier& to) {
  return Statement::of("ALTER INDEX {} RENAME TO {}", from, to);
}

/// Statistics on a single expression have no kinds to choose from.
Expression kinds_of(const catalog::ExtendedStatistics& statistics) {
  return {statistics.kinds.empty()
              ? ""
              : fmt::format(" ({})", fmt::join(statistics.kinds, ", "))};
}

}  // namespace

void Carrier::carry_indexes() {
  for (const auto& index : table_.indexes) {
    if (!index.is_exclusion && is_carried(shape_, index.reads) &&
        !is_replaced(situation_, index.name)) {
      carry_index(index);
    }
  }
}

bool Carrier::is_usable(const catalog::Index& index) {
  if (!index.is_valid) {
    findings_.warn(
        pieces_.where, "index.invalid",
        fmt::format("index {} is invalid and is not built again",
                    index.name.display()),
        fmt::format("REINDEX INDEX CONCURRENTLY {}", index.name.quoted()));
  }
  return index.is_valid;
}

void Carrier::carry_index(const catalog::Index& index) {
  if (!is_usable(index)) {
    return;
  }
  // Injective changes keep different values different, so the new index
  // promises no more than the old one.
  const bool new_promise =
      index.is_unique &&
      !std::ranges::all_of(index.reads, [&](const Identifier& column) {
        const auto moved = pieces_.moved.find(column);
        return moved == pieces_.moved.end() || moved->second.is_injective;
      });
  if (new_promise && draft_.in_views()) {
    draft_.visible(fmt::format("unique index {} rejects what `up` makes alike",
                               index.name.name.name()));
  }
  if (!deferrable(table_, index).empty()) {
    carry_deferrable(index, new_promise);
    return;
  }
  build_index(draft_, table_,
              {.index = renewed(index),
               .phase = new_promise ? Phase::switch_over : Phase::backfill,
               .enforces = new_promise,
               .on_new_column = true});
  if (index.is_primary) {
    take_over_primary(index);
  } else if (index.constraint) {
    take_over_unique(index);
  } else {
    take_over_plain(index);
  }
  take_over_attributes(index);
  take_over_column_names(index);
}

catalog::Index Carrier::renewed(const catalog::Index& index) {
  catalog::Index copy = index;
  copy.name = in_schema(sql::fresh_name(index.name.name));
  copy.include = physical_of(index.include);
  for (std::size_t n = 0; n < index.keys.size(); ++n) {
    copy.keys[n] = renewed_key(index, n);
  }
  if (index.predicate) {
    copy.predicate =
        carried(predicate_probe(table_, index),
                "index " + index.name.name.name(), *index.predicate);
  }
  return copy;
}

catalog::IndexKey Carrier::renewed_key(const catalog::Index& index,
                                       std::size_t n) {
  catalog::IndexKey key = index.keys[n];
  if (key.column) {
    if (shape_.move_of(*key.column) != nullptr) {
      key.opclass = opclass_for(index, key);
      if (!pieces_.moved.at(*key.column).type.is_collatable) {
        key.collation.reset();
      }
    }
    key.column = physical_of(*key.column);
  } else {
    key.expression = carried(key_probe(table_, index, n),
                             "index " + index.name.name.name(), *key.expression)
                         .value_or(*key.expression);
  }
  return key;
}

/// An operator class of the old type may not take the new one. The pattern
/// classes of strings do for every string type; others are the user's to
/// decide.
std::optional<std::string> Carrier::opclass_for(const catalog::Index& index,
                                                const catalog::IndexKey& key) {
  if (!key.opclass) {
    return std::nullopt;
  }
  const catalog::Type& type = pieces_.moved.at(*key.column).type;
  if (type.category == 'S' ||
      table_.column(*key.column)->type.base_oid == type.base_oid) {
    return key.opclass;
  }
  findings_.refuse(pieces_.where, "index.operator-class",
                   fmt::format("index {} uses operator class {}, which the new "
                               "type may not have",
                               index.name.display(), *key.opclass),
                   "drop the index first and create it again after contract");
  return std::nullopt;
}

void Carrier::take_over_plain(const catalog::Index& index) {
  const bool now = at_switch(index.reads);
  const Identifier fresh = sql::fresh_name(index.name.name);
  const Identifier stale = sql::stale_name(index.name.name);
  Transition& step = transition(now);
  if (now) {
    step.last.push_back(rename_index(index.name, stale));
    step.undo_first({rename_index(index.name, fresh),
                     rename_index(in_schema(stale), index.name.name)});
  }
  step.last.push_back(rename_index(in_schema(fresh), index.name.name));
}

void Carrier::take_over_unique(const catalog::Index& index) {
  const bool now = at_switch(index.reads);
  const Identifier fresh = sql::fresh_name(index.name.name);
  const Identifier stale = sql::stale_name(*index.constraint);
  Transition& step = transition(now);
  step.lock(table_.name, LockMode::access_exclusive);
  if (now) {
    const auto rename = [&](const Identifier& from, const Identifier& to) {
      return Statement::of("ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
                           table_.name, from, to);
    };
    step.last.push_back(rename(*index.constraint, stale));
    step.undo_first({drop_constraint(table_.name, *index.constraint),
                     rename(stale, *index.constraint)});
  }
  step.last.push_back(adopt(table_, index, *index.constraint, fresh));
}

/// A table has one primary key, so the old one goes when the new one comes. For
/// the way back a spare index on the old columns is built beforehand.
void Carrier::take_over_primary(const catalog::Index& index) {
  const bool now = at_switch(index.reads);
  Transition& step = transition(now);
  step.lock(table_.name, LockMode::access_exclusive);
  step.first.push_back(drop_constraint(table_.name, *index.constraint));
  if (now) {
    catalog::Index spare = index;
    spare.name = in_schema(sql::stale_name(index.name.name));
    build_index(draft_, table_, {.index = spare});
    step.undo_first({adopt(table_, index, *index.constraint, spare.name.name)});
  }
  step.last.push_back(adopt(table_, index, *index.constraint,
                            sql::fresh_name(index.name.name)));
  if (now) {
    step.undo_first({drop_constraint(table_.name, *index.constraint)});
  }
}

/// The index of a primary key is a new one after the undo too.
void Carrier::take_over_comments(const catalog::Index& index,
                                 Transition& step) {
  const auto say = [&](const Statement& statement) {
    step.last.push_back(statement);
    if (index.is_primary && at_switch(index.reads)) {
      step.undo.push_back(statement);
    }
  };
  if (index.comment) {
    say(Statement::of("COMMENT ON INDEX {} IS {}", index.name,
                      sql::Literal{*index.comment}));
  }
  const auto* constraint =
      index.constraint ? table_.constraint(*index.constraint) : nullptr;
  if (constraint != nullptr && constraint->comment) {
    say(comment_on_constraint(*constraint));
  }
}

void Carrier::take_over_attributes(const catalog::Index& index) {
  const bool now = at_switch(index.reads);
  Transition& step = transition(now);
  const Identifier& name = index.name.name;
  for (std::size_t n = 0; n < index.statistics_targets.size(); ++n) {
    if (index.statistics_targets[n]) {
      step.last.push_back(
          Statement::of("ALTER INDEX {} ALTER COLUMN {} SET STATISTICS {}",
                        index.name, static_cast<std::int64_t>(n + 1),
                        std::int64_t{*index.statistics_targets[n]}));
    }
  }
  take_over_comments(index, step);
  // The undo runs before the names are back: the old index is the stale one,
  // or, for a primary key, will have its own name again.
  const auto point = [&](bool is_set, const char* pattern) {
    if (!is_set) {
      return;
    }
    const auto statement = [&](const Identifier& target) {
      return Statement::verbatim(fmt::format(
          fmt::runtime(pattern), table_.name.quoted(), target.quoted()));
    };
    step.lock(table_.name, LockMode::access_exclusive);
    step.last.push_back(statement(name));
    if (now) {
      step.undo.push_back(statement(name));
    }
  };
  point(index.is_clustered, "ALTER TABLE {} CLUSTER ON {}");
  point(index.is_replica_identity,
        "ALTER TABLE {} REPLICA IDENTITY USING INDEX {}");
}

/// An index's own columns, which psql shows, keep the names the table's had
/// when it was built. An expression's column has a name of the server's making
/// that might be in the way: such an index is left as it is.
void Carrier::take_over_column_names(const catalog::Index& index) {
  std::set<Identifier> columns(index.include.begin(), index.include.end());
  for (const auto& key : index.keys) {
    if (!key.column) {
      return;
    }
    columns.insert(*key.column);
  }
  Transition& step = transition(at_switch(index.reads));
  for (const Identifier& column : columns) {
    const Move* move = shape_.move_of(column);
    if (move != nullptr && move->physical != move->to) {
      step.last.push_back(Statement::of("ALTER TABLE {} RENAME COLUMN {} TO {}",
                                        index.name, move->physical, move->to));
    }
  }
}

void Carrier::carry_statistics() {
  for (const auto& statistics : table_.statistics) {
    if (!is_carried(shape_, statistics.reads)) {
      continue;
    }
    std::vector<std::string> members;
    for (const Identifier& column : statistics.columns) {
      members.push_back(physical_of(column).quoted());
    }
    for (const auto& expression : statistics.expressions) {
      if (const auto text =
              rewritten("statistics " + statistics.name.name.name(), expression,
                        [this](const Identifier& column) {
                          return physical_of(column);
                        })) {
        members.push_back(fmt::format("({})", *text));
      }
    }
    carry_statistics(statistics, members);
  }
}

void Carrier::carry_statistics(const catalog::ExtendedStatistics& statistics,
                               const std::vector<std::string>& members) {
  const sql::TableName fresh{statistics.name.schema,
                             sql::fresh_name(statistics.name.name)};
  const sql::TableName stale{statistics.name.schema,
                             sql::stale_name(statistics.name.name)};
  pieces_.expand.push_back(Statement::of(
      "CREATE STATISTICS {}{} ON {} FROM {}", fresh, kinds_of(statistics),
      Expression{fmt::format("{}", fmt::join(members, ", "))}, table_.name));
  if (table_.owner != situation_.catalog.user) {
    pieces_.expand.push_back(Statement::of("ALTER STATISTICS {} OWNER TO {}",
                                           fresh, Identifier(table_.owner)));
  }
  if (statistics.target) {
    pieces_.expand.push_back(
        Statement::of("ALTER STATISTICS {} SET STATISTICS {}", fresh,
                      std::int64_t{*statistics.target}));
  }
  const auto rename = [](const sql::TableName& from, const Identifier& to) {
    return Statement::of("ALTER STATISTICS {} RENAME TO {}", from, to);
  };
  const bool now = at_switch(statistics.reads);
  Transition& step = transition(now);
  if (now) {
    step.last.push_back(rename(statistics.name, stale.name));
    step.undo_first({rename(statistics.name, fresh.name),
                     rename(stale, statistics.name.name)});
  }
  step.last.push_back(rename(fresh, statistics.name.name));
  if (statistics.comment) {
    step.last.push_back(Statement::of("COMMENT ON STATISTICS {} IS {}",
                                      statistics.name,
                                      sql::Literal{*statistics.comment}));
  }
}

}  // namespace pgexpand::ops
