#include "pg/catalog_parts.hpp"
#include "pg/row_cursor.hpp"

namespace pgexpand::pg {
namespace {

// The views of version schemas are left out: they are made for each shape.
// Indexes, constraints, extended statistics and owned sequences are read on
// their own. A view depends through its rule. Generated columns: the column
// itself depends up to 14, its pg_attrdef since 15. A partition key is the
// other way round: its columns depend on the table. Foreign keys are read with
// the constraints too; one of a partitioned table is none that can be added NOT
// VALID again, so it cannot follow either.
constexpr const char* query = R"(
WITH uses AS (
  SELECT DISTINCT d.classid, d.objid, d.objsubid, d.refobjid, d.refobjsubid
  FROM pg_depend d
  WHERE d.refclassid = 'pg_class'::regclass
    AND d.refobjid = ANY ($1::oid[]) AND d.refobjsubid > 0),
found AS (
  SELECT u.refobjid, u.refobjsubid, 'view' AS kind,
         pg_describe_object('pg_class'::regclass, r.ev_class, 0) AS identity
  FROM uses u JOIN pg_rewrite r ON r.oid = u.objid
  JOIN pg_class v ON v.oid = r.ev_class
  JOIN pg_namespace n ON n.oid = v.relnamespace
  WHERE u.classid = 'pg_rewrite'::regclass AND r.rulename = '_RETURN'
    AND n.nspname <> ALL ($2::text[])
  UNION
  SELECT u.refobjid, u.refobjsubid, 'rule',
         pg_describe_object(u.classid, u.objid, 0)
  FROM uses u JOIN pg_rewrite r ON r.oid = u.objid
  WHERE u.classid = 'pg_rewrite'::regclass AND r.rulename <> '_RETURN'
  UNION
  SELECT u.refobjid, u.refobjsubid, 'generated column',
         pg_describe_object('pg_class'::regclass, x.adrelid, x.adnum)
  FROM uses u JOIN pg_attrdef x ON x.oid = u.objid
  WHERE u.classid = 'pg_attrdef'::regclass
    AND (x.adrelid, x.adnum) <> (u.refobjid, u.refobjsubid)
  UNION
  SELECT u.refobjid, u.refobjsubid, 'generated column',
         pg_describe_object(u.classid, u.objid, u.objsubid)
  FROM uses u
  WHERE u.classid = 'pg_class'::regclass AND u.objid = u.refobjid
    AND u.objsubid > 0 AND u.objsubid <> u.refobjsubid
  UNION
  SELECT d.objid, d.objsubid, 'partition key',
         pg_describe_object(d.refclassid, d.refobjid, 0)
  FROM pg_depend d
  WHERE d.classid = 'pg_class'::regclass AND d.objid = ANY ($1::oid[])
    AND d.objsubid > 0 AND d.refclassid = d.classid AND d.refobjid = d.objid
    AND d.refobjsubid = 0 AND d.deptype = 'i'
  UNION
  SELECT u.refobjid, u.refobjsubid, 'trigger',
         pg_describe_object(u.classid, u.objid, 0)
  FROM uses u JOIN pg_trigger t ON t.oid = u.objid
  WHERE u.classid = 'pg_trigger'::regclass AND NOT t.tgisinternal
  UNION
  SELECT u.refobjid, u.refobjsubid, 'partitioned foreign key',
         pg_describe_object(u.classid, u.objid, 0)
  FROM uses u
  JOIN pg_constraint k ON k.oid = u.objid
  JOIN pg_class c ON c.oid = k.conrelid
  WHERE u.classid = 'pg_constraint'::regclass AND k.contype = 'f'
    AND k.confrelid = u.refobjid AND k.conparentid = 0 AND c.relkind = 'p'
  UNION
  SELECT u.refobjid, u.refobjsubid, kinds.kind,
         pg_describe_object(u.classid, u.objid, 0)
  FROM uses u
  JOIN (VALUES ('pg_policy'::regclass::oid, 'policy'),
               ('pg_proc'::regclass::oid, 'function'),
               ('pg_publication_rel'::regclass::oid, 'publication'))
       AS kinds(classid, kind) ON kinds.classid = u.classid)
SELECT refobjid, refobjsubid, kind, identity FROM found ORDER BY 1, 2, 3, 4)";

}  // namespace

void read_dependents(TablesInWork& work) {
  work.ask(sql::Statement::verbatim(query), {work.oids, work.version_schemas},
           [&work](const Result& result) {
             for (const Row& row : result.rows) {
               RowCursor cursor(row);
               catalog::Table& table = work.at(cursor.oid());
               const int number = cursor.small();
               std::string kind = cursor.text();
               catalog::Dependent dependent{std::move(kind), cursor.text()};
               for (auto& column : table.columns) {
                 if (column.number == number) {
                   column.dependents.push_back(dependent);
                 }
               }
             }
           });
}

}  // namespace pgexpand::pg
