#include "pgexpand/spec/migration_spec.hpp"

#include "spec/ids.hpp"
#include "spec/model_hash.hpp"
#include "spec/setting_nodes.hpp"
#include "spec/source.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::spec {
namespace {

void read_depends_on(Fields& fields, MigrationSpec& spec, Diagnostics& out) {
  const auto ids = fields.optional_list("depends_on", out);
  if (!ids) {
    return;
  }
  const auto nodes = fields.optional_nodes("depends_on", out);
  for (std::size_t i = 0; i < ids->size(); ++i) {
    const std::string& id = (*ids)[i];
    const Location& where = (*nodes)[i]->where;
    if (std::ranges::find(spec.depends_on, id) != spec.depends_on.end()) {
      out.error(where, "spec.duplicate-dependency",
                fmt::format("depends_on names {} twice", shown(id)),
                "remove one of them");
      continue;
    }
    spec.depends_on.push_back(id);
    spec.depends_on_where.push_back(where);
  }
}

void read_operation(const Node& node, MigrationSpec& spec, Diagnostics& out) {
  if (node.reported) {
    return;
  }
  const Node::Map* map = node.map();
  if (map == nullptr || map->empty()) {
    out.error(node.where, "spec.bad-operation",
              "an operation must be a mapping with its kind as the key",
              "write it as: add_column: {table: ..., column: ...}");
    return;
  }
  if (map->size() > 1) {
    out.error((*map)[1].where, "spec.bad-operation",
              fmt::format("an operation has one key, its kind; here {} follows "
                          "{}",
                          shown((*map)[1].key), shown(map->front().key)),
              "indent the fields below the kind, and begin every operation "
              "with a dash of its own");
    return;
  }
  const Entry& entry = map->front();
  if (entry.value->map() != nullptr) {
    spec.operations.push_back({entry.key, entry.where, entry.value});
  } else if (!entry.value->reported) {
    out.error(
        entry.value->where, "spec.wrong-type",
        fmt::format("{} must be a mapping of its fields", shown(entry.key)),
        "write its fields below it, indented");
  }
}

void read_operations(Fields& fields, MigrationSpec& spec, Diagnostics& out) {
  Node all;
  all.value = Node::List{};
  if (!fields.has("operations")) {
    fields.ignore("operations");
    out.error(fields.where(), "spec.missing-field",
              "a migration needs the field \"operations\"",
              "add \"operations\" with at least one operation");
  } else if (auto nodes = fields.optional_nodes("operations", out)) {
    for (const auto& node : *nodes) {
      read_operation(*node, spec, out);
    }
    all.value = *std::move(nodes);
  }
  spec.hash = hash_model(spec.depends_on, all);
}

}  // namespace

std::optional<MigrationSpec> parse(std::string_view text,
                                   const std::string& file,
                                   Diagnostics& findings) {
  MigrationSpec spec;
  spec.id = id_of_file(file);
  check_id(spec.id, file, findings);
  const std::shared_ptr<const Node> root = parse_yaml(text, file, findings);
  if (root == nullptr) {
    return std::nullopt;
  }
  if (root->map() == nullptr) {
    findings.error(root->where, "spec.wrong-type",
                   root->is_null() ? "the file holds no migration"
                                   : "a migration must be a mapping",
                   "write operations: and at least one operation below it");
    return std::nullopt;
  }
  spec.file = file;
  spec.text = text;
  Fields fields(root, "a migration");
  spec.description = fields.optional("description", findings).value_or("");
  read_depends_on(fields, spec, findings);
  if (const auto settings = fields.optional_fields("settings", findings)) {
    spec.settings =
        read_settings(settings->node(), SettingScope::spec, {}, findings);
  }
  read_operations(fields, spec, findings);
  fields.reject_unknown(findings);
  return spec;
}

}  // namespace pgexpand::spec
