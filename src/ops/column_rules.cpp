#include "ops/column_rules.hpp"

#include "ops/comparator.hpp"
#include "ops/enforce.hpp"
#include "ops/not_null_name.hpp"
#include "ops/table_operation.hpp"
#include "pgexpand/sql/own_names.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>

namespace pgexpand::ops {
namespace {

using plan::LockMode;
using plan::Phase;
using sql::Expression;
using sql::Identifier;
using sql::Statement;

Expression is_null(const Identifier& column) {
  return sql::compose("t.{} IS NULL", column);
}

void fill_holes(TableDraft& table,
                const catalog::Column& column,
                const Identifier& physical,
                const Expression& up) {
  const SyncFill fill{{.column = physical, .type = column.type, .value = up}};
  table.sync_before.fills.push_back(fill);
  table.sync_after.fills.push_back(
      {{.column = column.name, .type = column.type, .value = up}});
  table.sync_titles.push_back(
      fmt::format("sync trigger {} -> {} where it is NULL", bare(up).text,
                  column.name.name()));
  const Expression value = over_row(up);
  table.fills.push_back(
      {.assignment = {physical, value},
       .type = column.type,
       .pending =
           sql::compose("t.{} IS NULL AND ({}) IS NOT NULL", physical, value),
       .is_in_place = true});
}

plan::Comparison no_nulls(const Identifier& physical,
                          const std::optional<Expression>& up) {
  plan::Comparison comparison = ops::no_nulls(physical);
  if (up) {
    comparison.repair = plan::Assignment{physical, over_row(*up)};
  }
  return comparison;
}

}  // namespace

void require_not_null(Draft& draft,
                      TableDraft& table,
                      const TableShape& shape,
                      const catalog::Column& column,
                      const std::optional<Expression>& up) {
  const Identifier name = shape.renamed(column.name);
  const Identifier after = shape.between(name);
  const Identifier physical = shape.physical(name);
  table.touched.insert(column.name);
  draft.claims().writes(table.table->name, column.name);
  // A failing `up` gives NULL, and must not fail old code's write.
  const bool is_certain =
      up && is_never_null(*table.table, *up) && sql::cannot_fail(up->text);
  if (up) {
    draft.claims().claim(fill_claim(table.table->name, column.name));
    fill_holes(table, column, physical, *up);
    draft.stays(fmt::format("the values filled into {}", column.name.name()));
  }
  table.before_switch.push_back(no_nulls(physical, up));
  table.after_switch.push_back(no_nulls(after));
  if (!up) {
    draft.visible(fmt::format("an old client's NULL in {} is rejected",
                              column.name.name()));
  }
  const bool at_switch = is_certain || !up;
  enforce_not_null(draft, *table.table,
                   {.column = at_switch ? physical : after,
                    .phase = at_switch ? Phase::switch_over : Phase::contract,
                    .column_is_new = physical != column.name});
}

std::vector<plan::Undo> restore_not_null(
    const sql::TableName& name,
    const Identifier& column,
    const catalog::Constraint* old,
    const std::optional<Expression>& down) {
  const Identifier check = sql::not_null_check_name(column);
  const std::vector<plan::TableLock> strong{{name, LockMode::access_exclusive}};
  std::vector<plan::Undo> undo;
  if (down) {
    const Expression value = over_row(*down);
    undo.push_back(
        {.title = fmt::format("fill NULLs of {} again", column.name()),
         .locks = {{name, LockMode::row_exclusive}},
         .budget = plan::Budget::unlimited,
         .action = plan::BackfillRows{
             .table = name,
             .assign = {{column, value}},
             .pending = sql::compose("t.{} IS NULL AND ({}) IS NOT NULL",
                                     column, value),
             .until_clean = true}});
  }
  undo.push_back(
      {.title = fmt::format("forbid NULL in {} again", column.name()),
       .locks = strong,
       .action = plan::RunSql{
           {Statement::of("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", name,
                          check),
            Statement::of("ALTER TABLE {} ADD CONSTRAINT {} CHECK ({} IS NOT "
                          "NULL) NOT VALID",
                          name, check, column)}}});
  undo.push_back({.title = fmt::format("prove {} holds no NULL", column.name()),
                  .locks = {{name, LockMode::share_update_exclusive}},
                  .budget = plan::Budget::unlimited,
                  .action = plan::RunSql{{Statement::of(
                      "ALTER TABLE {} VALIDATE CONSTRAINT {}", name, check)}}});
  std::vector<Statement> set{
      make_not_null(name, column,
                    old == nullptr ? std::nullopt : std::optional(old->name)),
      Statement::of("ALTER TABLE {} DROP CONSTRAINT {}", name, check)};
  if (old != nullptr && old->comment) {
    set.push_back(comment_on_constraint(*old));
  }
  undo.push_back({.title = fmt::format("make {} NOT NULL again", column.name()),
                  .locks = strong,
                  .action = plan::RunSql{std::move(set)}});
  return undo;
}

void allow_null(Draft& draft,
                TableDraft& table,
                const TableShape& shape,
                const catalog::Column& column,
                const std::optional<Expression>& down) {
  const sql::TableName& name = table.table->name;
  table.touched.insert(column.name);
  draft.claims().writes(name, column.name);
  draft.claims().claim(not_null_claim(name, column.name));
  draft.step(
      {.title = fmt::format("allow NULL in {}", column.name.name()),
       .phase = Phase::switch_over,
       .locks = {{name, LockMode::access_exclusive}},
       .action = plan::RunSql{{Statement::of(
           "ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL", name, column.name)}},
       .undo = restore_not_null(
           name, column.name, not_null_of(*table.table, column.name),
           down ? std::optional(bare(*down, &shape)) : std::nullopt)});
  if (!down) {
    draft.gate({.count = Statement::of("SELECT count(*) FROM {} AS t WHERE {}",
                                       name, is_null(column.name)),
                .code = "rollback.holes",
                .message = fmt::format("{{}} rows of {} hold NULL in {}",
                                       name.display(), column.name.name()),
                .hint = "fill them first, or give the operation a `down`",
                .since = Phase::switch_over});
  }
}

bool is_constraint_free(const catalog::Table& table,
                        const Identifier& name,
                        const Location& where,
                        Diagnostics& findings) {
  if (table.constraint(name) == nullptr) {
    return true;
  }
  findings.error(where, "catalog.name-taken",
                 fmt::format("constraint {} of {} exists already", name.name(),
                             table.name.display()),
                 "give the new one another `name`");
  return false;
}

void add_check(Draft& draft,
               const catalog::Table& table,
               const Identifier& name,
               const CheckCondition& condition,
               const Location& where,
               Diagnostics& findings) {
  if (!is_constraint_free(table, name, where, findings)) {
    return;
  }
  enforce_constraint(draft,
                     {.table = table.name,
                      .name = name,
                      .definition = sql::compose("CHECK ({})", condition.ddl),
                      .title = fmt::format("check {}", name.name())});
  draft.table(table).before_switch.push_back(
      {.title = fmt::format("check {}", name.name()),
       .differs = sql::compose("({}) IS FALSE", condition.over_row)});
  draft.visible(
      fmt::format("check {} rejects what old code may write", name.name()));
}

bool is_free_of_constraints(const catalog::Type& type,
                            const Location& where,
                            Diagnostics& findings) {
  if (!type.domain_has_constraints) {
    return true;
  }
  findings.refuse(where, "column.constrained-domain",
                  fmt::format("domain {} has constraints: adding such a column "
                              "rewrites the table under ACCESS EXCLUSIVE",
                              type.name.text),
                  "use the domain's base type and a `check`");
  return false;
}

Expression carried_default(const catalog::ExpressionAnswer& plain,
                           const catalog::Column& column,
                           const catalog::Type& type) {
  return !plain.finding && plain.assignable
             ? *column.default_value
             : sql::compose("CAST({} AS {})", *column.default_value, type.name);
}

Statement set_default(const sql::TableName& table,
                      const Identifier& column,
                      const std::optional<Expression>& value) {
  if (!value) {
    return Statement::of("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT", table,
                         column);
  }
  return Statement::of("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}", table,
                       column, *value);
}

Statement comment_on_column(const sql::TableName& table,
                            const Identifier& column,
                            const std::optional<std::string>& comment) {
  if (!comment) {
    return Statement::of("COMMENT ON COLUMN {}.{} IS NULL", table, column);
  }
  return Statement::of("COMMENT ON COLUMN {}.{} IS {}", table, column,
                       sql::Literal{*comment});
}

bool may_change_default(const catalog::Column& column,
                        const Location& where,
                        Diagnostics& findings) {
  if (column.identity || column.generated) {
    findings.error(where, "column.no-default",
                   fmt::format("column {} is an identity or generated column",
                               column.name.name()),
                   "it cannot have a default");
    return false;
  }
  for (const auto& dependent : column.dependents) {
    if (dependent.kind == "partition's default") {
      findings.refuse(
          where, "column.has-dependents",
          fmt::format("{} is a partition's or child's own, and would be lost",
                      dependent.identity),
          "give it the default of the whole table first");
      return false;
    }
  }
  return true;
}

namespace {

/// What an old client's INSERT that leaves the column out notices.
std::optional<std::string> change_of_default(
    const catalog::Column& column, const std::optional<DefaultValue>& value) {
  const std::string& name = column.name.name();
  if (!value && column.default_value) {
    return column.not_null
               ? fmt::format(
                     "an old client's INSERT that leaves out {} is "
                     "rejected: it has no default any more",
                     name)
               : fmt::format(
                     "an old client's INSERT that leaves out {} gets "
                     "NULL: it has no default any more",
                     name);
  }
  if (value && column.default_value != value->deparsed) {
    return fmt::format(
        "an old client's INSERT that leaves out {} gets another "
        "value",
        name);
  }
  return std::nullopt;
}

}  // namespace

void change_default(Draft& draft,
                    TableDraft& table,
                    const TableShape& shape,
                    const catalog::Column& column,
                    const std::optional<DefaultValue>& value) {
  const auto ddl = value ? std::optional(value->ddl) : std::nullopt;
  table.touched.insert(column.name);
  const sql::TableName& name = table.table->name;
  draft.claims().writes(name, column.name);
  draft.claims().claim(fmt::format("the default of column {} of {}",
                                   column.name.name(), name.display()));
  const bool in_views = draft.in_views();
  auto& transition = in_views ? draft.at_contract() : draft.at_switch();
  transition.lock(name, LockMode::access_exclusive);
  if (in_views) {  // the old version keeps the table's own until then
    table.version.defaults[shape.renamed(column.name)] =
        value ? std::optional(value->deparsed) : std::nullopt;
    transition.first.push_back(set_default(name, column.name, ddl));
  } else {
    transition.last.push_back(set_default(name, column.name, ddl));
    transition.undo_first(
        {set_default(name, column.name, column.default_value)});
    if (const auto noticed = change_of_default(column, value)) {
      draft.visible(*noticed);
    }
  }
  transition.titles.push_back(
      value ? fmt::format("default of {}: {}", column.name.name(), ddl->text)
            : fmt::format("drop the default of {}", column.name.name()));
}

void change_comment(Draft& draft,
                    TableDraft& table,
                    const catalog::Column& column,
                    const std::optional<std::string>& comment) {
  auto& transition = draft.at_switch();
  const sql::TableName& name = table.table->name;
  draft.claims().writes(name, column.name);
  draft.claims().claim(fmt::format("the comment on column {} of {}",
                                   column.name.name(), name.display()));
  transition.lock(name, LockMode::share_update_exclusive);
  transition.last.push_back(comment_on_column(name, column.name, comment));
  transition.undo_first({comment_on_column(name, column.name, column.comment)});
  transition.titles.push_back(fmt::format("comment on {}", column.name.name()));
}

}  // namespace pgexpand::ops
