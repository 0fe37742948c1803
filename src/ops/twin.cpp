// The twin column. Changing a type in place rewrites the table under ACCESS
// EXCLUSIVE. So a second column is filled beside the first; at switch, or at
// contract where a version schema has its own names, it takes over with
// metadata-only statements.
#include "ops/twin.hpp"

#include "ops/column_rules.hpp"
#include "ops/comparator.hpp"
#include "ops/enforce.hpp"
#include "ops/identity.hpp"
#include "ops/not_null_name.hpp"
#include "ops/table_operation.hpp"
#include "pgexpand/sql/parser.hpp"

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

class TwinPieces {
 public:
  TwinPieces(Draft& draft, TableDraft& pieces, const Twin& twin)
      : draft_(draft),
        pieces_(pieces),
        twin_(twin),
        table_(twin.table->name),
        fresh_(twin.move.physical),
        old_(twin.move.from) {}

  void add() {
    pieces_.moved[old_] = {twin_.type, twin_.is_injective, twin_.lossy,
                           sql::is_plain_column(twin_.up.text), is_lost()};
    add_column();
    add_sync();
    add_fill();
    add_comparisons();
    add_not_null();
    if (twin_.move.swaps) {
      swap_names();
    } else {
      end_old_name();
    }
    if (draft_.in_views()) {
      show_in_version();
    }
    if (twin_.lossy) {
      add_lossy_gate();
    }
  }

 private:
  void add_column() {
    add_column_beside(pieces_, table_, *twin_.column,
                      {fresh_, twin_.type, twin_.collation, twin_.comment});
    pieces_.touched.insert(twin_.move.to);
    pieces_.added.push_back(twin_.move.to);
  }

  [[nodiscard]] SyncAssignment forward(const Identifier& column) const {
    return {.column = column,
            .type = twin_.type,
            .value = twin_.up,
            .is_safe = twin_.up_is_safe};
  }
  [[nodiscard]] SyncAssignment backward(const Identifier& column) const {
    return {.column = column, .type = twin_.column->type, .value = twin_.down};
  }
  void add_sync() {
    using Visibility = SyncPair::Visibility;
    if (twin_.move.swaps) {
      pieces_.sync_before.pairs.push_back(
          {.visibility = Visibility::old_only, .forward = forward(fresh_)});
      pieces_.sync_after.pairs.push_back(
          {.visibility = Visibility::new_only,
           .forward = forward(twin_.move.to),
           .backward = backward(twin_.move.stale()),
           .new_is_left_out = new_is_left_out(twin_),
           .lossy = twin_.lossy});
    } else if (draft_.in_views()) {
      pieces_.sync_before.pairs.push_back(
          {.visibility = Visibility::old_only, .forward = forward(fresh_)});
      SyncPair pair{.forward = forward(fresh_),
                    .backward = backward(old_),
                    .rows_complete = true,
                    .lossy = twin_.lossy,
                    .knows_writer = true,
                    .old_is_left_out = old_is_left_out()};
      pair.backward->renamed = twin_.shape->names_between();
      pieces_.sync_after.pairs.push_back(std::move(pair));
    } else {  // another name, too
      SyncPair pair{.forward = forward(fresh_), .backward = backward(old_)};
      pieces_.sync_before.pairs.push_back(pair);
      pair.rows_complete = true;
      pieces_.sync_after.pairs.push_back(std::move(pair));
    }
    pieces_.sync_titles.push_back(fmt::format(
        "sync trigger {} -> {}, then back", old_.name(), fresh_.name()));
  }

  /// Do numbers go on coming from the old column's default until contract? If
  /// the view had one too, each row would take two, and currval() give another
  /// one than the row's.
  [[nodiscard]] bool counts_on_old_side() const {
    const catalog::Column& column = *twin_.column;
    return column.identity || (column.sequence && twin_.carries_default &&
                               sql::is_plain_column(twin_.up.text));
  }

  /// A view of the new shape does not give the old column: it gets its default.
  [[nodiscard]] std::optional<Expression> old_is_left_out() const {
    const catalog::Column& column = *twin_.column;
    if (counts_on_old_side()) {
      return std::nullopt;
    }
    if (!column.default_value) {
      return sql::compose("NEW.{} IS NULL", old_);
    }
    if (!twin_.old_default_is_constant) {
      return Expression{"true"};
    }
    const Expression value{fmt::format("NEW.{}", old_)};
    return sql::compose("NOT ({})",
                        differs(column.type, value,
                                as_type(column.type, *column.default_value)));
  }

  [[nodiscard]] Expression wrong_before() const {
    if (twin_.is_volatile) {
      return sql::compose("t.{} IS NULL", fresh_);
    }
    return differs(twin_.type, of_row(fresh_),
                   as_type(twin_.type, over_row(twin_.up)));
  }

