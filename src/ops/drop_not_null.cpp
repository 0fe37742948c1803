// drop_not_null: lets a column hold NULL, from switch on.
//
// ALTER COLUMN ... DROP NOT NULL is metadata only, under ACCESS EXCLUSIVE. What
// it breaks is readers that expect a value, and the way back: SET NOT NULL
// needs every hole filled first, which is what `down` is for. In a version
// schema old readers see `down` meanwhile, for which a second column is kept.
#include "ops/carry.hpp"
#include "ops/column_rules.hpp"
#include "ops/comparator.hpp"
#include "ops/field_rows.hpp"
#include "ops/table_operation.hpp"
#include "ops/twin.hpp"
#include "pgexpand/sql/own_names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

struct Arguments {
  sql::Identifier column;
  std::optional<UserExpression> down;
};

class DropNotNull final : public TableOperation {
 public:
  DropNotNull(Target target, Arguments arguments)
      : TableOperation(std::move(target)), args_(std::move(arguments)) {}

  void reshape(const catalog::Catalog& catalog,
               Shapes& shapes,
               Diagnostics& findings) const override {
    const auto* found = find_table(catalog, findings);
    if (found == nullptr) {
      return;
    }
    const auto* key = found->primary_key();
    if (key != nullptr &&
        std::ranges::find(key->columns, args_.column) != key->columns.end()) {
      findings.refuse(where(), "column.in-primary-key",
                      fmt::format("column {} is in the primary key, which "
                                  "needs NOT NULL",
                                  args_.column.name()),
                      "replace the primary key first");
    }
    const auto* column = found->column(args_.column);
    if (column != nullptr && wants_value(*found, *column)) {
      findings.refuse(where(), "column.needs-not-null",
                      fmt::format("column {} is an identity or belongs to the "
                                  "replica identity, which needs NOT NULL",
                                  args_.column.name()),
                      "drop the identity, or give the table another replica "
                      "identity first");
      return;
    }
    if (column == nullptr || !needs_twin(*column, shapes) ||
        !is_left_alone(shapes.of(*found), args_.column,
                       "say everything in one alter_column", findings)) {
      return;
    }
    const auto physical = sql::twin_name(args_.column);
    shapes.of(*found).move(
        {.from = args_.column, .to = args_.column, .physical = physical},
        {.name = args_.column,
         .physical = physical,
         .type = column->type.name.text});
  }

  void check(const Situation& situation, Diagnostics& findings) const override {
    if (is_there(situation, args_.column, findings) &&
        is_added(situation, args_.column)) {
      (void)is_there_today(situation, args_.column,
                           "leave `nullable: false` out of add_column",
                           findings);
    }
  }

  void probe(const Situation& situation,
             const std::string& prefix,
             catalog::Probes& probes) const override {
    if (args_.down) {
      const auto& here = table(situation.catalog);
      auto probe = probe_after(here, situation.shapes.of(here), *args_.down);
      probe.target_type = column_meant(situation, args_.column).type.name.text;
      probes.expressions[prefix + "down"] = std::move(probe);
      const auto& column = column_meant(situation, args_.column);
      if (needs_twin(column, situation.shapes)) {
        carry_probes(here, situation.shapes.of(here), where(), probes);
        key_probes(situation, here, probes);
        if (column.default_value) {
          auto today = in_ddl(column.default_value->text, where());
          today.target_type = column.type.name.text;
          probes.expressions[prefix + "default today"] = std::move(today);
        }
      }
    }
  }

