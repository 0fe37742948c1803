// The sync function: BEFORE INSERT OR UPDATE, both directions in one body.
//
// A BEFORE row trigger may assign to NEW without recursion. UPDATE OF column
// lists would miss changes that other BEFORE triggers make, so there is none.
// SECURITY DEFINER as the table's owner: as the invoker it would need rights in
// our schema. SET search_path keeps operators from being hijacked.
#include "ops/sync_function.hpp"

#include "ops/comparator.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

using sql::Expression;
using sql::Identifier;
using sql::Statement;

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

  [[nodiscard]] std::string inputs_changed(
      const SyncAssignment& assignment) const {
    std::vector<std::string> conditions;
    for (const Identifier& column : inputs(assignment)) {
      const auto* stored = table_.column(column);
      conditions.push_back(
          changed(column, stored != nullptr ? stored->type : catalog::Type{}));
    }
    return conditions.empty()
               ? "false"
               : fmt::format("{}", fmt::join(conditions, " OR "));
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
    return conditions.empty()
               ? "false"
               : fmt::format("{}", fmt::join(conditions, " OR "));
  }

  void add_both(const SyncPair& pair) {
    const Identifier& fresh = pair.forward.column;
    line(1, "IF TG_OP = 'INSERT' THEN");
    line(2, fmt::format("IF NEW.{} IS NOT NULL THEN", fresh));
    backward(3, pair);
    line(2, "ELSE");
    forward(3, pair);
    line(2, "END IF;");
    line(1, fmt::format("ELSIF {} THEN", changed(fresh, pair.forward.type)));
    backward(2, pair);
    const std::string stale_row =
        pair.rows_complete ? "" : fmt::format("{} OR ", unfilled(pair));
    line(1, fmt::format("ELSIF {}{} THEN", stale_row,
                        inputs_changed(pair.forward)));
    forward(2, pair);
    line(1, "END IF;");
  }

  const SyncNames& names_;
  const catalog::Table& table_;
  std::string text_;
};

bool pins_settings(const SyncRules& rules) {
  const auto is_simple = [](const SyncAssignment& assignment) {
    return sql::is_plain_column(assignment.value.text);
  };
  const auto pair_is_simple = [&](const SyncPair& pair) {
    return is_simple(pair.forward) &&
           (!pair.backward || is_simple(*pair.backward));
  };
  return !std::ranges::all_of(rules.pairs, pair_is_simple) ||
         !std::ranges::all_of(rules.fills, is_simple, &SyncFill::assignment);
}

}  // namespace

std::string dollar_quote(std::string_view body) {
  std::string tag = "$pgexpand$";
  for (int n = 1; body.find(tag) != std::string_view::npos; ++n) {
    tag = fmt::format("$pgexpand{}$", n);
  }
  return tag;
}

SyncNames sync_names(const catalog::Table& table,
                     const std::string& migration,
                     const Identifier& state_schema) {
  const std::string function =
      fmt::format("sync_{}_{}_{}", migration, table.name.schema.name(),
                  table.name.name.name());
  return {.function = {state_schema, Identifier(sql::shorten_name(function))},
          .trigger = Identifier(sql::shorten_name("~pgexpand_" + migration)),
          .state_schema = state_schema,
          .migration = migration};
}

Statement sync_function(const SyncNames& names,
                        const catalog::Table& table,
                        const SyncRules& rules) {
  const std::string body = Body(names, table).text(rules);
  const std::string quote = dollar_quote(body);
  std::string settings = " SET search_path = pg_catalog, pg_temp";
  if (pins_settings(rules)) {
    settings +=
        " SET \"TimeZone\" = 'UTC' SET \"DateStyle\" = 'ISO, MDY' SET "
        "\"IntervalStyle\" = 'postgres' SET extra_float_digits = 1";
  }
  return Statement::verbatim(fmt::format(
      "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql "
      "SECURITY DEFINER{} AS {}\n{}\n{}",
      names.function, settings, quote, body, quote));
}

std::vector<Statement> create_sync(const SyncNames& names,
                                   const catalog::Table& table,
                                   const SyncRules& rules,
                                   const std::string& user) {
  std::vector<Statement> statements{sync_function(names, table, rules)};
  if (table.owner != user) {
    const Identifier owner(table.owner);
    // ALTER … OWNER TO wants CREATE on the schema, for this moment only.
    statements.push_back(Statement::of("GRANT USAGE, CREATE ON SCHEMA {} TO {}",
                                       names.state_schema, owner));
    statements.push_back(Statement::of("ALTER FUNCTION {}() OWNER TO {}",
                                       names.function, owner));
    statements.push_back(Statement::of("REVOKE CREATE ON SCHEMA {} FROM {}",
                                       names.state_schema, owner));
    statements.push_back(Statement::of("GRANT INSERT ON {}.quarantine TO {}",
                                       names.state_schema, owner));
  }
  statements.push_back(
      Statement::of("REVOKE ALL ON FUNCTION {}() FROM PUBLIC", names.function));
  statements.push_back(Statement::of(
      "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW WHEN "
      "(pg_catalog.current_setting('pgexpand.mode', true) IS DISTINCT FROM "
      "'backfill') EXECUTE FUNCTION {}()",
      names.trigger, table.name, names.function));
  statements.push_back(Statement::of("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}",
                                     table.name, names.trigger));
  return statements;
}

std::vector<Statement> drop_sync(const SyncNames& names,
                                 const catalog::Table& table) {
  return {Statement::of("DROP TRIGGER {} ON {}", names.trigger, table.name),
          Statement::of("DROP FUNCTION {}()", names.function)};
}

}  // namespace pgexpand::ops