  void add_fill() {
    pieces_.fills.push_back({.assignment = {fresh_, over_row(twin_.up)},
                             .type = twin_.type,
                             .pending = wrong_before(),
                             .is_in_place = twin_.is_volatile});
  }

  /// `down` before the switch, when the new columns stand aside.
  [[nodiscard]] Expression down_before() const {
    return as_type(twin_.column->type, over_row(twin_.down, twin_.shape));
  }
  [[nodiscard]] Expression down_after() const {
    const auto between = [&](const Identifier& name) {
      return std::optional(twin_.shape->between(name));
    };
    return as_type(twin_.column->type,
                   sql::rewrite_columns(twin_.down, "t", between));
  }

  /// `up` after the switch, when the old columns stand aside.
  [[nodiscard]] Expression up_after(std::string_view row) const {
    const auto stale = [&](const Identifier& name) {
      const Move* move = twin_.shape->move_of(name);
      return std::optional(move == nullptr ? name : move->stale());
    };
    return as_type(twin_.type, sql::rewrite_columns(twin_.up, row, stale));
  }

  void add_comparisons() {
    const auto& old_type = twin_.column->type;
    pieces_.before_switch.push_back(
        {.title = fmt::format("{} = {}", fresh_.name(), bare(twin_.up).text),
         .differs = wrong_before(),
         .repair = plan::Assignment{fresh_, over_row(twin_.up)}});
    const bool is_copy =
        sql::is_plain_column(twin_.up.text) && old_type.oid == twin_.type.oid;
    if (!is_copy && !twin_.lossy && !twin_.is_volatile) {
      pieces_.before_switch.push_back(
          {.title = fmt::format("{} survives the round trip through down",
                                old_.name()),
           .differs = differs(old_type, of_row(old_), down_before())});
    }
    if (!twin_.is_volatile) {
      add_comparison_after();
    }
  }

  /// A lossy change leaves rows alone whose old value is finer than the new
  /// one, or has no place for it.
  void add_comparison_after() {
    const Identifier stale = twin_.move.stale();
    Expression wrong = differs(twin_.column->type, of_row(stale), down_after());
    if (twin_.lossy) {
      wrong = sql::compose(
          "t.{} IS NOT NULL AND ({}) AND ({})", stale, wrong,
          differs(twin_.type, of_row(twin_.move.between()), up_after("t")));
    }
    pieces_.after_switch.push_back(
        {.title = fmt::format("{} = {}", stale.name(), bare(twin_.down).text),
         .differs = wrong,
         .repair = plan::Assignment{stale, down_after()}});
  }

  void add_not_null() {
    if (!twin_.not_null) {
      return;
    }
    const bool is_certain = has_value_always(twin_, draft_.in_views());
    NotNull rule{.column = is_certain ? fresh_ : twin_.move.between(),
                 .phase = is_certain ? Phase::switch_over : Phase::contract,
                 .column_is_new = true};
    hand_over_name(draft_, twin_, rule);
    enforce_not_null(draft_, *twin_.table, rule);
  }

  void rename(std::vector<Statement>& to,
              const Identifier& from,
              const Identifier& name) {
    to.push_back(Statement::of("ALTER TABLE {} RENAME COLUMN {} TO {}", table_,
                               from, name));
  }

  void swap_names() {
    const Identifier stale = twin_.move.stale();
    const catalog::Column& column = *twin_.column;
    Transition& at_switch = draft_.at_switch();
    at_switch.lock(table_, LockMode::access_exclusive);
    if (column.default_value) {
      at_switch.first.push_back(set_default(table_, old_, std::nullopt));
      at_switch.undo_first({set_default(table_, old_, column.default_value)});
    }
    pieces_.touched.insert(stale);
    rename(at_switch.middle, old_, stale);
    rename(at_switch.middle, fresh_, twin_.move.to);
    std::vector<Statement> back;
    rename(back, twin_.move.to, fresh_);
    rename(back, stale, old_);
    at_switch.undo_first(std::move(back));
    move_default(at_switch, twin_.move.to, stale, true);
    touch_trigger_functions(at_switch, true);
    at_switch.titles.push_back(
        fmt::format("{} takes the name {}", fresh_.name(), old_.name()));
    end_stale(stale);
    draft_.visible(fmt::format("{} becomes {} under its old name", old_.name(),
                               twin_.type.name.text));
  }

