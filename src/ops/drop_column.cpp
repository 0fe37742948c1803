// drop_column: takes a column away once no code uses it.
//
// DROP COLUMN is metadata only, but it silently takes along every index, CHECK
// and statistics object that mentions the column, and fails on views and the
// like. New code must be able to leave the column out before it goes: where it
// is NOT NULL without a default, a trigger supplies `down`.
#include "ops/carry.hpp"
#include "ops/code_rules.hpp"
#include "ops/field_rows.hpp"
#include "ops/table_operation.hpp"
#include "ops/twin.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

class DropColumn final : public TableOperation {
 public:
  DropColumn(Target target,
             sql::Identifier column,
             std::optional<UserExpression> down)
      : TableOperation(std::move(target)),
        column_(std::move(column)),
        down_(std::move(down)) {}

  void request(catalog::Request& request) const override {
    TableOperation::request(request);
    request.goes.push_back(column_named(column_));
  }

  void reshape(const catalog::Catalog& catalog,
               Shapes& shapes,
               Diagnostics& findings) const override {
    const auto* found = find_table(catalog, findings);
    const auto* column = found == nullptr ? nullptr : found->column(column_);
    if (column == nullptr) {
      return;
    }
    if (!is_left_alone(shapes.of(*found), column_,
                       "drop it in a migration of its own", findings)) {
      return;
    }
    const bool is_fed =
        column->default_value || column->identity || column->generated || down_;
    if (column->not_null && !is_fed) {
      findings.error(where(), "column.needs-down",
                     fmt::format("column {} is NOT NULL without a default: new "
                                 "code that leaves it out would fail",
                                 column_.name()),
                     "add `down`, the value old code is to see");
    }
    shapes.of(*found).remove(column_);
  }

  void check(const Situation& situation, Diagnostics& findings) const override {
    (void)is_there_today(situation, column_,
                         "leave that operation out, or drop the column in a "
                         "migration of its own",
                         findings);
  }

  void probe(const Situation& situation,
             const std::string& prefix,
             catalog::Probes& probes) const override {
    if (down_) {
      const auto& here = table(situation.catalog);
      auto probe = probe_after(here, situation.shapes.of(here), *down_);
      probe.target_type = here.column(column_)->type.name.text;
      probes.expressions[prefix + "down"] = std::move(probe);
    }
  }

  void plan(const Situation& situation,
            const std::string& prefix,
            Draft& draft,
            Diagnostics& findings) const override {
    const auto& here = table(situation.catalog);
    const auto& column = *here.column(column_);
    check_goes(here, column, findings);
    miss_name(situation, here, column_, allowed(), where(), draft, findings);
    auto& pieces = draft_of(draft, here);
    pieces.touched.insert(column_);
    draft.claims().drops(here.name, column_);
    pieces.version.gone.insert(column_);
    if (down_) {
      const auto* answer = resolved(situation.answers, prefix + "down",
                                    down_->where, allowed(), {}, findings);
      if (answer == nullptr) {
        return;
      }
      const auto& shape = situation.shapes.of(here);
      supply(pieces, shape, column, answer->deparsed);
      touch_inputs(pieces, answer->deparsed, &shape);
    }
    Transition& at_contract = draft.at_contract();
    at_contract.lock(here.name, plan::LockMode::access_exclusive);
    for (const auto& key : here.constraints) {
      if (key.kind == catalog::ConstraintKind::foreign_key &&
          std::ranges::find(key.columns, column_) != key.columns.end()) {
        at_contract.lock(key.references_table,
                         plan::LockMode::access_exclusive);
      }
    }
    at_contract.middle.push_back(sql::Statement::of(
        "ALTER TABLE {} DROP COLUMN {}", here.name, column_));
    at_contract.titles.push_back(fmt::format("drop column {}", column_.name()));
  }

 protected:
  [[nodiscard]] std::vector<catalog::Change> changes_of(
      const catalog::Table& table,
      const Situation& /*situation*/,
      const std::string& /*prefix*/) const override {
    return {catalog::ColumnDropped{table.name, column_}};
  }

