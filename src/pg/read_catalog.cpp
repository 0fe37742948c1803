#include "pg/arrays.hpp"
#include "pg/catalog_parts.hpp"
#include "pg/row_cursor.hpp"
#include "pgexpand/base/assert.hpp"
#include "pgexpand/pg/catalog_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace pgexpand::pg {
namespace {

// A name without a schema means the first relation of that name in the path,
// whatever its kind, as everywhere in PostgreSQL.
constexpr const char* find_tables = R"(
WITH wanted AS (
  SELECT w.schema, w.name, w.is_index
  FROM unnest($1::text[], $2::text[], $3::bool[]) AS w(schema, name, is_index)),
path AS (
  SELECT p.schema, p.place
  FROM unnest($4::text[]) WITH ORDINALITY AS p(schema, place)),
found AS (
  SELECT w.is_index,
         (SELECT c.oid FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN path p ON p.schema = n.nspname
          WHERE c.relname = w.name
            AND CASE w.schema WHEN '' THEN p.place IS NOT NULL
                              ELSE n.nspname = w.schema END
          ORDER BY p.place LIMIT 1) AS oid
  FROM wanted w)
SELECT c.oid FROM found f JOIN pg_class c ON c.oid = f.oid
WHERE NOT f.is_index AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
UNION
SELECT i.indrelid FROM found f JOIN pg_index i ON i.indexrelid = f.oid
WHERE f.is_index
ORDER BY 1)";

std::vector<std::uint32_t> find_oids(
    Session& session,
    const std::vector<std::string>& search_path,
    const catalog::Request& request) {
  std::vector<std::string> schemas;
  std::vector<std::string> names;
  std::vector<std::string> are_indexes;
  const auto add = [&](const sql::TableName& wanted, const char* is_index) {
    schemas.push_back(wanted.schema.name());
    names.push_back(wanted.name.name());
    are_indexes.emplace_back(is_index);
  };
  for (const auto& table : request.tables) {
    add(table, "f");
  }
  for (const auto& index : request.indexes) {
    add(index, "t");
  }
  std::vector<std::string> path;
  for (const auto& schema : search_path) {
    path.push_back(unquote_identifier(schema));
  }
  const Result result =
      session.run(sql::Statement::verbatim(find_tables),
                  {array_literal(schemas), array_literal(names),
                   array_literal(are_indexes), array_literal(path)});
  std::vector<std::uint32_t> oids;
  for (const Row& row : result.rows) {
    oids.push_back(RowCursor(row).oid());
  }
  return oids;
}

std::string version_schemas(const catalog::Catalog& catalog) {
  std::vector<std::string> names;
  for (const auto& version : catalog.versions) {
    for (const auto& schema : version.schemas) {
      names.push_back(schema.name());
    }
  }
  return array_literal(names);
}

void read_relation_names(TablesInWork& work, catalog::Catalog& catalog) {
  work.ask(sql::Statement::of(
               "SELECT n.nspname, c.relname FROM pg_class c "
               "JOIN pg_namespace n ON n.oid = c.relnamespace "
               "WHERE c.relnamespace IN (SELECT relnamespace FROM pg_class "
               "WHERE oid = ANY ($1::oid[])) ORDER BY 1, 2"),
           {work.oids}, [&catalog](const Result& result) {
             for (const Row& row : result.rows) {
               catalog.relation_names.push_back(RowCursor(row).relation());
             }
           });
}

void read_everything(TablesInWork& work, catalog::Catalog& catalog) {
  read_tables(work);
  read_columns(work);
  read_dependents(work);
  read_dependents_of_partitions(work);
  read_indexes(work);
  read_constraints(work);
  read_triggers(work);
  read_statistics(work);
  read_publications(work);
  read_relation_names(work, catalog);
  work.answer();
  for (auto& [oid, table] : work.tables) {
    catalog.tables.push_back(std::move(table));
  }
  std::ranges::sort(catalog.tables, {}, &catalog::Table::name);
}

}  // namespace

void TablesInWork::ask(const sql::Statement& query,
                       const std::vector<Value>& parameters,
                       std::function<void(const Result&)> take) {
  session.queue(query, parameters);
  takers.push_back(std::move(take));
}

// What the caller queued before is answered first.
void TablesInWork::answer() {
  const Answers answers = session.flush();
  answers.check();
  auto result =
      answers.results.end() - static_cast<std::ptrdiff_t>(takers.size());
  for (const auto& take : takers) {
    take(*result++);
  }
  takers.clear();
}

catalog::Table& TablesInWork::at(std::uint32_t oid) {
  const auto found = tables.find(oid);
  PGEXPAND_ASSERT(found != tables.end());
  return found->second;
}

sql::Expression TablesInWork::since(int since_version_num,
                                    const char* sql,
                                    const char* otherwise) const {
  return {version_num >= since_version_num ? sql : otherwise};
}

catalog::Catalog read_catalog(Session& session,
                              const Arrival& arrival,
                              const catalog::Request& request) {
  catalog::Catalog catalog;
  catalog.server_version_num = session.server_version_num();
  catalog.server_version = arrival.server_version;
  catalog.database = arrival.database;
  catalog.host = arrival.host;
  catalog.user = arrival.user;
  catalog.settings = arrival.settings;
  catalog.search_path = arrival.search_path;
  std::optional<Transaction> transaction;
  if (!session.in_transaction()) {
    transaction.emplace(session, Timeouts{});
    session.queue(sql::Statement::of(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"));
  }
  if (!request.state_schema.empty()) {
    read_versions(session, request.state_schema, catalog);
    leave_versions_out(catalog, catalog.search_path);
  }
  const auto oids = find_oids(session, catalog.search_path, request);
  if (!oids.empty()) {
    TablesInWork work{session,
                      array_literal(oids),
                      catalog.server_version_num,
                      version_schemas(catalog),
                      {},
                      {}};
    read_everything(work, catalog);
    read_code(session, request, catalog);
  }
  if (!request.state_schema.empty()) {
    read_version_needs(session, request.state_schema, catalog);
  }
  catalog.may_skip_triggers = may_set_replication_role(session);
  if (transaction) {
    transaction->commit();
  }
  return catalog;
}

}  // namespace pgexpand::pg