  void end_old_name() {
    Transition& at_contract = draft_.at_contract();
    move_default(at_contract, twin_.move.between(), old_, false);
    end_stale(old_);
    if (fresh_ != twin_.move.to) {
      rename(at_contract.middle, fresh_, twin_.move.to);
      at_contract.titles.push_back(
          fmt::format("{} takes the name {}", fresh_.name(), old_.name()));
      touch_trigger_functions(at_contract, false);
    }
  }

  void show_in_version() {
    pieces_.version.made.insert(fresh_);
    pieces_.version.gone.insert(old_);
    pieces_.version.names[fresh_] = twin_.move.to;
    if (twin_.default_value && !counts_on_old_side()) {
      pieces_.version.defaults[twin_.move.to] = twin_.default_value;
    }
  }

  /// Contract drops the old column.
  void end_stale(const Identifier& stale) {
    Transition& at_contract = draft_.at_contract();
    at_contract.lock(table_, LockMode::access_exclusive);
    at_contract.middle.push_back(
        Statement::of("ALTER TABLE {} DROP COLUMN {}", table_, stale));
    at_contract.titles.push_back(fmt::format("drop column {}", stale.name()));
  }

  /// Default, owned sequence or identity go from the old column to the new.
  /// Statements stand where both columns exist: after the swap of names, or
  /// before the old column goes.
  void move_default(Transition& transition,
                    const Identifier& to,
                    const Identifier& from,
                    bool is_undoable) {
    const catalog::Column& column = *twin_.column;
    auto& place = is_undoable ? transition.last : transition.first;
    if (column.identity && column.sequence) {
      place.push_back(move_identity(
          table_, from, to, retyped(*column.sequence, twin_.type.name.text),
          *column.identity));
      if (is_undoable) {
        transition.undo_first({move_identity(table_, to, from, *column.sequence,
                                             *column.identity)});
      }
    } else if (column.sequence) {
      move_sequence(transition, to, from, is_undoable);
    }
    if (twin_.default_value) {
      place.push_back(set_default(table_, to, twin_.default_ddl));
      if (is_undoable) {
        transition.undo_first({set_default(table_, to, std::nullopt)});
      }
    }
  }

  void move_sequence(Transition& transition,
                     const Identifier& to,
                     const Identifier& from,
                     bool is_undoable) {
    const catalog::Sequence& sequence = *twin_.column->sequence;
    const auto own = [&](const Identifier& column) {
      return Statement::of("ALTER SEQUENCE {} OWNED BY {}.{}", sequence.name,
                           table_, column);
    };
    const std::string& type = twin_.type.name.text;
    auto& place = is_undoable ? transition.last : transition.first;
    std::vector<Statement> back;
    if (retyped(sequence, type).type != sequence.type) {
      for (auto& statement : retype_sequence(sequence.name, type)) {
        place.push_back(std::move(statement));
      }
      back = retype_sequence(sequence.name, sequence.type);
    }
    place.push_back(own(to));
    back.push_back(own(from));
    if (is_undoable) {
      transition.undo_first(std::move(back));
    }
  }

  void touch_trigger_functions(Transition& transition, bool is_undoable) {
    const auto touches = trigger_touches(*twin_.table, transition.last);
    transition.last.insert(transition.last.end(), touches.begin(),
                           touches.end());
    if (is_undoable) {
      transition.undo.insert(transition.undo.end(), touches.begin(),
                             touches.end());
    }
  }

  /// An old NULL that `up` has filled comes back as NULL: only what `up` does
  /// not give is lost. CASE, as `up` may fail for other rows.
  [[nodiscard]] Expression is_lost() const {
    const Identifier fresh = twin_.move.between();
    const bool can_tell = !twin_.is_volatile && !twin_.column->not_null;
    return sql::compose(
        "CASE WHEN {} IS NULL AND {} IS NOT NULL THEN {} ELSE"
        " false END",
        twin_.move.stale(), fresh,
        can_tell ? differs(twin_.type, {fresh.quoted()}, up_after(""))
                 : Expression{"true"});
  }

  void add_lossy_gate() {
    draft_.gate({.count = Statement::of("SELECT count(*) FROM {} WHERE {}",
                                        table_, is_lost()),
                 .code = "rollback.lossy",
                 .message = fmt::format("{{}} rows of {} hold a value that {} "
                                        "cannot",
                                        table_.display(), old_.name()),
                 .hint = "change those rows first, or go on to contract",
                 .since = Phase::switch_over});
  }

  Draft& draft_;
  TableDraft& pieces_;
  const Twin& twin_;
  const sql::TableName& table_;
  const Identifier& fresh_;
  const Identifier& old_;
};

}  // namespace

void add_twin(Draft& draft, TableDraft& pieces, const Twin& twin) {
  TwinPieces(draft, pieces, twin).add();
}

}  // namespace pgexpand::ops
