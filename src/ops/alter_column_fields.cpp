#include "ops/alter_column_fields.hpp"

namespace pgexpand::ops {

std::optional<AlterColumnFields> read_alter_column(spec::Fields& fields,
                                                   Diagnostics& findings) {
  auto column = fields.required_identifier("column", findings);
  AlterColumnFields read;
  read.type = read_type(fields, "type", findings);
  read.nullable = fields.optional_bool("nullable", findings);
  if (auto value = fields.optional_nullable("default", findings)) {
    read.default_value.emplace();
    if (*value) {
      *read.default_value = {**value, fields.where("default"), Reader::server};
      check_expression_text(**read.default_value, findings);
    }
  }
  read.check = read_check(fields, findings);
  read.comment = fields.optional_nullable("comment", findings);
  read.up = read_expression(fields, "up", findings);
  read.down = read_expression(fields, "down", findings);
  reject_unhandled(fields, findings);
  fields.reject_unknown(findings);
  if (!(read.type || read.nullable || read.default_value || read.check ||
        read.comment)) {
    findings.error(fields.where(), "spec.missing-field",
                   "alter_column changes nothing",
                   "add one of type, nullable, default, check, comment");
  }
  if (!column) {
    return std::nullopt;
  }
  read.column = *std::move(column);
  return read;
}

}  // namespace pgexpand::ops
