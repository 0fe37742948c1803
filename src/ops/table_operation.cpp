#include "ops/table_operation.hpp"

#include "ops/rights.hpp"
#include "pgexpand/base/assert.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace pgexpand::ops {

std::optional<Target> read_target(spec::Fields& fields, Diagnostics& findings) {
  auto table = fields.required_table("table", findings);
  const Allowed allowed = read_allow(fields, findings);
  if (!table) {
    return std::nullopt;
  }
  return Target{.where = fields.where(),
                .table = *std::move(table),
                .table_where = fields.where("table"),
                .allowed = allowed};
}

const catalog::Table* TableOperation::find_table(
    const catalog::Catalog& catalog, Diagnostics& findings) const {
  const catalog::Table* found = catalog.table(target_.table);
  if (found == nullptr) {
    findings.error(
        target_.table_where, "catalog.unknown-table",
        fmt::format("table {} does not exist", target_.table.display()),
        "check the name and its schema; without one the connection's "
        "search_path is used");
    return nullptr;
  }
  check_rights(*found, catalog, target_.table_where, findings);
  check_partitions(*found, use(), target_.table_where, findings);
  return found;
}

const catalog::Table& TableOperation::table(
    const catalog::Catalog& catalog) const {
  const catalog::Table* found = catalog.table(target_.table);
  PGEXPAND_ASSERT(found != nullptr);
  return *found;
}

std::vector<catalog::Change> TableOperation::changes(
    const Situation& situation, const std::string& prefix) const {
  const catalog::Table* here = situation.catalog.table(target_.table);
  return here == nullptr ? std::vector<catalog::Change>{}
                         : changes_of(*here, situation, prefix);
}

bool TableOperation::is_there(const Situation& situation,
                              const sql::Identifier& column,
                              Diagnostics& findings) const {
  const catalog::Table* table = situation.catalog.table(target_.table);
  if (table == nullptr) {
    return false;  // reshape() said so
  }
  const catalog::Table& after = *situation.after.table(table->name);
  if (table->column(column) != nullptr || after.column(column) != nullptr) {
    return true;
  }
  std::vector<std::string> names;
  for (const auto& candidate : table->columns) {
    names.push_back(candidate.name.name());
  }
  for (const auto& candidate : after.columns) {
    names.push_back(candidate.name.name());
  }
  const auto nearest = spec::did_you_mean(column.name(), names);
  findings.error(target_.where, "catalog.unknown-column",
                 fmt::format("column {} of table {} does not exist",
                             column.name(), table->name.display()),
                 nearest
                     ? fmt::format("did you mean {}?", *nearest)
                     : "names are taken as they stand, without case folding");
  return false;
}

bool TableOperation::is_there_today(const Situation& situation,
                                    const sql::Identifier& column,
                                    std::string hint,
                                    Diagnostics& findings) const {
  if (!is_there(situation, column, findings)) {
    return false;
  }
  const catalog::Table& here = table(situation.catalog);
  if (here.column(column) != nullptr) {
    return true;
  }
  findings.error(target_.where, "column.moved-twice",
                 fmt::format("column {} of {} comes from another operation of "
                             "this migration",
                             column.name(), here.name.display()),
                 std::move(hint));
  return false;
}

const catalog::Column& TableOperation::column_meant(
    const Situation& situation, const sql::Identifier& column) const {
  const catalog::Table& here = table(situation.catalog);
  const auto* found = here.column(column);
  if (found == nullptr) {
    found = here.column(situation.shapes.of(here).today(column));
  }
  if (found == nullptr) {
    found = situation.after.table(here.name)->column(column);
  }
  PGEXPAND_ASSERT(found != nullptr);
  return *found;
}

bool TableOperation::is_added(const Situation& situation,
                              const sql::Identifier& column) const {
  const catalog::Table& here = table(situation.catalog);
  return here.column(column) == nullptr &&
         here.column(situation.shapes.of(here).today(column)) == nullptr;
}

bool TableOperation::is_free(const catalog::Table& table,
                             const TableShape& shape,
                             const sql::Identifier& column,
                             std::string hint,
                             Diagnostics& findings) const {
  constexpr std::array system_names{"tableoid", "xmin", "cmin",
                                    "xmax",     "cmax", "ctid"};
  if (std::ranges::find(system_names, column.name()) != system_names.end()) {
    findings.error(
        target_.where, "column.system-name",
        fmt::format("every table has a system column {}", column.name()),
        "choose another name");
    return false;
  }
  if (table.column(column) != nullptr || shape.column(column) != nullptr) {
    findings.error(target_.where, "catalog.column-exists",
                   fmt::format("column {} of table {} exists already",
                               column.name(), table.name.display()),
                   std::move(hint));
    return false;
  }
  return true;
}

