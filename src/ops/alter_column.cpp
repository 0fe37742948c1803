// alter_column: another type, nullability, default, check or comment.
//
// ALTER COLUMN TYPE rewrites the table under ACCESS EXCLUSIVE unless only the
// catalog changes (varchar(20) to varchar(50), numeric(8,2) to numeric(12,2)).
// Those few are done in place; every other change gets a twin column that takes
// the name at switch, visibly; with version schemas first in the view.
#include "ops/alter_changes.hpp"
#include "ops/alter_fields.hpp"
#include "ops/carry.hpp"
#include "ops/cheap_type.hpp"
#include "ops/column_rules.hpp"
#include "ops/enforce.hpp"
#include "ops/new_column.hpp"
#include "ops/new_column_changes.hpp"
#include "ops/rights.hpp"
#include "ops/round_trip.hpp"
#include "ops/table_operation.hpp"
#include "ops/twin.hpp"
#include "ops/typed_move.hpp"

#include <fmt/format.h>

namespace pgexpand::ops {
namespace {

class AlterColumn final : public TableOperation {
 public:
  AlterColumn(Target target, AlterFields arguments)
      : TableOperation(std::move(target)), args_(std::move(arguments)) {}

  void announce(const catalog::Catalog& catalog,
                Shapes& shapes) const override {
    if (const auto* found = known_table(catalog); found && args_.type) {
      shapes.of(*found).announce_type(args_.column);
    }
  }

  void reshape(const catalog::Catalog& catalog,
               Shapes& shapes,
               Diagnostics& findings) const override {
    const auto* found = find_table(catalog, findings);
    if (found == nullptr) {
      return;
    }
    TableShape& shape = shapes.of(*found);
    const auto* column = found->column(shape.before(args_.column));
    const TypeChange change =
        column == nullptr ? TypeChange::none
                          : args_.type_change(catalog, shape, *found, *column);
    if (change == TypeChange::none) {
      return;
    }
    const sql::Identifier& from = column->name;
    const sql::Identifier to = shape.announced(from);
    if (column->generated) {
      findings.refuse(where(), "column.generated",
                      fmt::format("column {} is generated: it cannot be "
                                  "written, so it cannot be kept in step",
                                  from.name()),
                      "add a generated column of the new type instead");
      return;
    }
    if (!is_left_alone(shape, from, "say everything in one alter_column",
                       findings) ||
        (to != from &&
         !is_free(*found, shape, to, "choose another name", findings))) {
      return;
    }
    ShapeColumn after{.name = to,
                      .physical = from,
                      .type = args_.type->text,
                      .is_user_type = true};
    if (change == TypeChange::metadata) {
      after.stored = column;
      shape.replace(from, std::move(after));
      return;
    }
    const Move move = typed_move(from, to, shapes.in_views());
    after.physical = move.physical;
    shape.move(move, std::move(after));
  }

  void check(const Situation& situation, Diagnostics& findings) const override {
    if (!is_there(situation, args_.column, findings) || args_.only_checks()) {
      return;
    }
    if (args_.type || is_added(situation, args_.column)) {
      const auto& shape = situation.shapes.of(table(situation.catalog));
      (void)is_there_today(situation, shape.before(args_.column),
                           "say everything in one operation", findings);
    }
  }

  void probe(const Situation& situation,
             const std::string& prefix,
             catalog::Probes& probes) const override {
    const auto& here = table(situation.catalog);
    const auto& column = column_meant(situation, args_.column);
    const auto& shape = situation.shapes.of(here);
    if (args_.type) {
      probes.types[prefix + "type"] = {.text = args_.type->text,
                                       .where = args_.type->where};
    }
    const bool is_twin = needs_twin(situation, here, column);
    if (is_twin) {
      carry_probes(here, shape, where(), probes);
      key_probes(situation, here, probes);
    }
    if (is_twin || args_.up) {
      probes.expressions[prefix + "up"] =
          to_new_type(probe_today(here, up_text(column)), column);
    }
    if (is_twin || args_.down) {
      auto probe = probe_after(here, shape, down_text(shape, column));
      probe.target_type = column.type.name.text;
      probes.expressions[prefix + "down"] = std::move(probe);
    }
    if (is_twin) {
      probes.round_trips[prefix] = round_trip(here, column, prefix);
    }
    if (const auto value = args_.default_text(column, is_twin, where())) {
      probes.expressions[prefix + "default"] =
          to_new_type(in_ddl(value->text, value->where), column);
    }
    if (args_.carries_default(column, is_twin)) {
      probes.expressions[prefix + "default as it is"] =
          to_new_type(in_ddl(column.default_value->text, where()), column);
    }
    if (is_twin && situation.shapes.in_views() && column.default_value) {
      auto probe = in_ddl(column.default_value->text, where());
      probe.target_type = column.type.name.text;
      probes.expressions[prefix + "default today"] = std::move(probe);
    }
    if (args_.check) {
      auto probe = probe_after(here, shape, args_.check->expression);
      probe.is_predicate = true;
      probes.expressions[prefix + "check"] = std::move(probe);
    }
  }

