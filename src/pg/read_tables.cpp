#include "pg/catalog_parts.hpp"
#include "pg/row_cursor.hpp"

namespace pgexpand::pg {
namespace {

// A table that was never analyzed has no count: 100 rows a page is the right
// order of magnitude, where 0 would call a big table small. Otherwise the last
// count grows with the file, as in the server's own planner.
constexpr const char* query = R"(
SELECT c.oid, n.nspname, c.relname, COALESCE(pg_relation_filenode(c.oid), 0),
       c.relkind, c.relpersistence, COALESCE(am.amname, ''),
       pg_get_userbyid(c.relowner), pg_has_role(c.relowner, 'USAGE'),
       pg_has_role(c.relowner, {}) AND NOT pg_has_role(c.relowner, 'USAGE'),
       has_schema_privilege(n.oid, 'USAGE'),
       has_schema_privilege(n.oid, 'CREATE'), row_security_active(c.oid),
       c.relrowsecurity, c.relforcerowsecurity, c.relispartition,
       EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid),
       EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid),
       c.relreplident,
       CASE WHEN c.relkind = 'p' THEN GREATEST(c.reltuples, 0)
            WHEN c.reltuples < 0 THEN size.pages * 100
            WHEN c.relpages > 0 THEN c.reltuples / c.relpages * size.pages
            ELSE c.reltuples END::bigint,
       COALESCE(pg_table_size(c.oid), 0), COALESCE(pg_indexes_size(c.oid), 0),
       size.pages, c.relnatts + 1
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am am ON am.oid = c.relam
CROSS JOIN LATERAL (
  SELECT COALESCE(pg_relation_size(c.oid), 0)
         / current_setting('block_size')::bigint AS pages) AS size
WHERE c.oid = ANY ($1::oid[]))";

}  // namespace

void read_tables(TablesInWork& work) {
  const auto may_set_role = work.since(160000, "'SET'", "'MEMBER'");
  const Result result =
      work.session.run(sql::Statement::of(query, may_set_role), {work.oids});
  for (const Row& row : result.rows) {
    RowCursor cursor(row);
    catalog::Table table;
    table.oid = cursor.oid();
    table.name = cursor.relation();
    table.relfilenode = cursor.oid();
    table.kind = cursor.letter();
    table.persistence = cursor.letter();
    table.access_method = cursor.text();
    table.owner = cursor.text();
    table.may_act_as_owner = cursor.boolean();
    table.must_become_owner = cursor.boolean();
    table.may_use_schema = cursor.boolean();
    table.may_create_in_schema = cursor.boolean();
    table.hides_rows = cursor.boolean();
    table.row_security = cursor.boolean();
    table.force_row_security = cursor.boolean();
    table.is_partition = cursor.boolean();
    table.has_children = cursor.boolean();
    table.has_parents = cursor.boolean();
    table.replica_identity = cursor.letter();
    table.estimated_rows = cursor.integer();
    table.size_bytes = cursor.integer();
    table.indexes_size_bytes = cursor.integer();
    table.pages = cursor.integer();
    table.next_column_number = cursor.small();
    work.tables.emplace(table.oid, std::move(table));
  }
}

}  // namespace pgexpand::pg
