// What the sync function does: rules of both directions, one after the other.
#include "ops/sync_body.hpp"

#include "ops/comparator.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

using sql::Expression;
using sql::Identifier;

Expression qualified(std::string_view row,
                     const SyncAssignment& assignment,
                     const Expression& expression) {
  return sql::rewrite_columns(
      expression, row,
      [&](const Identifier& column) -> std::optional<Identifier> {
        const auto found = assignment.renamed.find(column);
        return found == assignment.renamed.end() ? std::nullopt
                                                 : std::optional(found->second);
      });
}

/// The physical columns the assignment reads.
std::vector<Identifier> inputs(const SyncAssignment& assignment) {
  std::vector<Identifier> columns = sql::columns_of(assignment.value.text);
  for (Identifier& column : columns) {
    const auto found = assignment.renamed.find(column);
    if (found != assignment.renamed.end()) {
      column = found->second;
    }
  }
  return columns;
}

std::string row_of(std::string_view record, const Identifier& column) {
  return fmt::format("{}.{}", record, column);
}

class Body {
 public:
  Body(const SyncNames& names, const catalog::Table& table)
      : names_(names), table_(table) {}

  [[nodiscard]] std::string text(const SyncRules& rules) {
    text_ = "BEGIN\n";
    for (const sql::TableName& constraint : rules.deferred) {
      line(1, fmt::format("SET CONSTRAINTS {} DEFERRED;", constraint));
    }
    const bool minds_moves = table_.kind == 'p' && forgets_in_move(rules);
    if (minds_moves) {
      skip_moved_row(rules);
    }
    for (const SyncFill& fill : rules.fills) {
      add_fill(fill.assignment);
    }
    for (const SyncPair& pair : rules.pairs) {
      add_pair(pair);
    }
    if (minds_moves) {
      note_row(rules);
    }
    return text_ + "  RETURN NEW;\nEND";
  }

 private:
  /// An UPDATE that moves a row to another partition fires for UPDATE there
  /// and then for INSERT here. Most rules give the same values again. These do
  /// not: a NULL of new code's would be filled, a value finer than `down` says
  /// be lost.
  [[nodiscard]] static bool forgets_in_move(const SyncRules& rules) {
    return std::ranges::any_of(rules.pairs, [](const SyncPair& pair) {
      return pair.lossy || (pair.rows_complete && !pair.backward);
    });
  }

  /// The row as far as the rules know it, and its key.
  [[nodiscard]] std::string row_text(const SyncRules& rules) const {
    std::vector<Identifier> columns;
    const auto add = [&](const std::vector<Identifier>& more) {
      for (const Identifier& column : more) {
        if (std::ranges::find(columns, column) == columns.end()) {
          columns.push_back(column);
        }
      }
    };
    if (const auto* key = table_.primary_key()) {
      add(key->columns);
    }
    for (const SyncPair& pair : rules.pairs) {
      add({pair.forward.column});
      add(inputs(pair.forward));
      if (pair.backward) {
        add({pair.backward->column});
        add(inputs(*pair.backward));
      }
    }
    std::vector<std::string> values;
    for (const Identifier& column : columns) {
      values.push_back(row_of("NEW", column));
    }
    return fmt::format("ROW({})::text", fmt::join(values, ", "));
  }

  void skip_moved_row(const SyncRules& rules) {
    line(1, fmt::format("IF TG_OP = 'INSERT' AND current_setting("
                        "'pgexpand.moved', true) = {} THEN",
                        row_text(rules)));
    line(2, "RETURN NEW;");
    line(1, "END IF;");
  }

  void note_row(const SyncRules& rules) {
    line(1, "IF TG_OP = 'UPDATE' THEN");
    line(2, fmt::format("PERFORM set_config('pgexpand.moved', {}, true);",
                        row_text(rules)));
    line(1, "END IF;");
  }

  void line(int depth, std::string_view content) {
    text_ += fmt::format("{:{}}{}\n", "", depth * 2, content);
  }

  void assign(int depth, const SyncAssignment& assignment) {
    line(depth, fmt::format("NEW.{} := {};", assignment.column,
                            qualified("NEW", assignment, assignment.value)));
  }