bool TableOperation::is_left_alone(const TableShape& shape,
                                   const sql::Identifier& column,
                                   std::string hint,
                                   Diagnostics& findings) const {
  if (shape.move_of(column) == nullptr && shape.column(column) != nullptr) {
    return true;
  }
  findings.error(target_.where, "column.moved-twice",
                 fmt::format("column {} is changed by another operation of "
                             "this migration",
                             column.name()),
                 std::move(hint));
  return false;
}

TableDraft& TableOperation::draft_of(Draft& draft,
                                     const catalog::Table& table) const {
  TableDraft& result = draft.table(table);
  if (result.where.line == 0) {
    result.where = target_.where;
  }
  result.allow_user_triggers =
      result.allow_user_triggers || target_.allowed.user_triggers;
  result.allow_published = result.allow_published || target_.allowed.published;
  result.allow_column_order =
      result.allow_column_order || target_.allowed.column_order;
  return result;
}

catalog::ExpressionProbe TableOperation::probe_today(
    const catalog::Table& table, const UserExpression& expression) const {
  return {.text = expression.text,
          .table = table.name,
          .columns = TableShape::scope_today(table),
          .sample = true,
          .is_for_ddl = is_for_ddl(expression),
          .where = expression.where};
}

catalog::ExpressionProbe TableOperation::probe_after(
    const catalog::Table& table,
    const TableShape& shape,
    const UserExpression& expression) const {
  return {.text = expression.text,
          .table = table.name,
          .columns = shape.scope(),
          .is_for_ddl = is_for_ddl(expression),
          .where = expression.where};
}

bool reads_no_generated_column(const catalog::Table& table,
                               const catalog::ExpressionAnswer& answer,
                               const Location& where,
                               Diagnostics& findings) {
  for (const auto& name : sql::columns_of(answer.deparsed.text)) {
    const auto* column = table.column(name);
    if (column != nullptr && column->generated) {
      findings.error(where, "expression.generated-column",
                     fmt::format("column {} is generated: a BEFORE trigger "
                                 "does not see its value yet",
                                 name.name()),
                     fmt::format("write what it is generated from: {}",
                                 column->generated->text));
      return false;
    }
  }
  return true;
}

catalog::Change not_null_change(const catalog::Table& table,
                                const Situation& situation,
                                const sql::Identifier& column,
                                bool not_null) {
  return catalog::NullabilityChanged{
      table.name, situation.shapes.of(table).renamed(column), not_null};
}

catalog::ExpressionProbe assigned_to(const catalog::Column& column,
                                     catalog::ExpressionProbe probe) {
  probe.target_type = column.type.name.text;
  probe.target_is_user_type = column.type.oid == 0;
  return probe;
}

void touch_inputs(TableDraft& pieces,
                  const std::optional<sql::Expression>& expression,
                  const TableShape* shape) {
  if (!expression) {
    return;
  }
  for (const sql::Identifier& name : sql::columns_of(expression->text)) {
    pieces.touched.insert(shape == nullptr ? name : shape->today(name));
  }
}

namespace {

sql::ColumnMap physical_names(const TableShape* shape) {
  if (shape == nullptr) {
    return {};
  }
  return [shape](const sql::Identifier& name) {
    return std::optional(shape->physical(name));
  };
}

}  // namespace

sql::Expression over_row(const sql::Expression& expression,
                         const TableShape* shape) {
  return sql::rewrite_columns(expression, "t", physical_names(shape));
}

sql::Expression bare(const sql::Expression& expression,
                     const TableShape* shape) {
  return sql::rewrite_columns(expression, "", physical_names(shape));
}

sql::Expression as_written(const UserExpression& expression) {
  // A comment at its end would take what follows along.
  const bool may_end_in_comment =
      expression.text.find("--") != std::string::npos;
  return {may_end_in_comment ? expression.text + "\n" : expression.text, true};
}

std::optional<sql::Expression> for_ddl(const UserExpression& expression,
                                       const TableShape& shape,
                                       Diagnostics& findings) {
  const auto written = as_written(expression);
  if (shape.names_before().empty()) {
    return written;
  }
  if (sql::can_read(written.text)) {
    auto renamed = bare(written, &shape);
    renamed.is_users = true;
    return renamed;
  }
  findings.error(
      expression.where, "sql.unreadable",
      fmt::format("the built-in grammar of PostgreSQL {} cannot read `{}`, and "
                  "columns of this table have other names until contract",
                  sql::grammar_version(), expression.text),
      "do it in a migration of its own");
  return std::nullopt;
}

bool is_never_null(const catalog::Table& table,
                   const sql::Expression& expression) {
  // From 18 on jsonb's null becomes NULL when it is cast.
  const bool casts_may_lose = !sql::is_plain_column(expression.text);
  constexpr std::uint32_t jsonb = 3802;
  return sql::never_null(expression.text, [&](const sql::Identifier& name) {
    const auto* column = table.column(name);
    return column == nullptr || !column->not_null || !column->not_null_valid ||
           (casts_may_lose && column->type.base_oid == jsonb);
  });
}

}  // namespace pgexpand::ops