  void plan(const Situation& situation,
            const std::string& prefix,
            Draft& draft,
            Diagnostics& findings) const override {
    const auto& here = table(situation.catalog);
    const auto& column = column_meant(situation, args_.column);
    const auto& shape = situation.shapes.of(here);
    auto& pieces = draft_of(draft, here);
    const Values values{situation, prefix, *this, findings};
    if (needs_twin(situation, here, column)) {
      check_dependents(here, column, where(), findings);
      check_may_alter_functions(here, situation.catalog, where(), findings);
      plan_twin(values, here, draft, pieces);
    } else if (args_.only_checks()) {
      // plan_check() is all
    } else if (shape.move_of(column.name) != nullptr) {
      (void)is_left_alone(shape, column.name, "say everything in one operation",
                          findings);
    } else {
      plan_in_place(values, here, draft, pieces);
    }
    if (args_.check) {
      plan_check(values, here, shape, draft);
    }
  }

 protected:
  [[nodiscard]] std::vector<catalog::Change> changes_of(
      const catalog::Table& table,
      const Situation& situation,
      const std::string& prefix) const override {
    const auto* today = table.column(args_.column);
    if (today == nullptr) {
      today = table.column(situation.shapes.of(table).today(args_.column));
    }
    return ops::changes_of(args_, table, today, situation, prefix);
  }
  [[nodiscard]] TableUse use() const override {
    const bool alters = args_.type || args_.nullable || args_.check;
    return alters ? TableUse::columns : TableUse::metadata;
  }

 private:
  /// Answers under this operation's prefix.
  struct Values {
    const Situation& situation;
    const std::string& prefix;
    const AlterColumn& operation;
    Diagnostics& findings;

    [[nodiscard]] const catalog::ExpressionAnswer* get(
        const char* key, const Location& where, const Demands& demands) const {
      if (!situation.answers.expressions.contains(prefix + key)) {
        return nullptr;
      }
      return resolved(situation.answers, prefix + key, where,
                      operation.allowed(), demands, findings);
    }
  };

  /// A column that another operation moves is none of ours.
  [[nodiscard]] bool needs_twin(const Situation& situation,
                                const catalog::Table& here,
                                const catalog::Column& column) const {
    return args_.type_change(situation.catalog, situation.shapes.of(here), here,
                             column) == TypeChange::rewrite;
  }

  [[nodiscard]] UserExpression up_text(const catalog::Column& column) const {
    return args_.up.value_or(UserExpression{column.name.quoted(), where()});
  }
  [[nodiscard]] UserExpression down_text(const TableShape& shape,
                                         const catalog::Column& column) const {
    return args_.down.value_or(
        UserExpression{shape.renamed(column.name).quoted(), where()});
  }

  [[nodiscard]] catalog::ExpressionProbe to_new_type(
      catalog::ExpressionProbe probe, const catalog::Column& column) const {
    probe.target_type = args_.type ? args_.type->text : column.type.name.text;
    probe.target_is_user_type = args_.type.has_value();
    return probe;
  }

