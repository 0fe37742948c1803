#include "ops/new_column_changes.hpp"

#include "ops/enforce.hpp"
#include "ops/identity.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

using catalog::Change;
using sql::Identifier;
using sql::TableName;

catalog::Column column_of(const NewColumn& wanted,
                          const catalog::Table& table,
                          const catalog::Answers& answers,
                          const std::string& prefix) {
  catalog::Column column{
      .name = wanted.name,
      .type = type_or_text(answers, prefix + "type", wanted.type),
      .not_null = !wanted.nullable || wanted.identity,
      .identity = wanted.identity,
      .comment = wanted.comment,
      .is_projected = true};
  column.storage = column.type_storage = column.type.storage;
  if (wanted.default_value) {
    column.default_value =
        written_out(answers, prefix + "default", *wanted.default_value);
  }
  if (wanted.generated) {
    column.generated =
        written_out(answers, prefix + "generated", *wanted.generated);
  }
  if (wanted.identity) {
    column.sequence =
        retyped({.name = identity_sequence_name(table.name, wanted.name),
                 .type = "bigint",
                 .minimum = 1,
                 .maximum = std::numeric_limits<std::int64_t>::max()},
                column.type.name.text);
  }
  const auto type = answers.types.find(prefix + "type");
  if (type != answers.types.end() && !type->second.collation.empty()) {
    column.collation = type->second.collation;
  }
  return column;
}

void add_unique(const NewColumn& wanted,
                const catalog::Table& table,
                const Situation& situation,
                std::vector<Change>& changes) {
  const auto name =
      unique_name(wanted, table.name, [&](const TableName& candidate) {
        return situation.after.is_name_taken(candidate);
      });
  changes.emplace_back(catalog::IndexAdded{table.name,
                                           {.name = name,
                                            .method = "btree",
                                            .keys = {{.column = wanted.name}},
                                            .is_unique = true,
                                            .constraint = name.name}});
  changes.emplace_back(catalog::ConstraintAdded{
      {.name = name.name,
       .table = table.name,
       .kind = catalog::ConstraintKind::unique,
       .columns = {wanted.name},
       .definition = fmt::format("UNIQUE ({})", wanted.name),
       .index = name}});
}

/// The index that a foreign key to this column relies on.
std::optional<TableName> key_index(const catalog::Table& parent,
                                   const Identifier& column) {
  const auto found =
      std::ranges::find_if(parent.indexes, [&](const catalog::Index& index) {
        return index.is_unique && !index.predicate && index.keys.size() == 1 &&
               index.keys.front().column == column;
      });
  return found == parent.indexes.end() ? std::nullopt
                                       : std::optional(found->name);
}

void add_reference(const NewColumn& wanted,
                   const catalog::Table& table,
                   const Situation& situation,
                   std::vector<Change>& changes) {
  const ReferenceFields& fields = *wanted.references;
  const auto* parent = situation.catalog.table(fields.table);
  const auto* key = parent == nullptr ? nullptr : parent->primary_key();
  if (parent == nullptr || (!fields.column && key == nullptr)) {
    return;  // plan() says so
  }
  const TableShape& shape = situation.shapes.of(*parent);
  const Identifier target =
      fields.column ? *fields.column : shape.renamed(key->columns.front());
  catalog::Constraint constraint{
      .name = reference_name(wanted, table.name),
      .table = table.name,
      .kind = catalog::ConstraintKind::foreign_key,
      .columns = {wanted.name},
      .references_table = parent->name,
      .references_columns = {target},
      .on_update = fields.on_update,
      .on_delete = fields.on_delete,
      .index = key_index(*parent, shape.today(target))};
  constraint.definition = foreign_key_definition(constraint).text;
  changes.emplace_back(catalog::ConstraintAdded{std::move(constraint)});
}

}  // namespace

Identifier check_name(const CheckFields& check,
                      const TableName& table,
                      const Identifier& column) {
  return check.name.value_or(Identifier(sql::shorten_name(
      fmt::format("{}_{}_check", table.name.name(), column.name()))));
}

TableName unique_name(const NewColumn& column,
                      const TableName& table,
                      const NameIsTaken& is_taken) {
  if (column.unique->name) {
    return {table.schema, *column.unique->name};
  }
  const std::string base =
      fmt::format("{}_{}_key", table.name.name(), column.name.name());
  TableName name{table.schema, Identifier(sql::shorten_name(base))};
  for (int n = 1; is_taken(name); ++n) {
    name.name = Identifier(sql::shorten_name(fmt::format("{}{}", base, n)));
  }
  return name;
}

Identifier reference_name(const NewColumn& column, const TableName& table) {
  return column.references->name.value_or(Identifier(sql::shorten_name(
      fmt::format("{}_{}_fkey", table.name.name(), column.name.name()))));
}

Change added_check(const CheckFields& check,
                   const Identifier& column,
                   const TableName& table,
                   const catalog::Answers& answers,
                   const std::string& key) {
  const auto condition = written_out(answers, key, check.expression);
  return catalog::ConstraintAdded{
      {.name = check_name(check, table, column),
       .table = table,
       .columns = sql::can_read(condition.text)
                      ? sql::columns_of(condition.text)
                      : std::vector<Identifier>{column},
       .expression = condition,
       .definition = fmt::format("CHECK ({})", condition)}};
}

std::vector<Change> changes_of(const NewColumn& column,
                               const catalog::Table& table,
                               const Situation& situation,
                               const std::string& prefix) {
  std::vector<Change> changes{catalog::ColumnAdded{
      table.name, column_of(column, table, situation.answers, prefix)}};
  if (column.check) {
    changes.push_back(added_check(*column.check, column.name, table.name,
                                  situation.answers, prefix + "check"));
  }
  if (column.unique) {
    add_unique(column, table, situation, changes);
  }
  if (column.references) {
    add_reference(column, table, situation, changes);
  }
  return changes;
}

}  // namespace pgexpand::ops
