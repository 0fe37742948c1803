#include "ops/index_fields.hpp"

#include "ops/opclass_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

using sql::Identifier;

std::optional<IndexKeyFields> plain_key(const spec::Node& node,
                                        Diagnostics& findings) {
  const auto name =
      spec::read_identifier(node.scalar()->text, node.where, findings);
  if (!name) {
    return std::nullopt;
  }
  return IndexKeyFields{.column = *name};
}

std::optional<NamedObject> read_collation(spec::Fields& fields,
                                          Diagnostics& findings) {
  auto name = fields.optional_table("collation", findings);
  if (!name) {
    return std::nullopt;
  }
  return NamedObject{*std::move(name), fields.where("collation")};
}

/// `name` or `name(parameter=value, …)`.
void read_opclass(spec::Fields& fields,
                  IndexKeyFields& key,
                  Diagnostics& findings) {
  const auto text = fields.optional("opclass", findings);
  if (!text) {
    return;
  }
  const Location where = fields.where("opclass");
  const auto parts = split_opclass(*text);
  if (!parts) {
    findings.error(
        where, "spec.opclass",
        fmt::format("`{}` is not an operator class with parameters", *text),
        "write it as in `gist_trgm_ops(siglen=64)`");
    return;
  }
  auto name = spec::read_table_name(parts->name, where, findings);
  if (name) {
    key.opclass = NamedObject{*std::move(name), where};
    key.opclass_options = parts->options;
  }
}

std::optional<IndexKeyFields> detailed_key(
    std::shared_ptr<const spec::Node> node, Diagnostics& findings) {
  spec::Fields fields(std::move(node), "columns");
  IndexKeyFields key;
  key.column = fields.optional_identifier("column", findings);
  key.expression =
      read_expression(fields, "expression", findings, Reader::server);
  const auto order = fields.optional_choice("order", {"asc", "desc"}, findings);
  const auto nulls =
      fields.optional_choice("nulls", {"first", "last"}, findings);
  read_opclass(fields, key, findings);
  key.collation = read_collation(fields, findings);
  fields.reject_unknown(findings);
  key.descending = order == "desc";
  key.nulls_first = nulls ? *nulls == "first" : key.descending;
  if (key.column.has_value() == key.expression.has_value()) {
    findings.error(fields.where(), "spec.index-key",
                   "an index key is either a column or an expression",
                   "write one of `column:` and `expression:`");
    return std::nullopt;
  }
  return key;
}

std::vector<IndexKeyFields> read_keys(spec::Fields& fields,
                                      Diagnostics& findings) {
  std::vector<IndexKeyFields> keys;
  const auto nodes = fields.optional_nodes("columns", findings);
  if (!nodes) {
    if (!fields.has("columns")) {
      findings.error(fields.where(), "spec.missing-field",
                     "create_index needs `columns`", "add `columns: [name]`");
    }
    return keys;
  }
  for (const auto& node : *nodes) {
    auto key = node->scalar() != nullptr ? plain_key(*node, findings)
                                         : detailed_key(node, findings);
    if (key) {
      keys.push_back(*std::move(key));
    }
  }
  return keys;
}

std::vector<std::string> read_options(spec::Fields& fields,
                                      Diagnostics& findings) {
  std::vector<std::string> options;
  const auto map = fields.optional_string_map("with", findings);
  if (!map) {
    return options;
  }
  for (const auto& [name, value] : *map) {
    options.push_back(fmt::format("{} = {}", sql::quote_identifier(name),
                                  sql::quote_literal(value)));
  }
  return options;
}

std::vector<Identifier> read_names(spec::Fields& fields,
                                   std::string_view key,
                                   Diagnostics& findings) {
  std::vector<Identifier> names;
  for (const auto& text : fields.optional_list(key, findings)
                              .value_or(std::vector<std::string>{})) {
    if (auto name = spec::read_identifier(text, fields.where(key), findings)) {
      names.push_back(*std::move(name));
    }
  }
  return names;
}

}  // namespace

std::optional<IndexFields> read_index_fields(spec::Fields& fields,
                                             Diagnostics& findings) {
  IndexFields index;
  index.keys = read_keys(fields, findings);
  index.name = fields.optional_identifier("name", findings);
  index.is_unique = fields.optional_bool("unique", findings).value_or(false);
  if (auto method = fields.optional_identifier("method", findings)) {
    index.method = method->name();
  }
  index.include = read_names(fields, "include", findings);
  index.where = read_expression(fields, "where", findings, Reader::server);
  index.options = read_options(fields, findings);
  index.nulls_not_distinct =
      fields.optional_bool("nulls_not_distinct", findings).value_or(false);
  if (index.keys.empty()) {
    return std::nullopt;
  }
  return index;
}

sql::TableName index_name(const IndexFields& fields,
                          const catalog::Table& table,
                          const NameIsTaken& is_taken) {
  if (fields.name) {
    return {table.name.schema, *fields.name};
  }
  std::string columns;
  for (const auto& key : fields.keys) {
    columns += '_' + (key.column ? key.column->name() : "expr");
  }
  for (const auto& column : fields.include) {
    columns += '_' + column.name();
  }
  const std::string base = table.name.name.name() + columns + "_idx";
  sql::TableName name{table.name.schema, Identifier(sql::shorten_name(base))};
  for (int n = 1; is_taken(name); ++n) {
    name.name = Identifier(sql::shorten_name(fmt::format("{}{}", base, n)));
  }
  return name;
}

catalog::IndexKey plain_key(const IndexKeyFields& wanted,
                            const std::string& name,
                            const catalog::Answers& answers) {
  catalog::IndexKey key{.opclass_options = wanted.opclass_options,
                        .descending = wanted.descending,
                        .nulls_first = wanted.nulls_first};
  if (wanted.opclass) {
    const auto found = answers.opclasses.find(name);
    key.opclass = found == answers.opclasses.end() || found->second.finding
                      ? wanted.opclass->name.quoted()
                      : found->second.name;
  }
  if (wanted.collation) {
    const auto found = answers.types.find(name);
    key.collation = found == answers.types.end() || found->second.finding
                        ? wanted.collation->name.quoted()
                        : found->second.collation;
  }
  return key;
}

}  // namespace pgexpand::ops
