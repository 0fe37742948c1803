// Code that may name columns which are about to lose their names. PostgreSQL
// keeps the body of a function as text, and looks into it when it runs.
#include "pg/arrays.hpp"
#include "pg/catalog_parts.hpp"
#include "pg/row_cursor.hpp"

namespace pgexpand::pg {
namespace {

// Tables with their partitions and children; functions with a text of their
// own, not an extension's or ours; those that the table itself runs, by what
// the server tracks (a trigger, a check, a policy, a default, an index, a
// rule), and those that these call, by their text. Names in the text are looked
// for in C++; here only what cannot be it is left out. `rows` are those that
// get a row: trigger functions, an argument of the table's type, or of any.
constexpr const char* functions_query = R"sql(
WITH RECURSIVE goes AS (
  SELECT DISTINCT g.relid, g.name
  FROM unnest($1::oid[], $2::text[]) AS g(relid, name)
  JOIN pg_attribute a ON a.attrelid = g.relid AND a.attname = g.name
                     AND a.attnum > 0 AND NOT a.attisdropped),
family(root, id) AS (
  SELECT relid, relid FROM goes
  UNION
  SELECT f.root, i.inhrelid FROM family f
  JOIN pg_inherits i ON i.inhparent = f.id),
usable AS MATERIALIZED (
  SELECT p.oid, p.proname, p.prosrc, l.lanname, p.prorettype,
         p.proargtypes::oid[] AS arguments
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_language l ON l.oid = p.prolang
  WHERE n.nspname <> 'information_schema' AND NOT starts_with(n.nspname, 'pg_')
    AND n.nspname <> $3 AND p.prosqlbody IS NULL
    AND l.lanname NOT IN ('internal', 'c')
    AND NOT EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                      AND d.deptype = 'e')),
parts(root, classid, objid) AS (
  SELECT f.root, 'pg_trigger'::regclass::oid, t.oid
  FROM family f JOIN pg_trigger t ON t.tgrelid = f.id
  UNION ALL
  SELECT f.root, 'pg_constraint'::regclass, k.oid
  FROM family f JOIN pg_constraint k ON k.conrelid = f.id
  UNION ALL
  SELECT f.root, 'pg_policy'::regclass, p.oid
  FROM family f JOIN pg_policy p ON p.polrelid = f.id
  UNION ALL
  SELECT f.root, 'pg_attrdef'::regclass, x.oid
  FROM family f JOIN pg_attrdef x ON x.adrelid = f.id
  UNION ALL
  SELECT f.root, 'pg_rewrite'::regclass, r.oid
  FROM family f JOIN pg_rewrite r ON r.ev_class = f.id
  UNION ALL
  SELECT f.root, 'pg_class'::regclass, i.indexrelid
  FROM family f JOIN pg_index i ON i.indrelid = f.id),
reached(root, id, by) AS (
  SELECT p.root, d.refobjid, pg_describe_object(p.classid, p.objid, 0)
  FROM parts p JOIN pg_depend d ON d.classid = p.classid AND d.objid = p.objid
  JOIN usable u ON u.oid = d.refobjid
  WHERE d.refclassid = 'pg_proc'::regclass
  UNION
  SELECT r.root, called.oid, r.by
  FROM reached r JOIN usable caller ON caller.oid = r.id
  JOIN usable called ON CASE
    WHEN strpos(lower(caller.prosrc), lower(called.proname)) = 0 THEN false
    ELSE caller.prosrc ~* ('(^|\W)'
      || regexp_replace(called.proname, '(\W)', '\\\1', 'g') || '"?\s*\(')
    END),
runs AS (
  SELECT root, id, min(by) AS by FROM reached GROUP BY root, id),
may_name AS (
  SELECT DISTINCT g.relid, u.oid
  FROM goes g JOIN usable u
    ON strpos(lower(u.prosrc), lower(g.name)) > 0)
SELECT n.nspname, c.relname,
       pg_describe_object('pg_proc'::regclass, m.oid, 0), r.by, u.lanname,
       u.prosrc, children.names,
       coalesce(u.prorettype = 'trigger'::regtype AND r.id IS NOT NULL
                OR rows.given, false)
FROM may_name m JOIN usable u ON u.oid = m.oid
JOIN pg_class c ON c.oid = m.relid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN runs r ON r.root = m.relid AND r.id = m.oid
CROSS JOIN LATERAL (
  SELECT json_agg(f.relname ORDER BY f.relname) FILTER (
           WHERE f.oid <> c.oid AND strpos(u.prosrc, f.relname) > 0) AS names,
         bool_or(strpos(lower(u.prosrc), lower(f.relname)) > 0) AS any_named
  FROM family JOIN pg_class f ON f.oid = family.id
  WHERE family.root = m.relid) AS children
CROSS JOIN LATERAL (
  SELECT bool_or(t.typrelid IN (SELECT id FROM family WHERE root = m.relid)
                 OR t.typtype = 'p' AND r.id IS NOT NULL) AS given
  FROM unnest(u.arguments) AS a(oid) JOIN pg_type t ON t.oid = a.oid) AS rows
WHERE r.id IS NOT NULL OR rows.given OR children.any_named
ORDER BY 1, 2, 3)sql";

