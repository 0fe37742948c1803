#include "ops/carry.hpp"

#include "ops/carrier.hpp"
#include "ops/table_operation.hpp"
#include "pgexpand/ops/table_rules.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

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

bool is_readable(const catalog::Table& table, const Expression& expression) {
  if (!sql::can_read(expression.text)) {
    return false;
  }
  // A word that is none of the table's columns is a newer server's keyword.
  return std::ranges::all_of(sql::columns_of(expression.text),
                             [&](const Identifier& column) {
                               return table.column(column) != nullptr;
                             });
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

/// Asks nothing about what we cannot read: that is refused by its name.
void ask_over(const catalog::Table& table,
              const TableShape& shape,
              const std::string& key,
              const Expression& expression,
              bool is_predicate,
              const Location& where,
              catalog::Probes& probes) {
  if (!is_readable(table, expression)) {
    return;
  }
  const auto renamed =
      sql::rewrite_columns(expression, "", [&](const Identifier& column) {
        return std::optional(shape.renamed(column));
      });
  probes.expressions[key] = {.text = renamed.text,
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
    if (!is_carried(shape, index.reads)) {
      continue;
    }
    for (std::size_t n = 0; n < index.keys.size(); ++n) {
      if (index.keys[n].expression) {
        ask_over(table, shape, key_probe(table, index, n),
                 *index.keys[n].expression, false, where, probes);
      }
    }
    if (index.predicate) {
      ask_over(table, shape, predicate_probe(table, index), *index.predicate,
               true, where, probes);
    }
  }
  for (const auto& check : table.constraints) {
    if (check.kind == catalog::ConstraintKind::check && check.expression &&
        is_carried(shape, check.columns)) {
      ask_over(table, shape, check_probe(table, check), *check.expression, true,
               where, probes);
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

std::optional<Expression> Carrier::rewritten(
    const std::string& object,
    const Expression& expression,
    const std::function<Identifier(const Identifier&)>& name) {
  if (!is_readable(table_, expression)) {
    findings_.refuse(
        pieces_.where, "column.unreadable-object",
        fmt::format("{} of {} cannot be built again for the new column: by the "
                    "built-in grammar of PostgreSQL {} it cannot be told what "
                    "`{}` reads",
                    object, table_.name.display(), sql::grammar_version(),
                    expression.text),
        "drop it first and create it again after contract, or build pgexpand "
        "with a newer parser (docs/development.md)");
    return std::nullopt;
  }
  return sql::rewrite_columns(expression, "", [&](const Identifier& column) {
    return std::optional(name(column));
  });
}

std::optional<Expression> Carrier::carried(const std::string& key,
                                           const std::string& object,
                                           const Expression& expression) {
  // The server's own text, not the answer's: that one is folded and inlined.
  auto text = rewritten(object, expression, [this](const Identifier& column) {
    return physical_of(column);
  });
  if (!text) {
    return std::nullopt;
  }
  const auto& answer = situation_.answers.expressions.at(key);
  if (answer.finding) {
    findings_.refuse(
        pieces_.where, "column.expression-does-not-carry",
        fmt::format("{} of {} does not hold over the new column: "
                    "{}",
                    object, table_.name.display(), answer.finding->message),
        "drop it first, and create it again after contract");
    return std::nullopt;
  }
  return text;
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

namespace {

template <typename Rule>
void put_first(SyncRules& rules, Rule rule) {
  std::stable_partition(
      rules.pairs.begin(), rules.pairs.end(),
      [&](const SyncPair& pair) { return std::invoke(rule, pair); });
}

}  // namespace

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
  // Other rules read the two names of one column, and old sides.
  put_first(pieces_.sync_after, [](const SyncPair& pair) {
    return pair.visibility == SyncPair::Visibility::new_only;
  });
  for (SyncRules* rules : {&pieces_.sync_before, &pieces_.sync_after}) {
    put_first(*rules, &SyncPair::is_alias);
  }
}

void carry_moves(const Situation& situation,
                 Draft& draft,
                 Diagnostics& findings) {
  std::vector<Carrier> carriers;
  for (const TableDraft& pieces : draft.tables()) {
    const TableShape& shape = situation.shapes.of(*pieces.table);
    if (!shape.moves().empty() || !shape.aliases().empty()) {
      carriers.emplace_back(situation, draft, draft.table(*pieces.table),
                            findings);
    }
  }
  std::ranges::for_each(carriers, &Carrier::add_objects);
  std::ranges::for_each(carriers, &Carrier::add_foreign_keys);
}

}  // namespace pgexpand::ops
