#include "pg/catalog_parts.hpp"
#include "pg/row_cursor.hpp"

namespace pgexpand::pg {
namespace {

// A table that was never analyzed has no count: 100 rows a page is the right
// order of magnitude, where 0 would call a big table small. Otherwise the last
// count grows with the file, as in the server's own planner.
//
// A table with partitions or children is as large as all of them, has as many
// column numbers as the one with most, and needs the rights on each. The
// access method of a partitioned table is that of its partitions; one that is
// not heap stands for all.
constexpr const char* query = R"(
SELECT c.oid, n.nspname, c.relname, COALESCE(pg_relation_filenode(c.oid), 0),
       c.relkind, c.relpersistence,
       CASE c.relkind WHEN 'p' THEN COALESCE(family.odd_method, 'heap')
                      ELSE COALESCE(family.odd_method, am.amname, '') END,
       pg_get_userbyid(CASE WHEN pg_has_role(c.relowner, 'USAGE')
                            THEN COALESCE(family.strange_owner, c.relowner)
                            ELSE c.relowner END),
       pg_has_role(c.relowner, 'USAGE') AND family.strange_owner IS NULL,
       pg_has_role(c.relowner, {}) AND NOT pg_has_role(c.relowner, 'USAGE')
         AND family.owner_owns_all,
       has_schema_privilege(n.oid, 'USAGE'),
       has_schema_privilege(n.oid, 'CREATE'), family.hides_rows,
       c.relrowsecurity, c.relforcerowsecurity, c.relispartition,
       EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid),
       EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid),
       c.relreplident, family.rows, family.size, family.indexes_size,
       family.pages, family.column_numbers + 1, family.rules_also,
       family.rules_instead
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am am ON am.oid = c.relam
CROSS JOIN LATERAL (
  WITH RECURSIVE tree(id) AS (
    SELECT c.oid
    UNION
    SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.id)
  SELECT COALESCE(sum(
           CASE WHEN m.relkind = 'p' THEN 0
                WHEN m.reltuples < 0 THEN file.pages * 100
                WHEN m.relpages > 0 THEN m.reltuples / m.relpages * file.pages
                ELSE m.reltuples END)::bigint, 0) AS rows,
         COALESCE(sum(pg_table_size(m.oid)), 0)::bigint AS size,
         COALESCE(sum(pg_indexes_size(m.oid)), 0)::bigint AS indexes_size,
         sum(file.pages)::bigint AS pages,
         max(m.relnatts) AS column_numbers,
         bool_or(row_security_active(m.oid)) AS hides_rows,
         min(CASE WHEN m.relkind = 'f' THEN 'foreign'
                  WHEN m.relkind = 'r' AND ma.amname <> 'heap'
                  THEN ma.amname END) AS odd_method,
         min(m.relowner) FILTER (
           WHERE NOT pg_has_role(m.relowner, 'USAGE')) AS strange_owner,
         bool_and(pg_has_role(c.relowner, m.relowner, 'USAGE'))
           AS owner_owns_all,
         (SELECT json_agg(DISTINCT r.rulename) FROM tree
          JOIN pg_rewrite r ON r.ev_class = tree.id WHERE r.ev_type = '2'
            AND r.ev_enabled <> 'D' AND NOT r.is_instead) AS rules_also,
         (SELECT json_agg(DISTINCT r.rulename) FROM tree
          JOIN pg_rewrite r ON r.ev_class = tree.id WHERE r.ev_type = '2'
            AND r.ev_enabled <> 'D' AND r.is_instead) AS rules_instead
  FROM tree
  JOIN pg_class m ON m.oid = tree.id
  LEFT JOIN pg_am ma ON ma.oid = m.relam
  CROSS JOIN LATERAL (
    SELECT COALESCE(pg_relation_size(m.oid), 0)
           / current_setting('block_size')::bigint AS pages) AS file) AS family
WHERE c.oid = ANY ($1::oid[]))";

}  // namespace

void read_tables(TablesInWork& work) {
  const auto may_set_role = work.since(160000, "'SET'", "'MEMBER'");
  work.ask(sql::Statement::of(query, may_set_role), {work.oids},
           [&work](const Result& result) {
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
               table.rules_also = cursor.texts();
               table.rules_instead = cursor.texts();
               work.tables.emplace(table.oid, std::move(table));
             }
           });
}

}  // namespace pgexpand::pg
