#include "ops/version_steps.hpp"

#include "ops/sync_body.hpp"
#include "ops/sync_function.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace pgexpand::ops {
namespace {

using sql::Identifier;
using sql::Statement;

nlohmann::ordered_json names_of(const std::set<Identifier>& columns) {
  auto names = nlohmann::ordered_json::array();
  for (const Identifier& column : columns) {
    names.push_back(column.name());
  }
  return names;
}

nlohmann::ordered_json shape_of(const TableDraft& table, const Draft& draft) {
  const VersionShape& version = table.version;
  nlohmann::ordered_json shape{{"schema", table.table->name.schema.name()},
                               {"table", table.table->name.name.name()},
                               {"made", names_of(version.made)},
                               {"gone", names_of(version.gone)},
                               {"names", nlohmann::ordered_json::object()},
                               {"defaults", nlohmann::ordered_json::object()}};
  for (const auto& [physical, name] : version.names) {
    shape["names"][physical.name()] = name.name();
  }
  for (const auto& [name, value] : version.defaults) {
    auto& to = shape["defaults"][name.name()];
    if (value) {
      to = value->text;
    }
  }
  if (!table.sync_before.empty()) {
    const auto names =
        sync_names(*table.table, draft.id(), draft.state_schema());
    shape["function"] = names.function.name.name();
    shape["trigger"] = names.trigger.name();
    shape["updates_mind_writer"] = updates_mind_writer(table.sync_after);
  }
  return shape;
}

}  // namespace

std::string version_schema(const Identifier& base,
                           const std::string& migration) {
  return sql::shorten_name(fmt::format("{}_{}", base.name(), migration));
}

VersionSteps::VersionSteps(const Draft& draft, const Publication& publication)
    : draft_(draft), publication_(publication) {
  for (const TableDraft& table : draft.tables()) {
    const Identifier& schema = table.table->name.schema;
    if (std::ranges::find(bases_, schema) == bases_.end()) {
      bases_.push_back(schema);
    }
  }
  std::ranges::sort(bases_);
  // The alias goes with the first one.
  const auto own = std::ranges::find(bases_, publication.schema);
  if (own != bases_.end()) {
    std::rotate(bases_.begin(), own, own + 1);
  } else if (bases_.empty()) {
    bases_.push_back(publication.schema);
  }
}

Statement VersionSteps::call(const char* function) const {
  return Statement::of("SELECT {}.{}({})", draft_.state_schema(),
                       Identifier(function), sql::Literal{draft_.id()});
}

Statement VersionSteps::note() const {
  nlohmann::ordered_json tables = nlohmann::ordered_json::array();
  for (const TableDraft& table : draft_.tables()) {
    if (!table.version.empty() || !table.sync_before.empty()) {
      tables.push_back(shape_of(table, draft_));
    }
  }
  const nlohmann::ordered_json shape{{"tables", std::move(tables)}};
  return Statement::of("SELECT {}.note_version({}, {}::pg_catalog.jsonb)",
                       draft_.state_schema(), sql::Literal{draft_.id()},
                       sql::Literal{shape.dump()});
}

Statement VersionSteps::forget() const { return call("forget_version"); }

Statement VersionSteps::retire() const { return call("retire_versions"); }

std::string VersionSteps::title() const {
  std::vector<std::string> schemas;
  for (const Identifier& base : bases_) {
    schemas.push_back(version_schema(base, draft_.id()));
  }
  return fmt::format("version {}", fmt::join(schemas, ", "));
}

plan::Step VersionSteps::publish() const {
  std::vector<std::string> bases;
  for (const Identifier& base : bases_) {
    bases.push_back(sql::quote_literal(base.name()));
  }
  const std::string alias = publication_.alias.empty()
                                ? "NULL"
                                : sql::quote_literal(publication_.alias);
  return {.title = "publish " + title(),
          .locks = {},
          .budget = plan::Budget::step,
          .action = plan::RunSql{{Statement::of(
              "SELECT {}.publish_version({}, ARRAY[{}]::pg_catalog.text[], {})",
              draft_.state_schema(), sql::Literal{draft_.id()},
              sql::Expression{fmt::format("{}", fmt::join(bases, ", "))},
              sql::Expression{alias})}},
          .undo = {{.title = "withdraw " + title(),
                    .locks = {},
                    .budget = plan::Budget::step,
                    .action = plan::RunSql{{call("withdraw_version")}}}}};
}

}  // namespace pgexpand::ops