  void plan(const Situation& situation,
            const std::string& prefix,
            Draft& draft,
            Diagnostics& findings) const override {
    const auto& here = table(situation.catalog);
    const auto& column = column_meant(situation, args_.column);
    if (!column.not_null) {
      findings.warn(
          where(), "column.already-nullable",
          fmt::format("column {} already allows NULL", args_.column.name()));
      return;
    }
    const bool is_twin = needs_twin(column, situation.shapes);
    if (!is_twin && situation.shapes.of(here).move_of(column.name) != nullptr) {
      (void)is_left_alone(situation.shapes.of(here), column.name,
                          "give that operation `nullable: true`, or drop NOT "
                          "NULL in a migration of its own",
                          findings);
      return;
    }
    std::optional<sql::Expression> down;
    if (args_.down) {
      const auto* answer = resolved(situation.answers, prefix + "down",
                                    args_.down->where, allowed(), {}, findings);
      if (answer == nullptr) {
        return;
      }
      down = answer->deparsed;
    }
    if (is_twin) {
      plan_twin(situation, prefix, column, *down, draft, findings);
      return;
    }
    allow_null(draft, draft_of(draft, here), situation.shapes.of(here), column,
               down);
    touch_inputs(draft_of(draft, here), down, &situation.shapes.of(here));
  }

 protected:
  [[nodiscard]] std::vector<catalog::Change> changes_of(
      const catalog::Table& table,
      const Situation& situation,
      const std::string& /*prefix*/) const override {
    return {not_null_change(table, situation, args_.column, false)};
  }

 private:
  [[nodiscard]] static bool wants_value(const catalog::Table& table,
                                        const catalog::Column& column) {
    return column.identity ||
           std::ranges::any_of(table.indexes, [&](const catalog::Index& index) {
             return index.is_replica_identity &&
                    std::ranges::any_of(index.keys,
                                        [&](const catalog::IndexKey& key) {
                                          return key.column == column.name;
                                        });
           });
  }

  /// Readers of an older version are to see `down` where new code writes NULL:
  /// one column cannot be both.
  [[nodiscard]] bool needs_twin(const catalog::Column& column,
                                const Shapes& shapes) const {
    return shapes.in_views() && args_.down && column.not_null &&
           !column.generated;
  }

  void plan_twin(const Situation& situation,
                 const std::string& prefix,
                 const catalog::Column& column,
                 const sql::Expression& down,
                 Draft& draft,
                 Diagnostics& findings) const {
    const auto& here = table(situation.catalog);
    const auto& shape = situation.shapes.of(here);
    check_dependents(here, column, where(), findings);
    const Twin twin{
        .table = &here,
        .column = &column,
        .shape = &shape,
        .move = *shape.move_of(column.name),
        .type = column.type,
        .collation = column.collation.value_or(""),
        .up = {column.name.quoted()},
        .down = sql::compose("COALESCE({}, {})", column.name,
                             in_type(column.type, down)),
        .default_value = column.default_value,
        .default_ddl = column.default_value.value_or(sql::Expression{}),
        .comment = column.comment,
        .up_is_safe = true,
        .is_injective = true,
        .carries_default = column.default_value.has_value(),
        .old_default_is_constant = gives_one_value(
            situation.answers.expressions, prefix + "default today")};
    if (can_be_added(twin, where(), findings)) {
      auto& pieces = draft_of(draft, here);
      add_twin(draft, pieces, twin);
      touch_inputs(pieces, twin.down, twin.shape);
    }
  }

  Arguments args_;
};

std::unique_ptr<Operation> parse(spec::Fields& fields, Diagnostics& findings) {
  auto target = read_target(fields, findings);
  auto column = fields.required_identifier("column", findings);
  auto down = read_expression(fields, "down", findings);
  fields.reject_unknown(findings);
  if (!target || !column) {
    return nullptr;
  }
  return std::make_unique<DropNotNull>(
      *std::move(target), Arguments{*std::move(column), std::move(down)});
}

constexpr std::array field_rows{
    table_row,
    column_row,
    FieldRow{.name = "down",
             .type = FieldType::expression,
             .help = "expression over the row: fills NULL at rollback"},
    allow_row,
};

}  // namespace

extern const OperationType drop_not_null;
constinit const OperationType drop_not_null = {
    .name = "drop_not_null",
    .summary =
        "Allow NULL in a column; `down` fills the holes on the way back.",
    .fields = field_rows,
    .parse = parse,
};

}  // namespace pgexpand::ops
