#include "ops/carry.hpp"

#include "ops/carrier.hpp"
#include "ops/table_operation.hpp"
#include "pgexpand/ops/table_rules.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::ops {

using sql::Expression;
using sql::Identifier;

std::string key_probe(const catalog::Table& table,
                      const catalog::Index& index,
                      std::size_t n) {
  return fmt::format("carry.{}.index.{}.{}", table.name.display(),
                     index.name.display(), n);
}

std::string predicate_probe(const catalog::Table& table,
                            const catalog::Index& index) {
  return fmt::format("carry.{}.predicate.{}", table.name.display(),
                     index.name.display());
}

std::string check_probe(const catalog::Table& table,
                        const catalog::Constraint& check) {
  return fmt::format("carry.{}.check.{}", table.name.display(),
                     check.name.name());
}

std::string foreign_key_probe(const catalog::Constraint& key, std::size_t n) {
  return fmt::format("carry.{}.key.{}.{}", key.table.display(), key.name.name(),
                     n);
}

bool moves_any(const TableShape& shape,
               const std::vector<Identifier>& columns) {
  return std::ranges::any_of(columns, [&](const Identifier& column) {
    return shape.move_of(column) != nullptr;
  });
}

bool is_carried(const TableShape& shape,
                const std::vector<Identifier>& columns) {
  const auto stays = [&](const Identifier& column) {
    return shape.column(shape.renamed(column)) != nullptr;
  };
  return moves_any(shape, columns) && std::ranges::all_of(columns, stays);
}

namespace {

catalog::ExpressionProbe probe_over(const catalog::Table& table,
                                    const TableShape& shape,
                                    const Expression& expression,
                                    bool is_predicate,
                                    const Location& where) {
  const auto renamed =
      sql::rewrite_columns(expression, "", [&](const Identifier& column) {
        return std::optional(shape.renamed(column));
      });
  return {.text = renamed.text,
          .table = table.name,
          .columns = shape.scope(),
          .is_predicate = is_predicate,
          .where = where};
}

}  // namespace

void carry_probes(const catalog::Table& table,
                  const TableShape& shape,
                  const Location& where,
                  catalog::Probes& probes) {
  for (const auto& index : table.indexes) {
    if (!is_carried(shape, columns_read(index))) {
      continue;
    }
    for (std::size_t n = 0; n < index.keys.size(); ++n) {
      if (index.keys[n].expression) {
        probes.expressions[key_probe(table, index, n)] =
            probe_over(table, shape, *index.keys[n].expression, false, where);
      }
    }
    if (index.predicate) {
      probes.expressions[predicate_probe(table, index)] =
          probe_over(table, shape, *index.predicate, true, where);
    }
  }
  for (const auto& check : table.constraints) {
    if (check.kind == catalog::ConstraintKind::check && check.expression &&
        is_carried(shape, check.columns)) {
      probes.expressions[check_probe(table, check)] =
          probe_over(table, shape, *check.expression, true, where);
    }
  }
}

namespace {

catalog::KeySide key_side(const Situation& situation,
                          const sql::TableName& name,
                          const Identifier& column) {
  catalog::KeySide side{.table = name, .column = column, .type = {}};
  const catalog::Table* table = situation.catalog.table(name);
  if (table == nullptr) {
    return side;
  }
  const TableShape& shape = situation.shapes.of(*table);
  if (const Move* move = shape.move_of(column)) {
    const ShapeColumn& after = *shape.column(move->to);
    side.type = after.type;
    side.is_user_type = after.is_user_type;
  } else if (const auto* stays = table->column(column);
             stays != nullptr && stays->is_projected) {
    side.type = stays->type.name.text;
  }
  return side;
}

}  // namespace

void key_probes(const Situation& situation,
                const catalog::Table& table,
                catalog::Probes& probes) {
  const TableShape& shape = situation.shapes.of(table);
  const auto ask = [&](const catalog::Constraint& key) {
    for (std::size_t n = 0; n < key.columns.size(); ++n) {
      probes.keys[foreign_key_probe(key, n)] = {
          .from = key_side(situation, key.table, key.columns[n]),
          .to = key_side(situation, key.references_table,
                         key.references_columns.at(n))};
    }
  };
  for (const auto& key : table.constraints) {
    if (key.kind == catalog::ConstraintKind::foreign_key &&
        moves_any(shape, key.columns)) {
      ask(key);
    }
  }
  for (const auto& key : table.referenced_by) {
    if (moves_any(shape, key.references_columns)) {
      ask(key);
    }
  }
}

std::optional<Expression> Carrier::carried(const std::string& key,
                                           const std::string& object,
                                           const Expression& expression) {
  const auto& answer = situation_.answers.expressions.at(key);
  if (answer.finding) {
    findings_.refuse(pieces_.where, "column.expression-does-not-carry",
                     fmt::format("{} does not hold over the new column: {}",
                                 object, answer.finding->message),
                     "drop it first, and create it again after contract");
    return std::nullopt;
  }
  // The server's own text, not the answer's: that one is folded and inlined.
  return sql::rewrite_columns(expression, "", [&](const Identifier& column) {
    return std::optional(physical_of(column));
  });
}

bool Carrier::is_at_switch(const TableShape& shape,
                           const std::vector<Identifier>& columns) {
  return std::ranges::all_of(columns, [&](const Identifier& column) {
    const Move* move = shape.move_of(column);
    return move == nullptr || move->swaps;
  });
}

std::vector<Identifier> Carrier::physical_of(
    const std::vector<Identifier>& today) const {
  std::vector<Identifier> names;
  for (const Identifier& column : today) {
    names.push_back(physical_of(column));
  }
  return names;
}

/// After the swap an expression over the old shape finds the old column under
/// another name.
void Carrier::rename_later_inputs() {
  std::map<Identifier, Identifier> renamed;
  for (const Move& move : shape_.moves()) {
    if (move.swaps) {
      renamed[move.from] = move.stale();
    }
  }
  for (SyncPair& pair : pieces_.sync_after.pairs) {
    pair.forward.renamed = renamed;
  }
  for (SyncFill& fill : pieces_.sync_after.fills) {
    if (fill.assignment.renamed.empty()) {  // else it reads the new shape
      fill.assignment.renamed = renamed;
    }
  }
  // Old sides first: other rules read them.
  auto& pairs = pieces_.sync_after.pairs;
  std::stable_partition(pairs.begin(), pairs.end(), [](const SyncPair& pair) {
    return pair.visibility == SyncPair::Visibility::new_only;
  });
}

void carry_moves(const Situation& situation,
                 Draft& draft,
                 Diagnostics& findings) {
  std::vector<Carrier> carriers;
  for (const TableDraft& pieces : draft.tables()) {
    if (!situation.shapes.of(*pieces.table).moves().empty()) {
      carriers.emplace_back(situation, draft, draft.table(*pieces.table),
                            findings);
    }
  }
  std::ranges::for_each(carriers, &Carrier::add_objects);
  std::ranges::for_each(carriers, &Carrier::add_foreign_keys);
}

}  // namespace pgexpand::ops
