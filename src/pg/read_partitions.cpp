#include "pg/catalog_parts.hpp"
#include "pg/row_cursor.hpp"

namespace pgexpand::pg {
namespace {

// What a partition has because its parent has it is left out: only the
// parent's is named in a plan. A default counts if it is another one.
constexpr const char* query = R"(
WITH RECURSIVE tree(root, id) AS (
  SELECT c.oid, c.oid FROM pg_class c WHERE c.oid = ANY ($1::oid[])
  UNION
  SELECT tree.root, i.inhrelid
  FROM pg_inherits i JOIN tree ON i.inhparent = tree.id),
members AS (
  SELECT tree.root, a.attrelid, a.attnum, a.attname
  FROM tree JOIN pg_attribute a ON a.attrelid = tree.id
  WHERE tree.id <> tree.root AND a.attnum > 0 AND NOT a.attisdropped),
uses AS (
  SELECT DISTINCT m.root, m.attname, m.attrelid, d.classid, d.objid
  FROM members m
  JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass
                  AND d.refobjid = m.attrelid AND d.refobjsubid = m.attnum),
found AS (
  SELECT u.root, u.attname, 'view' AS kind,
         pg_describe_object('pg_class'::regclass, r.ev_class, 0) AS identity
  FROM uses u JOIN pg_rewrite r ON r.oid = u.objid
  WHERE u.classid = 'pg_rewrite'::regclass
  UNION
  SELECT u.root, u.attname, 'trigger',
         pg_describe_object(u.classid, u.objid, 0)
  FROM uses u JOIN pg_trigger t ON t.oid = u.objid
  WHERE u.classid = 'pg_trigger'::regclass AND NOT t.tgisinternal
    AND t.tgparentid = 0
  UNION
  SELECT u.root, u.attname, 'index', pg_describe_object(u.classid, u.objid, 0)
  FROM uses u JOIN pg_class c ON c.oid = u.objid
  WHERE u.classid = 'pg_class'::regclass AND c.relkind IN ('i', 'I')
    AND NOT c.relispartition
  UNION
  SELECT u.root, u.attname,
         CASE WHEN k.confrelid = u.attrelid THEN 'foreign key'
              ELSE 'constraint' END,
         pg_describe_object(u.classid, u.objid, 0)
  FROM uses u JOIN pg_constraint k ON k.oid = u.objid
  WHERE u.classid = 'pg_constraint'::regclass AND k.conparentid = 0
    AND k.coninhcount = 0 AND k.contype <> 'n'
  UNION
  SELECT u.root, u.attname, kinds.kind,
         pg_describe_object(u.classid, u.objid, 0)
  FROM uses u
  JOIN (VALUES ('pg_policy'::regclass::oid, 'policy'),
               ('pg_proc'::regclass::oid, 'function'),
               ('pg_statistic_ext'::regclass::oid, 'statistics'),
               ('pg_publication_rel'::regclass::oid, 'publication'))
       AS kinds(classid, kind) ON kinds.classid = u.classid
  UNION
  SELECT m.root, m.attname, 'key',
         pg_describe_object(d.refclassid, d.refobjid, 0)
  FROM members m
  JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = m.attrelid
                  AND d.objsubid = m.attnum AND d.refclassid = d.classid
                  AND d.refobjid = d.objid AND d.refobjsubid = 0
                  AND d.deptype = 'i'
  UNION
  SELECT m.root, m.attname, 'default',
         pg_describe_object('pg_class'::regclass, m.attrelid, m.attnum)
  FROM members m
  JOIN pg_attribute a ON a.attrelid = m.root AND a.attname = m.attname
                     AND a.attgenerated = ''
  LEFT JOIN pg_attrdef x ON x.adrelid = m.attrelid AND x.adnum = m.attnum
  LEFT JOIN pg_attrdef y ON y.adrelid = a.attrelid AND y.adnum = a.attnum
  WHERE pg_get_expr(x.adbin, x.adrelid)
        IS DISTINCT FROM pg_get_expr(y.adbin, y.adrelid))
SELECT root, attname, 'partition''s ' || kind, identity
FROM found ORDER BY 1, 2, 3, 4)";

}  // namespace

void read_dependents_of_partitions(TablesInWork& work) {
  work.ask(sql::Statement::verbatim(query), {work.oids},
           [&work](const Result& result) {
             for (const Row& row : result.rows) {
               RowCursor cursor(row);
               catalog::Table& table = work.at(cursor.oid());
               const sql::Identifier name = cursor.identifier();
               std::string kind = cursor.text();
               catalog::Dependent dependent{std::move(kind), cursor.text()};
               for (auto& column : table.columns) {
                 if (column.name == name) {
                   column.dependents.push_back(dependent);
                 }
               }
             }
           });
}

}  // namespace pgexpand::pg
