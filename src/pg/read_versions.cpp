// Version schemas that migrations have published: views of ours, which a plan
// must neither count as the user's nor take for tables.
#include "pg/arrays.hpp"
#include "pg/catalog_parts.hpp"
#include "pg/row_cursor.hpp"

#include <algorithm>

namespace pgexpand::pg {
namespace {

// A role that may only plan may be without rights there.
constexpr const char* find_table = R"(
SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = 'version'
  AND has_schema_privilege(n.oid, 'USAGE')
  AND has_table_privilege(c.oid, 'SELECT'))";

// Without the schemas that somebody dropped by hand.
constexpr const char* query = R"(
SELECT v.migration,
       json_agg(n.nspname ORDER BY turn), json_agg(s.base ORDER BY turn)
FROM {}.version v,
     jsonb_array_elements(v.schemas || v.aliases) WITH ORDINALITY AS e(s, turn),
     jsonb_to_record(e.s) AS s(base text, schema text)
JOIN pg_namespace n ON n.nspname = s.schema
WHERE v.position IS NOT NULL
GROUP BY v.migration, v.position ORDER BY v.position)";

// Every table of a schema gets a view, not only those the plan is about.
constexpr const char* row_security_query = R"(
SELECT n.nspname, c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1::text[]) AND c.relrowsecurity
  AND NOT c.relispartition
ORDER BY 1, 2)";

// A text says it, or not: a body may build its statements at run time. A table
// named with its schema is no view, and a function with a search_path of its
// own does not see its caller's version.
constexpr const char* obstacles_query = R"sql(
SELECT p.oid::regprocedure::text, phrase.name
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN (VALUES
  ('COPY', '\mcopy\s+"?\w+"?\s*(\([^)]*\))?\s*\m(from|to)\M', 999999),
  ('TRUNCATE',
   '\mtruncate\s+(table\s+)?(only\s+)?(?!table\M|only\M)"?\w+"?(?![.\w"])',
   999999),
  ('ON CONFLICT ON CONSTRAINT', '\mon\s+conflict\s+on\s+constraint\M',
   999999),
  ('pg_get_serial_sequence', '\mpg_get_serial_sequence\M', 999999),
  ('WHERE CURRENT OF', '\mwhere\s+current\s+of\M', 999999),
  ('TABLESAMPLE', '\mtablesample\M', 999999),
  ('MERGE', '\mmerge\s+into\s+(only\s+)?(?!only\M)"?\w+"?(?![.\w"])', 170000)
) AS phrase (name, pattern, until)
  ON p.prosrc ~* phrase.pattern
 AND current_setting('server_version_num')::int < phrase.until
WHERE n.nspname <> 'information_schema' AND NOT starts_with(n.nspname, 'pg_')
  AND n.nspname <> $1
  AND p.prolang IN (SELECT oid FROM pg_language
                    WHERE lanname IN ('sql', 'plpgsql'))
  AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS setting
                  WHERE starts_with(setting, 'search_path='))
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                    AND d.deptype = 'e')
ORDER BY 1, 2)sql";

constexpr int views_heed_row_security = 150000;

void take_obstacles(const Result& found, catalog::Catalog& catalog) {
  for (const Row& row : found.rows) {
    RowCursor cursor(row);
    auto function = cursor.text();
    catalog.view_obstacles.push_back({std::move(function), cursor.text()});
  }
}

}  // namespace

void read_versions(Session& session,
                   const sql::Identifier& state_schema,
                   catalog::Catalog& catalog) {
  if (session.run(sql::Statement::verbatim(find_table), {state_schema.name()})
          .rows.empty()) {
    return;
  }
  const Result result = session.run(sql::Statement::of(query, state_schema));
  for (const Row& row : result.rows) {
    RowCursor cursor(row);
    catalog::PublishedVersion version{.migration = cursor.text()};
    version.schemas = cursor.identifiers();
    version.bases = cursor.identifiers();
    catalog.versions.push_back(std::move(version));
  }
}

void leave_versions_out(const catalog::Catalog& catalog,
                        std::vector<std::string>& search_path) {
  std::erase_if(search_path, [&](const std::string& schema) {
    return std::ranges::any_of(
        catalog.versions, [&](const catalog::PublishedVersion& version) {
          return std::ranges::find(version.schemas, schema,
                                   &sql::Identifier::quoted) !=
                 version.schemas.end();
        });
  });
}

void read_version_needs(Session& session,
                        const sql::Identifier& state_schema,
                        catalog::Catalog& catalog) {
  session.queue(sql::Statement::verbatim(obstacles_query),
                {state_schema.name()});
  session.queue(
      sql::Statement::of("SELECT nspname FROM pg_namespace ORDER BY 1"));
  session.queue(sql::Statement::of(
      "SELECT has_database_privilege(current_database(), 'CREATE')"));
  const Answers answers = session.flush();
  answers.check();
  const auto first = answers.results.size() - 3;
  take_obstacles(answers.results.at(first), catalog);
  for (const Row& row : answers.results.at(first + 1).rows) {
    catalog.schemas.emplace_back(RowCursor(row).text());
  }
  catalog.may_create_schema =
      RowCursor(answers.results.at(first + 2).rows.at(0)).boolean();
  if (catalog.server_version_num >= views_heed_row_security) {
    return;
  }
  std::vector<std::string> schemas;
  for (const std::string& schema : catalog.search_path) {
    schemas.push_back(unquote_identifier(schema));
  }
  for (const catalog::Table& table : catalog.tables) {
    schemas.push_back(table.name.schema.name());
  }
  for (const catalog::PublishedVersion& version : catalog.versions) {
    for (const sql::Identifier& base : version.bases) {
      schemas.push_back(base.name());
    }
  }
  const Result tables = session.run(
      sql::Statement::verbatim(row_security_query), {array_literal(schemas)});
  for (const Row& row : tables.rows) {
    catalog.row_security.push_back(RowCursor(row).relation());
  }
}

}  // namespace pgexpand::pg
