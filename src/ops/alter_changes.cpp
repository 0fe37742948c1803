#include "ops/alter_changes.hpp"

#include "ops/column_rules.hpp"
#include "ops/identity.hpp"
#include "ops/new_column_changes.hpp"
#include "ops/table_operation.hpp"

namespace pgexpand::ops {
namespace {

using catalog::Change;
using sql::Identifier;

/// The default after the change; none: it stays what it is.
std::optional<std::optional<sql::Expression>> default_after(
    const AlterFields& fields,
    const catalog::Column& today,
    const catalog::Type& type,
    bool is_twin,
    const catalog::Answers& answers,
    const std::string& prefix) {
  if (fields.default_value) {
    const auto& value = *fields.default_value;
    return value
               ? std::optional(written_out(answers, prefix + "default", *value))
               : std::optional<sql::Expression>{};
  }
  const auto plain = answers.expressions.find(prefix + "default as it is");
  if (fields.carries_default(today, is_twin) &&
      plain != answers.expressions.end()) {
    return carried_default(plain->second, today, type);
  }
  return std::nullopt;
}

}  // namespace

std::vector<Change> changes_of(const AlterFields& fields,
                               const catalog::Table& table,
                               const catalog::Column* today,
                               const Situation& situation,
                               const std::string& prefix) {
  std::vector<Change> changes;
  const auto& answers = situation.answers;
  const Identifier name = today == nullptr
                              ? fields.column
                              : situation.shapes.of(table).renamed(today->name);
  if (fields.check) {
    changes.push_back(added_check(*fields.check, fields.column, table.name,
                                  answers, prefix + "check"));
  }
  if (today == nullptr) {
    return changes;
  }
  const TypeChange change = fields.type_change(
      situation.catalog, situation.shapes.of(table), table, *today);
  const bool is_twin = change == TypeChange::rewrite;
  catalog::Type type = today->type;
  if (change != TypeChange::none) {
    type = type_or_text(answers, prefix + "type", *fields.type);
    catalog::ColumnRetyped retyped_column{
        .table = table.name, .column = name, .type = type, .by_twin = is_twin};
    if (type.is_collatable) {
      retyped_column.collation = today->collation;
    }
    if (today->sequence) {
      retyped_column.sequence = retyped(*today->sequence, type.name.text);
    }
    changes.emplace_back(std::move(retyped_column));
  }
  if (fields.nullable) {
    changes.emplace_back(
        catalog::NullabilityChanged{table.name, name, !*fields.nullable});
  }
  if (auto value =
          default_after(fields, *today, type, is_twin, answers, prefix)) {
    changes.emplace_back(
        catalog::DefaultChanged{table.name, name, *std::move(value)});
  }
  if (fields.comment) {
    changes.emplace_back(
        catalog::CommentChanged{table.name, name, *fields.comment});
  }
  return changes;
}

void give_default(const AlterFields& fields,
                  const Situation& situation,
                  const std::string& prefix,
                  const catalog::ExpressionAnswer* value,
                  Twin& twin) {
  const auto& answers = situation.answers.expressions;
  if (value != nullptr) {
    twin.carries_default = fields.carries_default(*twin.column, true);
    twin.default_value =
        twin.carries_default
            ? carried_default(answers.at(prefix + "default as it is"),
                              *twin.column, twin.type)
            : value->deparsed;
    twin.default_ddl = twin.carries_default
                           ? *twin.default_value
                           : as_written(**fields.default_value);
  }
  twin.default_is_constant = gives_one_value(answers, prefix + "default");
  twin.old_default_is_constant =
      gives_one_value(answers, prefix + "default today");
}

}  // namespace pgexpand::ops