 private:
  /// `down` reads the new shape, whose columns have other names before the
  /// switch than after it.
  static void supply(TableDraft& pieces,
                     const TableShape& shape,
                     const catalog::Column& column,
                     const sql::Expression& down) {
    SyncFill before{
        {.column = column.name, .type = column.type, .value = down}};
    SyncFill after = before;
    before.assignment.renamed = shape.names_before();
    after.assignment.renamed = shape.names_between();
    pieces.sync_before.fills.push_back(before);
    pieces.sync_after.fills.push_back(after);
    pieces.sync_titles.push_back(
        fmt::format("sync trigger: {} := {} where new code leaves it out",
                    column.name.name(), bare(down).text));
  }

  /// What DROP COLUMN refuses is a refusal now; what it takes along silently
  /// is a warning.
  void check_goes(const catalog::Table& here,
                  const catalog::Column& column,
                  Diagnostics& findings) const {
    if (refuse_if_partition_key(here, column, "drop", where(), findings)) {
      return;
    }
    std::vector<std::string> gone;
    for (const auto& dependent : column.dependents) {
      if (goes_with_column(dependent)) {
        gone.push_back(dependent.identity);
        continue;
      }
      if (dependent.kind == "partitioned foreign key") {
        continue;  // one of referenced_by, below
      }
      findings.refuse(
          where(), "column.has-dependents",
          fmt::format("{} depends on column {} of {}", dependent.identity,
                      column_.name(), here.name.display()),
          fmt::format("drop the {} first", dependent.kind));
    }
    const auto reads = [&](const std::vector<sql::Identifier>& columns) {
      return std::ranges::find(columns, column_) != columns.end();
    };
    for (const auto& key : here.referenced_by) {
      if (reads(key.references_columns)) {
        findings.refuse(
            where(), "column.is-referenced",
            fmt::format("foreign key {} of {} refers to column {}",
                        key.name.name(), key.table.display(), column_.name()),
            "drop the foreign key first");
      }
    }
    for (const auto& index : here.indexes) {
      if (reads(index.reads)) {
        gone.push_back(fmt::format("index {}", index.name.name.name()));
      }
    }
    for (const auto& constraint : here.constraints) {
      if (constraint.kind == catalog::ConstraintKind::check &&
          reads(constraint.columns)) {
        gone.push_back(fmt::format("check {}", constraint.name.name()));
      } else if (constraint.kind == catalog::ConstraintKind::foreign_key &&
                 reads(constraint.columns)) {
        gone.push_back(fmt::format("foreign key {} to {}",
                                   constraint.name.name(),
                                   constraint.references_table.display()));
      }
    }
    for (const auto& statistics : here.statistics) {
      if (reads(statistics.reads)) {
        gone.push_back(
            fmt::format("statistics {}", statistics.name.name.name()));
      }
    }
    if (!gone.empty()) {
      findings.warn(where(), "column.takes-along",
                    fmt::format("contract drops with column {}: {}",
                                column_.name(), fmt::join(gone, ", ")),
                    "create what you still need without the column first");
    }
  }

  sql::Identifier column_;
  std::optional<UserExpression> down_;
};

std::unique_ptr<Operation> parse(spec::Fields& fields, Diagnostics& findings) {
  auto target = read_target(fields, findings);
  auto column = fields.required_identifier("column", findings);
  auto down = read_expression(fields, "down", findings);
  fields.reject_unknown(findings);
  if (!target || !column) {
    return nullptr;
  }
  return std::make_unique<DropColumn>(*std::move(target), *std::move(column),
                                      std::move(down));
}

constexpr std::array field_rows{
    table_row,
    column_row,
    FieldRow{.name = "down",
             .type = FieldType::expression,
             .help = "expression over the new row: what old code is to see"},
    allow_row,
};

}  // namespace

extern const OperationType drop_column;
constinit const OperationType drop_column = {
    .name = "drop_column",
    .summary =
        "Drop a column in contract; `down` feeds old readers until then.",
    .fields = field_rows,
    .parse = parse,
};

}  // namespace pgexpand::ops
