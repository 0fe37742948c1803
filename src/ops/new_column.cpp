#include "ops/new_column.hpp"

#include <fmt/format.h>

namespace pgexpand::ops {
namespace {

char action_code(const std::optional<std::string>& word) {
  if (!word || *word == "no action") {
    return 'a';
  }
  if (*word == "restrict") {
    return 'r';
  }
  if (*word == "cascade") {
    return 'c';
  }
  return *word == "set null" ? 'n' : 'd';
}

/// Fields that exclude one another, or need another one.
void check_together(const NewColumn& column,
                    const Location& where,
                    Diagnostics& findings) {
  const auto exclude = [&](bool together, std::string_view what) {
    if (together) {
      findings.error(where, "spec.conflicting-fields",
                     fmt::format("{} exclude one another", what),
                     "keep one of them");
    }
  };
  const bool computed = column.generated || column.identity;
  exclude(column.generated && column.identity, "`generated` and `identity`");
  exclude(computed && column.up, "`up` and `generated` or `identity`");
  exclude(computed && column.default_value,
          "`default` and `generated` or `identity`");
  exclude(column.identity && column.references, "`identity` and `references`");
  if (!column.nullable && !column.up && !column.default_value && !computed) {
    findings.error(where, "column.needs-value",
                   fmt::format("column {} is NOT NULL, but nothing gives "
                               "existing rows and old writers a value",
                               column.name.name()),
                   "add `up` or `default`");
  }
}

}  // namespace

std::optional<CheckFields> read_check(spec::Fields& fields,
                                      Diagnostics& findings) {
  auto nested = fields.optional_fields("check", findings);
  if (!nested) {
    return std::nullopt;
  }
  auto name = nested->optional_identifier("name", findings);
  auto expression =
      read_expression(*nested, "expression", findings, Reader::server);
  nested->reject_unknown(findings);
  if (!expression) {
    if (!nested->has("expression")) {
      findings.error(nested->where(), "spec.missing-field",
                     "check needs `expression`",
                     "add `expression: \"length(status) > 0\"`");
    }
    return std::nullopt;
  }
  return CheckFields{std::move(name), *std::move(expression)};
}

std::optional<ReferenceFields> read_references(spec::Fields& fields,
                                               Diagnostics& findings) {
  auto nested = fields.optional_fields("references", findings);
  if (!nested) {
    return std::nullopt;
  }
  const std::vector<std::string_view> actions{
      "no action", "restrict", "cascade", "set null", "set default"};
  auto table = nested->required_table("table", findings);
  ReferenceFields reference;
  reference.where = nested->where();
  reference.column = nested->optional_identifier("column", findings);
  reference.name = nested->optional_identifier("name", findings);
  reference.on_delete =
      action_code(nested->optional_choice("on_delete", actions, findings));
  reference.on_update =
      action_code(nested->optional_choice("on_update", actions, findings));
  nested->reject_unknown(findings);
  if (!table) {
    return std::nullopt;
  }
  reference.table = *std::move(table);
  return reference;
}

std::optional<UniqueFields> read_unique(spec::Fields& fields,
                                        Diagnostics& findings) {
  auto nested = fields.optional_fields("unique", findings);
  if (!nested) {
    return std::nullopt;
  }
  UniqueFields unique{nested->optional_identifier("name", findings)};
  nested->reject_unknown(findings);
  return unique;
}

std::optional<NewColumn> read_new_column(spec::Fields& fields,
                                         Diagnostics& findings) {
  auto name = fields.required_identifier("column", findings);
  (void)fields.required("type", findings);
  auto type = read_type(fields, "type", findings);
  NewColumn column;
  column.nullable = fields.optional_bool("nullable", findings).value_or(true);
  // With an `up` it stands in the trigger too, for where that gives NULL.
  column.default_value =
      read_expression(fields, "default", findings,
                      fields.has("up") ? Reader::us : Reader::server);
  column.up = read_expression(fields, "up", findings);
  column.generated =
      read_expression(fields, "generated", findings, Reader::server);
  column.check = read_check(fields, findings);
  column.unique = read_unique(fields, findings);
  column.references = read_references(fields, findings);
  const auto identity =
      fields.optional_choice("identity", {"always", "by_default"}, findings);
  if (identity) {
    column.identity = *identity == "always" ? 'a' : 'd';
  }
  column.collation = fields.optional("collation", findings);
  column.comment = fields.optional("comment", findings);
  if (!name || !type) {
    return std::nullopt;
  }
  column.name = *std::move(name);
  column.type = *std::move(type);
  check_together(column, fields.where(), findings);
  return column;
}

void reject_unhandled(spec::Fields& fields, Diagnostics& findings) {
  for (const char* later : {"unique", "references", "collation", "identity"}) {
    if (fields.has(later)) {
      fields.ignore(later);
      findings.error(
          fields.where(later), "spec.field-unsupported",
          fmt::format("alter_column does not handle `{}` yet", later),
          "leave it out, or use a `sql` operation");
    }
  }
}

}  // namespace pgexpand::ops
