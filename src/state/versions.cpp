// Version schemas: the table of them, its functions, and reading it.
#include "state/versions.hpp"

#include "pgexpand/sql/timestamp.hpp"
#include "pgexpand/state/store.hpp"
#include "state/reader.hpp"
#include "state/version_functions.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace pgexpand::state {
namespace {

using sql::Identifier;
using sql::Literal;
using sql::Statement;

Statement create_version(const Identifier& schema) {
  return Statement::of(
      "CREATE TABLE {}.version (\n"
      "  migration text PRIMARY KEY,\n"
      "  shape jsonb,\n"
      "  position bigint UNIQUE,\n"
      "  published_at timestamptz,\n"
      "  schemas jsonb NOT NULL DEFAULT '[]',\n"
      "  alias text,\n"
      "  aliases jsonb NOT NULL DEFAULT '[]',\n"
      "  softened jsonb)",
      schema);
}

std::vector<Function> own_functions() {
  std::vector<Function> all = view_functions();
  for (const Function& function : version_functions()) {
    all.push_back(function);
  }
  return all;
}

std::vector<VersionSchema> read_schemas(const std::string& json) {
  std::vector<VersionSchema> schemas;
  for (const auto& entry : nlohmann::json::parse(json)) {
    schemas.push_back(
        {.base = entry.value("base", ""), .schema = entry.value("schema", "")});
  }
  return schemas;
}

// A schema that somebody dropped by hand is no version any more.
constexpr auto present =
    "SELECT jsonb_agg(jsonb_build_object('base', s -> 'base',"
    " 'schema', s -> 'schema') ORDER BY turn)"
    " FROM jsonb_array_elements(v.{}) WITH ORDINALITY AS e (s, turn)"
    " JOIN pg_namespace AS n ON n.nspname = s ->> 'schema'";

}  // namespace

std::vector<Statement> version_function_statements(const Identifier& schema) {
  return create_functions(own_functions(), schema);
}

std::vector<Statement> version_statements(const Identifier& schema) {
  std::vector<Statement> statements = version_function_statements(schema);
  statements.insert(statements.begin(), create_version(schema));
  return statements;
}

std::vector<PublishedVersion> Store::versions() {
  // Not to_regclass: that needs USAGE on the schema.
  const pg::Result table = session_.run(Statement::of(
      "SELECT 1 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n"
      " ON n.oid = c.relnamespace"
      " WHERE n.nspname = {} AND c.relname = 'version'",
      Literal{schema_.name()}));
  if (table.rows.empty()) {
    return {};
  }
  const pg::Result found = session_.run(Statement::of(
      "SELECT v.migration, v.position, v.shape::text AS shape, v.alias,"
      " v.softened IS NOT NULL AS is_softened,"
      " {} AS published_at,"
      " coalesce(({}), '[]')::text AS schemas,"
      " coalesce(({}), '[]')::text AS aliases"
      " FROM {}.version AS v WHERE v.position IS NOT NULL ORDER BY v.position",
      sql::rfc3339("v.published_at"),
      sql::Expression{fmt::format(present, "schemas")},
      sql::Expression{fmt::format(present, "aliases")}, schema_));
  std::vector<PublishedVersion> versions;
  for (const pg::Row& values : found.rows) {
    const Reader row(found, values);
    versions.push_back({.migration = row.text("migration"),
                        .position = row.number("position"),
                        .schemas = read_schemas(row.text("schemas")),
                        .aliases = read_schemas(row.text("aliases")),
                        .alias = row.text("alias"),
                        .shape = row.text("shape"),
                        .is_softened = row.flag("is_softened"),
                        .published_at = row.text("published_at")});
  }
  return versions;
}

}  // namespace pgexpand::state
