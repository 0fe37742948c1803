// What must hold for a version schema to be published, and what a published one
// forbids.
#include "ops/version_steps.hpp"
#include "pgexpand/ops/table_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace pgexpand::ops {
namespace {

/// The name in what sql::quote_identifier made.
sql::Identifier unquoted(std::string_view quoted) {
  std::string name;
  for (std::size_t n = 1; n + 1 < quoted.size(); ++n) {
    name += quoted[n];
    n += quoted[n] == '"' ? 1U : 0U;  // doubled
  }
  return sql::Identifier(name);
}

void check_none_published(const catalog::Catalog& catalog,
                          const Location& where,
                          Diagnostics& findings) {
  if (catalog.versions.empty()) {
    return;
  }
  const auto& newest = catalog.versions.back();
  findings.refuse(
      where, "versions.published",
      fmt::format("version schema {} is published: its views would stop this "
                  "migration, or show a shape that is no more",
                  newest.schemas.front().name()),
      "set `versions: views`, or drop the version schemas first if no "
      "application uses them");
}

void check_row_security(const catalog::Catalog& catalog,
                        const Location& where,
                        Diagnostics& findings) {
  if (catalog.row_security.empty()) {
    return;
  }
  findings.refuse(
      where, "versions.row-security",
      fmt::format("table {} has row security, and a view of it would show all "
                  "rows before PostgreSQL 15",
                  catalog.row_security.front().display()),
      "set `versions: none`, or upgrade the server");
}

void check_may_create_schema(const catalog::Catalog& catalog,
                             const Location& where,
                             Diagnostics& findings) {
  if (!catalog.may_create_schema) {
    findings.refuse(where, "rights.create-schema",
                    fmt::format("role {} may not create the version's schema "
                                "in database {}",
                                catalog.user, catalog.database),
                    fmt::format("GRANT CREATE ON DATABASE {} TO {}",
                                sql::quote_identifier(catalog.database),
                                sql::quote_identifier(catalog.user)));
  }
}

bool is_ours(const catalog::Catalog& catalog, const sql::Identifier& schema) {
  return std::ranges::any_of(catalog.versions, [&](const auto& version) {
    return std::ranges::find(version.schemas, schema) != version.schemas.end();
  });
}

std::set<sql::Identifier> schemas_of_tables(const Draft& draft) {
  std::set<sql::Identifier> schemas;
  for (const TableDraft& table : draft.tables()) {
    schemas.insert(table.table->name.schema);
  }
  return schemas;
}

/// Found now, and not when all rows are filled.
void check_names_are_free(const Draft& draft,
                          const catalog::Catalog& catalog,
                          const Location& where,
                          Diagnostics& findings) {
  const auto check = [&](const sql::Identifier& name, const std::string& hint) {
    if (std::ranges::find(catalog.schemas, name) != catalog.schemas.end() &&
        !is_ours(catalog, name)) {
      findings.refuse(where, "versions.name-taken",
                      fmt::format("schema {} is there already, and no version "
                                  "of pgexpand's",
                                  name.name()),
                      hint);
    }
  };
  auto bases = schemas_of_tables(draft);
  bases.insert(draft.publication()->schema);
  for (const sql::Identifier& base : bases) {
    check(sql::Identifier(version_schema(base, draft.id())),
          "rename it, or give the migration another id");
  }
  if (!draft.publication()->alias.empty()) {
    check(sql::Identifier(draft.publication()->alias),
          "set another `versions_alias` in pgexpand.yaml");
  }
}

void warn_of_obstacles(const catalog::Catalog& catalog,
                       const Location& where,
                       Diagnostics& findings) {
  for (const auto& [function, what] : catalog.view_obstacles) {
    findings.warn(where, "versions.not-in-a-view",
                  fmt::format("function {} has {}, which fails on the views of "
                              "a version schema",
                              function, what),
                  fmt::format("let it name the table with its schema, or run "
                              "ALTER FUNCTION {} SET search_path",
                              function));
  }
}

}  // namespace

Publication publication(const catalog::Catalog& catalog, std::string alias) {
  for (const std::string& schema : catalog.search_path) {
    const sql::Identifier name = unquoted(schema);
    if (!name.name().starts_with("pg_")) {
      return {.schema = name, .alias = std::move(alias)};
    }
  }
  return {.schema = sql::Identifier("public"), .alias = std::move(alias)};
}

std::optional<catalog::PublishedVersion> published_version(const Draft& draft) {
  if (!draft.in_views()) {
    return std::nullopt;
  }
  catalog::PublishedVersion version{.migration = draft.id()};
  auto bases = schemas_of_tables(draft);
  if (bases.empty()) {
    bases.insert(draft.publication()->schema);
  }
  for (const sql::Identifier& base : bases) {
    version.schemas.emplace_back(version_schema(base, draft.id()));
    version.bases.push_back(base);
  }
  if (!draft.publication()->alias.empty()) {
    version.schemas.emplace_back(draft.publication()->alias);
  }
  return version;
}

void check_versions(const Draft& draft,
                    const catalog::Catalog& catalog,
                    const Location& where,
                    Diagnostics& findings) {
  if (!draft.in_views()) {
    check_none_published(catalog, where, findings);
    return;
  }
  check_row_security(catalog, where, findings);
  check_may_create_schema(catalog, where, findings);
  check_names_are_free(draft, catalog, where, findings);
  warn_of_obstacles(catalog, where, findings);
}

}  // namespace pgexpand::ops