constexpr const char* arguments_query = R"sql(
WITH RECURSIVE family(root, id) AS (
  SELECT c.oid, c.oid FROM pg_class c WHERE c.oid = ANY ($1::oid[])
  UNION
  SELECT f.root, i.inhrelid FROM family f
  JOIN pg_inherits i ON i.inhparent = f.id)
SELECT n.nspname, c.relname,
       pg_describe_object('pg_trigger'::regclass, t.oid, 0),
       regexp_replace(pg_get_triggerdef(t.oid),
                      '^.* EXECUTE (FUNCTION|PROCEDURE) ', '')
FROM family f JOIN pg_trigger t ON t.tgrelid = f.id
JOIN pg_proc p ON p.oid = t.tgfoid
JOIN pg_class c ON c.oid = f.root
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgnargs > 0
  AND p.pronamespace IS DISTINCT FROM
      (SELECT oid FROM pg_namespace WHERE nspname = $2)
ORDER BY 1, 2, 3)sql";

struct Wanted {
  std::vector<std::uint32_t> tables;
  std::vector<std::string> columns;
};

Wanted found_in(const catalog::Catalog& catalog,
                const catalog::Request& request) {
  Wanted wanted;
  for (const sql::ColumnName& name : request.goes) {
    const catalog::Table* table = catalog.table(name.table);
    if (table != nullptr && table->column(name.column) != nullptr) {
      wanted.tables.push_back(table->oid);
      wanted.columns.push_back(name.column.name());
    }
  }
  return wanted;
}

catalog::Code function_of(const Row& row) {
  RowCursor cursor(row);
  catalog::Code code{.table = cursor.relation()};
  code.what = cursor.text();
  code.run_by = cursor.optional_text().value_or("");
  const std::string language = cursor.text();
  code.form = language == "sql" || language == "plpgsql"
                  ? catalog::Code::Form::sql
                  : catalog::Code::Form::other;
  code.body = cursor.text();
  code.family = cursor.identifiers();
  code.has_rows = cursor.boolean();
  return code;
}

catalog::Code arguments_of(const Row& row) {
  RowCursor cursor(row);
  catalog::Code code{.form = catalog::Code::Form::arguments,
                     .table = cursor.relation()};
  code.what = cursor.text();
  code.body = cursor.text();
  code.has_rows = true;
  return code;
}

}  // namespace

void read_code(Session& session,
               const catalog::Request& request,
               catalog::Catalog& catalog) {
  const Wanted wanted = found_in(catalog, request);
  if (wanted.tables.empty()) {
    return;
  }
  const std::string tables = array_literal(wanted.tables);
  const std::string& ours = request.state_schema.name();
  const Result functions =
      session.run(sql::Statement::verbatim(functions_query),
                  {tables, array_literal(wanted.columns), ours});
  for (const Row& row : functions.rows) {
    catalog.code.push_back(function_of(row));
  }
  const Result arguments =
      session.run(sql::Statement::verbatim(arguments_query), {tables, ours});
  for (const Row& row : arguments.rows) {
    catalog.code.push_back(arguments_of(row));
  }
}

}  // namespace pgexpand::pg