  void quarantine(int depth) {
    std::vector<std::string> key;
    if (const auto* primary_key = table_.primary_key()) {
      for (const Identifier& column : primary_key->columns) {
        key.push_back(fmt::format("NEW.{}::text", column));
      }
    }
    line(depth,
         fmt::format(
             "INSERT INTO {}.quarantine (migration, table_name, key, sqlstate) "
             "VALUES ({}, {}, {}, SQLSTATE) ON CONFLICT DO NOTHING;",
             names_.state_schema, sql::quote_literal(names_.migration),
             sql::quote_literal(table_.name.display()),
             key.empty()
                 ? "'(no key)'"
                 : fmt::format("concat_ws(',', {})", fmt::join(key, ", "))));
  }

  /// An `up` that fails must not fail the application's write: the column
  /// becomes NULL and the row is listed. Server trouble is passed on.
  void guarded(int depth, const SyncAssignment& assignment, bool lists_row) {
    if (assignment.is_safe) {
      assign(depth, assignment);
      return;
    }
    line(depth, "BEGIN");
    assign(depth + 1, assignment);
    line(depth, "EXCEPTION WHEN OTHERS THEN");
    line(depth + 1,
         "IF left(SQLSTATE, 2) IN ('40', '53', '57', '58', 'XX') THEN RAISE; "
         "END IF;");
    line(depth + 1, fmt::format("NEW.{} := NULL;", assignment.column));
    if (lists_row) {
      quarantine(depth + 1);
    }
    line(depth, "END;");
  }

  void forward(int depth, const SyncPair& pair) {
    guarded(depth, pair.forward, true);
  }

  /// A failing `down` fails the write, else a value would be lost.
  void backward(int depth, const SyncPair& pair) {
    if (!pair.backward) {
      line(depth, "NULL;");
    } else if (pair.lossy) {
      guarded(depth, *pair.backward, false);
    } else {
      assign(depth, *pair.backward);
    }
  }

  [[nodiscard]] std::string changed(const Identifier& column,
                                    const catalog::Type& type) const {
    return differs(type, {row_of("NEW", column)}, {row_of("OLD", column)}).text;
  }

  [[nodiscard]] std::string column_changed(const Identifier& column) const {
    const auto* stored = table_.column(column);
    return changed(column, stored != nullptr ? stored->type : catalog::Type{});
  }

  [[nodiscard]] static std::string any_of(
      const std::vector<std::string>& conditions) {
    return conditions.empty()
               ? "false"
               : fmt::format("{}", fmt::join(conditions, " OR "));
  }

  [[nodiscard]] std::string inputs_changed(
      const SyncAssignment& assignment) const {
    std::vector<std::string> conditions;
    for (const Identifier& column : inputs(assignment)) {
      conditions.push_back(column_changed(column));
    }
    return any_of(conditions);
  }

  void add_fill(const SyncAssignment& assignment) {
    line(1, fmt::format("IF NEW.{} IS NULL THEN", assignment.column));
    guarded(2, assignment, true);
    line(1, "END IF;");
  }

  void add_pair(const SyncPair& pair) {
    switch (pair.visibility) {
      case SyncPair::Visibility::both:
        add_both(pair);
        break;
      case SyncPair::Visibility::old_only:
        line(1, fmt::format("IF TG_OP = 'INSERT' OR {} THEN", unfilled(pair)));
        forward(2, pair);
        line(1, fmt::format("ELSIF {} THEN", inputs_changed(pair.forward)));
        forward(2, pair);
        line(1, "END IF;");
        break;
      case SyncPair::Visibility::new_only:
        line(1, "IF TG_OP = 'INSERT' THEN");
        backward(2, pair);
        line(1, fmt::format("ELSIF {} THEN",
                            inputs_changed_after(*pair.backward, pair)));
        backward(2, pair);
        line(1, "END IF;");
        break;
    }
  }

  /// A row that the backfill has not met yet: any version written from now on
  /// must carry the value, or the bound of the backfill would not hold.
  [[nodiscard]] static std::string unfilled(const SyncPair& pair) {
    return fmt::format("OLD.{} IS NULL", pair.forward.column);
  }

