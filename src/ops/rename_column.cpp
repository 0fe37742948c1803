// rename_column: a new name without breaking the clients of the old one.
//
// RENAME COLUMN is metadata only, and at that instant every statement with the
// old name fails. So a column with the new name is filled beside it, both are
// kept equal until contract, and then the old one goes. In a version schema the
// new name is the view's alone, until contract gives it to the column.
#include "ops/carry.hpp"
#include "ops/code_rules.hpp"
#include "ops/field_rows.hpp"
#include "ops/table_operation.hpp"
#include "ops/twin.hpp"

#include <fmt/format.h>

namespace pgexpand::ops {
namespace {

class RenameColumn final : public TableOperation {
 public:
  RenameColumn(Target target, sql::Identifier from, sql::Identifier to)
      : TableOperation(std::move(target)),
        from_(std::move(from)),
        to_(std::move(to)) {}

  void request(catalog::Request& request) const override {
    TableOperation::request(request);
    request.goes.push_back(column_named(from_));
  }

  void reshape(const catalog::Catalog& catalog,
               Shapes& shapes,
               Diagnostics& findings) const override {
    const auto* found = find_table(catalog, findings);
    const auto* column = found == nullptr ? nullptr : found->column(from_);
    if (column == nullptr) {
      return;
    }
    if (!is_free(*found, shapes.of(*found), to_, "choose another name",
                 findings)) {
      return;
    }
    if (!is_left_alone(shapes.of(*found), from_,
                       "rename it in a migration of its own", findings)) {
      return;
    }
    if (shapes.in_views()) {
      shapes.of(*found).rename(*column, to_);
      return;
    }
    if (column->generated) {
      findings.refuse(where(), "column.generated",
                      fmt::format("column {} is generated: it cannot be "
                                  "written, so it cannot be kept in step",
                                  from_.name()),
                      "add a generated column with the new name instead");
      return;
    }
    shapes.of(*found).move(
        {.from = from_, .to = to_, .physical = to_},
        {.name = to_, .physical = to_, .type = column->type.name.text});
  }

  void check(const Situation& situation, Diagnostics& findings) const override {
    (void)is_there_today(situation, from_,
                         "give it its name there, or rename it in a migration "
                         "of its own",
                         findings);
  }

  void probe(const Situation& situation,
             const std::string& /*prefix*/,
             catalog::Probes& probes) const override {
    const auto& here = table(situation.catalog);
    carry_probes(here, situation.shapes.of(here), where(), probes);
  }

  void plan(const Situation& situation,
            const std::string& /*prefix*/,
            Draft& draft,
            Diagnostics& findings) const override {
    const auto& here = table(situation.catalog);
    const auto& column = *here.column(from_);
    miss_name(situation, here, from_, allowed(), where(), draft, findings);
    if (draft.in_views()) {
      plan_name(here, draft);
      return;
    }
    check_dependents(here, column, where(), findings);
    const Twin twin{.table = &here,
                    .column = &column,
                    .shape = &situation.shapes.of(here),
                    .move = *situation.shapes.of(here).move_of(from_),
                    .type = column.type,
                    .collation = column.collation.value_or(""),
                    .up = {from_.quoted()},
                    .down = {to_.quoted()},
                    .default_value = column.default_value,
                    .comment = column.comment,
                    .not_null = column.not_null && column.not_null_valid,
                    .up_is_safe = true,
                    .is_injective = true};
    if (can_be_added(twin, where(), findings)) {
      add_twin(draft, draft_of(draft, here), twin);
    }
  }

 protected:
  [[nodiscard]] std::vector<catalog::Change> changes_of(
      const catalog::Table& table,
      const Situation& situation,
      const std::string& /*prefix*/) const override {
    return {catalog::ColumnRenamed{table.name, from_, to_,
                                   !situation.shapes.in_views()}};
  }

 private:
  void plan_name(const catalog::Table& here, Draft& draft) const {
    auto& pieces = draft_of(draft, here);
    pieces.touched.insert({from_, to_});
    pieces.version.names[from_] = to_;
    Transition& at_contract = draft.at_contract();
    at_contract.lock(here.name, plan::LockMode::access_exclusive);
    at_contract.middle.push_back(sql::Statement::of(
        "ALTER TABLE {} RENAME COLUMN {} TO {}", here.name, from_, to_));
    at_contract.titles.push_back(
        fmt::format("{} takes the name {}", from_.name(), to_.name()));
  }

  sql::Identifier from_, to_;
};

std::unique_ptr<Operation> parse(spec::Fields& fields, Diagnostics& findings) {
  auto target = read_target(fields, findings);
  auto from = fields.required_identifier("from", findings);
  auto to = fields.required_identifier("to", findings);
  fields.reject_unknown(findings);
  if (!target || !from || !to) {
    return nullptr;
  }
  return std::make_unique<RenameColumn>(*std::move(target), *std::move(from),
                                        *std::move(to));
}

constexpr std::array field_rows{
    table_row,
    FieldRow{.name = "from",
             .type = FieldType::name,
             .help = "the name today",
             .required = true},
    FieldRow{.name = "to",
             .type = FieldType::name,
             .help = "the new name",
             .required = true},
    allow_row,
};

}  // namespace

extern const OperationType rename_column;
constinit const OperationType rename_column = {
    .name = "rename_column",
    .summary = "Give a column another name; both work until contract.",
    .fields = field_rows,
    .parse = parse,
};

}  // namespace pgexpand::ops
