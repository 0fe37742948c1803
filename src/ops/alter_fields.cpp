#include "ops/alter_fields.hpp"

#include <fmt/format.h>

namespace pgexpand::ops {

TypeChange AlterFields::type_change(const catalog::Catalog& catalog,
                                    const TableShape& shape,
                                    const catalog::Table& table,
                                    const catalog::Column& today) const {
  if (!type) {
    return TypeChange::none;
  }
  return up || down || shape.is_renamed_and_retyped(today.name)
             ? TypeChange::rewrite
             : classify(catalog, table, today, type->text);
}

std::optional<UserExpression> AlterFields::default_text(
    const catalog::Column& today, bool is_twin, const Location& where) const {
  if (default_value) {
    return *default_value;
  }
  if (carries_default(today, is_twin)) {
    return UserExpression{
        fmt::format("CAST({} AS {})", *today.default_value, type->text), where};
  }
  return std::nullopt;
}

namespace {

/// Who writes `up` or `down` means that values change.
void check_effects(const AlterFields& args, Diagnostics& findings) {
  const auto refuse = [&](const UserExpression& text, const char* field,
                          const char* others) {
    findings.error(
        text.where, "spec.no-effect",
        fmt::format("`{}` has no effect here: it needs {}", field, others),
        fmt::format("add {}, or take `{}` away", others, field));
  };
  if (args.up && !args.type && args.nullable.value_or(true)) {
    refuse(*args.up, "up", "`type` or `nullable: false`");
  }
  if (args.down && !args.type && !args.nullable.value_or(false)) {
    refuse(*args.down, "down", "`type` or `nullable: true`");
  }
}

}  // namespace

std::optional<AlterFields> read_alter_fields(spec::Fields& fields,
                                             Diagnostics& findings) {
  auto column = fields.required_identifier("column", findings);
  AlterFields args;
  args.type = read_type(fields, "type", findings);
  args.nullable = fields.optional_bool("nullable", findings);
  if (auto value = fields.optional_nullable("default", findings)) {
    args.default_value.emplace();
    if (*value) {
      *args.default_value = {**value, fields.where("default"), Reader::server};
      check_expression_text(**args.default_value, findings);
    }
  }
  args.check = read_check(fields, findings);
  args.comment = fields.optional_nullable("comment", findings);
  args.up = read_expression(fields, "up", findings);
  args.down = read_expression(fields, "down", findings);
  reject_unhandled(fields, findings);
  check_effects(args, findings);
  if (args.only_checks() && !args.check) {
    findings.error(fields.where(), "spec.missing-field",
                   "alter_column changes nothing",
                   "add one of type, nullable, default, check, comment");
  }
  if (!column) {
    return std::nullopt;
  }
  args.column = *std::move(column);
  return args;
}

}  // namespace pgexpand::ops
