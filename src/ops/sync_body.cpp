// What the sync function does: rules of both directions, one after the other.
#include "ops/sync_body.hpp"

#include "ops/comparator.hpp"
#include "ops/sync_terms.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

using sql::Expression;
using sql::Identifier;

class Body {
 public:
  Body(const SyncNames& names, const catalog::Table& table)
      : names_(names), table_(table), terms_(table) {}

  [[nodiscard]] std::string text(const SyncRules& rules) {
    rules_ = &rules;
    declare_writers();
    text_ += "BEGIN\n";
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
    for (const SyncReverse& reverse : rules.reverses) {
      add_reverse(reverse);
    }
    for (const Identifier& column : rules.required) {
      require(column);
    }
    if (minds_moves) {
      note_row(rules);
    }
    return text_ + "  RETURN NEW;\nEND";
  }

 private:
  void skip_moved_row(const SyncRules& rules) {
    line(1, fmt::format("IF TG_OP = 'INSERT' AND pg_catalog.current_setting("
                        "'pgexpand.moved', true) = {} THEN",
                        row_text(table_, rules)));
    line(2, "RETURN NEW;");
    line(1, "END IF;");
  }

  void note_row(const SyncRules& rules) {
    line(1, "IF TG_OP = 'UPDATE' THEN");
    line(2, fmt::format(
                "PERFORM pg_catalog.set_config('pgexpand.moved', {}, true);",
                row_text(table_, rules)));
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
             key.empty() ? "'(no key)'"
                         : fmt::format("pg_catalog.concat_ws(',', {})",
                                       fmt::join(key, ", "))));
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
         "IF pg_catalog.left(SQLSTATE, 2) IN ('40', '53', '57', '58', 'XX') "
         "THEN RAISE; "
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

  /// As the table itself will say it from contract on.
  void require(const Identifier& column) {
    line(1, fmt::format("IF TG_NARGS > 0 AND NEW.{0} IS NULL AND (TG_OP = "
                        "'INSERT' OR OLD.{0} IS NOT NULL) THEN",
                        column));
    line(2, fmt::format(
                "RAISE EXCEPTION USING ERRCODE = '23502', MESSAGE = {}, "
                "COLUMN = {}, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;",
                sql::quote_literal(fmt::format(
                    "null value in column \"{}\" violates not-null constraint",
                    column.name())),
                sql::quote_literal(column.name())));
    line(1, "END IF;");
  }

  void add_fill(const SyncAssignment& assignment) {
    const bool is_required =
        std::ranges::find(rules_->required, assignment.column) !=
        rules_->required.end();
    line(1, fmt::format("IF {}NEW.{} IS NULL THEN",
                        is_required ? "TG_NARGS = 0 AND " : "",
                        assignment.column));
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
        line(1,
             fmt::format("ELSIF {} THEN", terms_.inputs_changed(pair.forward)));
        forward(2, pair);
        line(1, "END IF;");
        break;
      case SyncPair::Visibility::new_only:
        line(1, fmt::format("IF TG_OP = 'INSERT' AND {} THEN",
                            gives_old_side(pair)));
        forward(2, pair);
        line(1, "ELSIF TG_OP = 'INSERT' THEN");
        backward(2, pair);
        line(1, fmt::format("ELSIF {} THEN",
                            inputs_changed_after(*pair.backward, pair)));
        backward(2, pair);
        line(1, "END IF;");
        break;
    }
  }

  /// Who writes is told before any rule changes the row.
  [[nodiscard]] static std::string writer(std::size_t n) {
    return fmt::format("by_new_code_{}", n + 1);
  }

  void declare_writers() {
    if (rules_->reverses.empty()) {
      return;
    }
    text_ = "DECLARE\n";
    for (std::size_t n = 0; n < rules_->reverses.size(); ++n) {
      line(1, fmt::format("{} boolean := {};", writer(n),
                          is_by_new_code(rules_->reverses[n])));
    }
  }

  [[nodiscard]] std::string is_by_new_code(const SyncReverse& reverse) const {
    if (reverse.knows_writer) {
      return fmt::format("TG_NARGS > 0 AND (TG_OP = 'INSERT' OR {})",
                         terms_.inputs_changed(reverse.assignment));
    }
    // A default would be there whoever writes.
    const auto is_filled = [&](const Identifier& column) {
      return std::ranges::any_of(rules_->pairs, [&](const SyncPair& pair) {
        return !pair.backward && pair.forward.column == column;
      });
    };
    std::vector<std::string> given, changed;
    for (const Identifier& column : reverse.new_columns) {
      changed.push_back(terms_.column_changed(column));
      if (is_filled(column)) {
        given.push_back(fmt::format("NEW.{} IS NOT NULL", column));
      }
    }
    return fmt::format("CASE TG_OP WHEN 'INSERT' THEN {} ELSE {} END",
                       any_of(given), any_of(changed));
  }

  void add_reverse(const SyncReverse& reverse) {
    const Identifier& column = reverse.assignment.column;
    const auto n = static_cast<std::size_t>(&reverse - rules_->reverses.data());
    std::string condition = writer(n);
    if (reverse.follows_all && !reverse.knows_writer) {
      condition += fmt::format(" OR TG_OP = 'UPDATE' AND NOT ({}) AND ({})",
                               terms_.column_changed(column),
                               terms_.inputs_changed(reverse.assignment));
    }
    line(1, fmt::format("IF {} THEN", condition));
    if (reverse.follows_all && !reverse.knows_writer) {
      guarded(2, reverse.assignment, false);  // it may be old code's statement
    } else {
      assign(2, reverse.assignment);
    }
    if (reverse.fills_null) {
      line(1, fmt::format("ELSIF TG_OP = 'INSERT' AND NEW.{} IS NULL THEN",
                          column));
      guarded(2, reverse.assignment, true);
    }
    line(1, "END IF;");
  }

  /// Nobody names the old side, so an INSERT that gives it has no column list,
  /// and says by their places what the old columns hold. A whole row that was
  /// copied gives both sides; who changed the new one knows it.
  [[nodiscard]] static std::string gives_old_side(const SyncPair& pair) {
    const SyncAssignment& back = *pair.backward;
    const SyncAssignment& there = pair.lossy ? pair.forward : back;
    const std::string is_missing =
        fmt::format("NEW.{} IS NULL", pair.forward.column);
    const std::string is_left_out =
        pair.new_is_left_out
            ? pair.new_is_left_out->text
            : fmt::format("{} OR {}", is_missing,
                          differs(there.type, {row_of("NEW", there.column)},
                                  as_type(there.type, qualified("NEW", there,
                                                                there.value))));
    return fmt::format("NEW.{} IS NOT NULL AND ({})", back.column, is_left_out);
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
          terms_.changed(column, is_new ? pair.forward.type : stored->type));
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

  [[nodiscard]] std::string gives_new_side(const SyncPair& pair) const {
    std::string condition =
        fmt::format("NEW.{} IS NOT NULL", pair.forward.column);
    if (!pair.rows_complete && !pair.backward) {
      condition = "false";  // before the switch nobody knows the column
    } else if (pair.old_leads) {
      condition += fmt::format(" AND NEW.{} IS NULL", pair.backward->column);
    }
    for (std::size_t n = 0; n < rules_->reverses.size(); ++n) {
      if (rests_on(pair, rules_->reverses[n])) {
        condition += " OR " + writer(n);
      }
    }
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
    std::string condition = terms_.changed(fresh, pair.forward.type);
    if (!pair.knows_writer || !pair.backward) {
      return condition;
    }
    std::vector<std::string> others;
    for (const Identifier& column : inputs(*pair.backward)) {
      if (column != fresh) {
        others.push_back(terms_.column_changed(column));
      }
    }
    if (!others.empty()) {
      condition += fmt::format(" OR TG_NARGS > 0 AND ({})", any_of(others));
    }
    return condition;
  }

  [[nodiscard]] std::string changes_old_side(const SyncPair& pair) const {
    if (!pair.knows_writer || !pair.backward) {
      return terms_.inputs_changed(pair.forward);
    }
    std::vector<std::string> conditions, others;
    for (const Identifier& column : inputs(pair.forward)) {
      (column == pair.backward->column ? conditions : others)
          .push_back(terms_.column_changed(column));
    }
    if (!others.empty()) {
      conditions.push_back(
          fmt::format("TG_NARGS = 0 AND ({})", any_of(others)));
    }
    return any_of(conditions);
  }

  const SyncNames& names_;
  const catalog::Table& table_;
  SyncTerms terms_;
  const SyncRules* rules_ = nullptr;
  std::string text_;
};

}  // namespace

std::string sync_body(const SyncNames& names,
                      const catalog::Table& table,
                      const SyncRules& rules) {
  return Body(names, table).text(rules);
}

bool updates_mind_writer(const SyncRules& rules) {
  return !rules.required.empty() ||
         std::ranges::any_of(rules.reverses, &SyncReverse::knows_writer) ||
         std::ranges::any_of(rules.pairs, [](const SyncPair& pair) {
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