  void plan_twin(const Values& values,
                 const catalog::Table& here,
                 Draft& draft,
                 TableDraft& pieces) const {
    const auto& column = column_meant(values.situation, args_.column);
    Diagnostics& findings = values.findings;
    const auto* type = resolved_type(values.situation.answers,
                                     values.prefix + "type", findings);
    const auto& shape = values.situation.shapes.of(here);
    const auto up_where = up_text(column).where;
    const auto* up = values.get("up", up_where, {.assigned = false});
    const auto* down =
        values.get("down", down_text(shape, column).where, {.assigned = false});
    if (type == nullptr || up == nullptr || down == nullptr ||
        (allowed().lossy && !may_lose(*shape.move_of(column.name),
                                      draft.in_views(), where(), findings))) {
      return;
    }
    bool is_fine = reads_no_generated_column(here, *up, up_where, findings);
    is_fine &= has_casts(column, type->type, *up, *down, where(), findings);
    check_round_trip(values.situation, column, values.prefix, allowed(),
                     where(), findings);
    if (args_.carries_default(column, true) &&
        !is_castable(values.situation.answers, values.prefix + "default",
                     column, type->type, where(), findings)) {
      return;
    }
    const auto* value = values.get("default", where(), is_default);
    if (!is_fine ||
        (args_.default_text(column, true, where()) && value == nullptr)) {
      return;
    }
    const bool widens = !args_.up && is_widening(column.type, type->type);
    Twin twin{.table = &here,
              .column = &column,
              .shape = &shape,
              .move = *shape.move_of(column.name),
              .type = type->type,
              .up = up->deparsed,
              .down = down->deparsed,
              .comment = args_.comment.value_or(column.comment),
              .not_null = args_.nullable ? !*args_.nullable : column.not_null,
              .up_is_safe = widens,
              .is_injective = widens,
              .is_volatile = up->stability != catalog::Stability::immutable,
              .lossy = allowed().lossy,
              .not_null_has_name =
                  values.situation.catalog.server_version_num >= 180000};
    give_default(args_, values.situation, values.prefix, value, twin);
    if (type->type.is_collatable && column.collation) {
      twin.collation = *column.collation;
    }
    if (can_be_added(twin, where(), findings)) {
      add_twin(draft, pieces, twin);
      touch_inputs(pieces, twin.up);
      touch_inputs(pieces, twin.down, twin.shape);
    }
  }

  void plan_in_place(const Values& values,
                     const catalog::Table& here,
                     Draft& draft,
                     TableDraft& pieces) const {
    const auto& column = column_meant(values.situation, args_.column);
    Diagnostics& findings = values.findings;
    if (args_.type_change(values.situation.catalog,
                          values.situation.shapes.of(here), here,
                          column) == TypeChange::metadata) {
      check_dependents(here, column, where(), findings);
      const auto* type = resolved_type(values.situation.answers,
                                       values.prefix + "type", findings);
      if (type != nullptr) {
        change_type_in_place(draft, pieces, column, type->type, where(),
                             findings);
      }
    }
    if (args_.nullable && !*args_.nullable && !column.not_null) {
      const auto* up = values.get("up", where(), {});
      if (up == nullptr ? !args_.up
                        : reads_no_generated_column(
                              here, *up, up_text(column).where, findings)) {
        require_not_null(draft, pieces, values.situation.shapes.of(here),
                         column, text_of(up));
        touch_inputs(pieces, text_of(up));
      }
    } else if (args_.nullable && *args_.nullable && column.not_null) {
      allow_null(draft, pieces, values.situation.shapes.of(here), column,
                 text_of(values.get("down", where(), {})));
    }
    plan_default(values, here, draft, pieces);
    if (args_.comment) {
      change_comment(draft, pieces, column, *args_.comment);
    }
  }

  void plan_default(const Values& values,
                    const catalog::Table& here,
                    Draft& draft,
                    TableDraft& pieces) const {
    if (!args_.default_value) {
      return;
    }
    const auto& column = column_meant(values.situation, args_.column);
    if (!may_change_default(column, where(), values.findings)) {
      return;
    }
    const auto* value = values.get("default", where(), is_default);
    std::optional<DefaultValue> written;
    if (value != nullptr) {
      written = {value->deparsed, as_written(**args_.default_value)};
    }
    if (written || !*args_.default_value) {
      change_default(draft, pieces, values.situation.shapes.of(here), column,
                     written);
    }
  }

  void plan_check(const Values& values,
                  const catalog::Table& here,
                  const TableShape& shape,
                  Draft& draft) const {
    const auto* check =
        values.get("check", args_.check->expression.where, is_check);
    if (check == nullptr) {
      return;
    }
    const auto name = check_name(*args_.check, here.name, args_.column);
    const auto condition =
        for_ddl(args_.check->expression, shape, values.findings);
    if (condition) {
      add_check(draft, here, name,
                {*condition, over_row(check->deparsed, &shape)}, where(),
                values.findings);
    }
  }

  AlterFields args_;
};

std::unique_ptr<Operation> parse(spec::Fields& fields, Diagnostics& findings) {
  auto target = read_target(fields, findings);
  auto args = read_alter_fields(fields, findings);
  fields.reject_unknown(findings);
  if (!target || !args) {
    return nullptr;
  }
  return std::make_unique<AlterColumn>(*std::move(target), *std::move(args));
}

}  // namespace

extern const OperationType alter_column;
constinit const OperationType alter_column = {
    .name = "alter_column",
    .summary = "Change a column's type, nullability, default, check, comment.",
    .fields = alter_column_rows,
    .parse = parse,
};

}  // namespace pgexpand::ops