  [[nodiscard]] std::string inputs_changed_after(
      const SyncAssignment& assignment, const SyncPair& pair) const {
    std::vector<std::string> conditions;
    for (const Identifier& column : inputs(assignment)) {
      const auto* stored = table_.column(column);
      const bool is_new = column == pair.forward.column || stored == nullptr;
      conditions.push_back(
          changed(column, is_new ? pair.forward.type : stored->type));
    }
    return any_of(conditions);
  }

  /// A new column without a way back is new code's own: only what writers of
  /// the old shape leave out is filled in.
  void add_both(const SyncPair& pair) {
    if (pair.knows_writer && !pair.backward) {
      line(1, "IF TG_NARGS = 0 THEN");
      add_both(2, pair);
      line(1, "END IF;");
    } else {
      add_both(1, pair);
    }
  }

  void add_both(int depth, const SyncPair& pair) {
    line(depth, "IF TG_OP = 'INSERT' THEN");
    line(depth + 1, fmt::format("IF {} THEN", gives_new_side(pair)));
    backward(depth + 2, pair);
    line(depth + 1, "ELSE");
    forward(depth + 2, pair);
    line(depth + 1, "END IF;");
    line(depth, fmt::format("ELSIF {} THEN", changes_new_side(pair)));
    backward(depth + 1, pair);
    const std::string stale_row =
        pair.rows_complete ? "" : fmt::format("{} OR ", unfilled(pair));
    line(depth,
         fmt::format("ELSIF {}{} THEN", stale_row, changes_old_side(pair)));
    forward(depth + 1, pair);
    line(depth, "END IF;");
  }

  [[nodiscard]] static std::string gives_new_side(const SyncPair& pair) {
    std::string condition =
        fmt::format("NEW.{} IS NOT NULL", pair.forward.column);
    if (pair.knows_writer && pair.backward && pair.old_is_left_out) {
      condition +=
          fmt::format(" OR TG_NARGS > 0 AND ({})", *pair.old_is_left_out);
    }
    return condition;
  }

  /// What both sides read besides each other counts for the side of the writer,
  /// where that is known.
  [[nodiscard]] std::string changes_new_side(const SyncPair& pair) const {
    const Identifier& fresh = pair.forward.column;
    std::string condition = changed(fresh, pair.forward.type);
    if (!pair.knows_writer || !pair.backward) {
      return condition;
    }
    std::vector<std::string> others;
    for (const Identifier& column : inputs(*pair.backward)) {
      if (column != fresh) {
        others.push_back(column_changed(column));
      }
    }
    if (!others.empty()) {
      condition += fmt::format(" OR TG_NARGS > 0 AND ({})", any_of(others));
    }
    return condition;
  }

  [[nodiscard]] std::string changes_old_side(const SyncPair& pair) const {
    if (!pair.knows_writer || !pair.backward) {
      return inputs_changed(pair.forward);
    }
    std::vector<std::string> conditions, others;
    for (const Identifier& column : inputs(pair.forward)) {
      (column == pair.backward->column ? conditions : others)
          .push_back(column_changed(column));
    }
    if (!others.empty()) {
      conditions.push_back(
          fmt::format("TG_NARGS = 0 AND ({})", any_of(others)));
    }
    return any_of(conditions);
  }

  const SyncNames& names_;
  const catalog::Table& table_;
  std::string text_;
};

}  // namespace

std::string sync_body(const SyncNames& names,
                      const catalog::Table& table,
                      const SyncRules& rules) {
  return Body(names, table).text(rules);
}

bool updates_mind_writer(const SyncRules& rules) {
  return std::ranges::any_of(rules.pairs, [](const SyncPair& pair) {
    const auto reads_other = [](const SyncAssignment& assignment,
                                const Identifier& side) {
      return std::ranges::any_of(
          inputs(assignment),
          [&](const Identifier& column) { return column != side; });
    };
    return pair.knows_writer &&
           (!pair.backward ||
            reads_other(*pair.backward, pair.forward.column) ||
            reads_other(pair.forward, pair.backward->column));
  });
}

}  // namespace pgexpand::ops
