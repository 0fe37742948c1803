// set_not_null: forbids NULL in an existing column without a long lock.
//
// ALTER COLUMN ... SET NOT NULL scans the whole table under ACCESS EXCLUSIVE
// unless a valid CHECK (col IS NOT NULL) already proves it (PostgreSQL 12+).
// A check, even NOT VALID, rejects an UPDATE of any column of a row that still
// holds NULL. So: fill the holes first (a sync trigger keeps new ones out),
// verify, and only then enforce.
#include "ops/column_rules.hpp"
#include "ops/field_rows.hpp"
#include "ops/table_operation.hpp"

#include <fmt/format.h>

namespace pgexpand::ops {
namespace {

struct Arguments {
  sql::Identifier column;
  std::optional<UserExpression> up;  ///< For rows that hold NULL.
};

class SetNotNull final : public TableOperation {
 public:
  SetNotNull(Target target, Arguments arguments)
      : TableOperation(std::move(target)), args_(std::move(arguments)) {}

  void reshape(const catalog::Catalog& catalog,
               Shapes& /*shapes*/,
               Diagnostics& findings) const override {
    (void)find_table(catalog, findings);
  }

  void check(const Situation& situation, Diagnostics& findings) const override {
    (void)is_there(situation, args_.column, findings);
  }

  void probe(const Situation& situation,
             const std::string& prefix,
             catalog::Probes& probes) const override {
    if (args_.up) {
      const auto& here = table(situation.catalog);
      probes.expressions[prefix + "up"] = assigned_to(
          column_meant(situation, args_.column), probe_today(here, *args_.up));
    }
  }

  void plan(const Situation& situation,
            const std::string& prefix,
            Draft& draft,
            Diagnostics& findings) const override {
    const auto& here = table(situation.catalog);
    const auto& column = column_meant(situation, args_.column);
    if (column.not_null && column.not_null_valid &&
        !is_added(situation, args_.column)) {
      findings.warn(
          where(), "column.already-not-null",
          fmt::format("column {} already is NOT NULL", args_.column.name()));
      return;
    }
    if (args_.up &&
        !is_left_alone(situation.shapes.of(here), column.name,
                       "give that operation `nullable: false` and the `up`",
                       findings)) {
      return;
    }
    std::optional<sql::Expression> up;
    if (args_.up) {
      const auto* answer = resolved(situation.answers, prefix + "up",
                                    args_.up->where, allowed(), {}, findings);
      if (answer == nullptr || !reads_no_generated_column(
                                   here, *answer, args_.up->where, findings)) {
        return;
      }
      up = answer->deparsed;
    }
    require_not_null(draft, draft_of(draft, here), situation.shapes.of(here),
                     column, up);
    touch_inputs(draft_of(draft, here), up);
  }

 protected:
  [[nodiscard]] std::vector<catalog::Change> changes_of(
      const catalog::Table& table,
      const Situation& situation,
      const std::string& /*prefix*/) const override {
    return {not_null_change(table, situation, args_.column, true)};
  }

 private:
  Arguments args_;
};

std::unique_ptr<Operation> parse(spec::Fields& fields, Diagnostics& findings) {
  auto target = read_target(fields, findings);
  auto column = fields.required_identifier("column", findings);
  auto up = read_expression(fields, "up", findings);
  fields.reject_unknown(findings);
  if (!target || !column) {
    return nullptr;
  }
  return std::make_unique<SetNotNull>(
      *std::move(target), Arguments{*std::move(column), std::move(up)});
}

constexpr std::array field_rows{
    table_row,
    column_row,
    FieldRow{
        .name = "up",
        .type = FieldType::expression,
        .help = "expression over the row: what to put where there is NULL"},
    allow_row,
};

}  // namespace

extern const OperationType set_not_null;
constinit const OperationType set_not_null = {
    .name = "set_not_null",
    .summary = "Forbid NULL in a column, filling the holes first.",
    .fields = field_rows,
    .parse = parse,
};

}  // namespace pgexpand::ops
