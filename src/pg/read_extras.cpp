#include "pg/catalog_parts.hpp"
#include "pg/row_cursor.hpp"

namespace pgexpand::pg {
namespace {

// The bits of tgtype: ROW 1, BEFORE 2, INSERT 4, UPDATE 16. sha256 and not md5,
// which a FIPS server refuses. What a partition or child has of its own comes
// without a definition: the fingerprint leaves it out.
constexpr const char* triggers_query = R"(
WITH RECURSIVE tree(root, id) AS (
  SELECT c.oid, c.oid FROM pg_class c WHERE c.oid = ANY ($1::oid[])
  UNION
  SELECT tree.root, i.inhrelid
  FROM pg_inherits i JOIN tree ON i.inhparent = tree.id)
SELECT tree.root, t.tgname, t.tgenabled, (t.tgtype & 2) <> 0,
       (t.tgtype & 1) <> 0, (t.tgtype & 4) <> 0, (t.tgtype & 16) <> 0,
       t.tgisinternal,
       quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '()',
       pg_get_userbyid(p.proowner), pg_has_role(p.proowner, 'USAGE'),
       l.lanname, p.procost,
       encode(sha256(convert_to(pg_get_functiondef(p.oid), 'UTF8')), 'hex'),
       CASE WHEN tree.id = tree.root THEN pg_get_triggerdef(t.oid)
            ELSE '' END,
       (SELECT json_agg(a.attname ORDER BY u.place)
        FROM unnest(t.tgattr) WITH ORDINALITY AS u(number, place)
        JOIN pg_attribute a ON a.attrelid = t.tgrelid AND a.attnum = u.number),
       t.tgqual IS NOT NULL
FROM tree
JOIN pg_trigger t ON t.tgrelid = tree.id
JOIN pg_proc p ON p.oid = t.tgfoid
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
WHERE NOT t.tgisinternal AND (tree.id = tree.root OR t.tgparentid = 0)
ORDER BY tree.root, t.tgname, tree.id)";

// Kind 'e' only says that there are expressions.
constexpr const char* statistics_query = R"(
SELECT s.stxrelid, n.nspname, s.stxname,
       (SELECT json_agg(CASE k WHEN 'd' THEN 'ndistinct'
                               WHEN 'f' THEN 'dependencies'
                               ELSE 'mcv' END ORDER BY k)
        FROM unnest(s.stxkind) AS k WHERE k <> 'e'),
       (SELECT json_agg(a.attname ORDER BY u.place)
        FROM unnest(s.stxkeys) WITH ORDINALITY AS u(number, place)
        JOIN pg_attribute a ON a.attrelid = s.stxrelid AND a.attnum = u.number),
       array_to_json(pg_get_statisticsobjdef_expressions(s.oid)),
       (SELECT json_agg(DISTINCT a.attname)
        FROM pg_depend d
        JOIN pg_attribute a ON a.attrelid = s.stxrelid
                           AND a.attnum = d.refobjsubid
        WHERE d.classid = 'pg_statistic_ext'::regclass AND d.objid = s.oid
          AND d.refclassid = 'pg_class'::regclass AND d.refobjid = s.stxrelid
          AND d.refobjsubid > 0),
       NULLIF(s.stxstattarget, -1),
       obj_description(s.oid, 'pg_statistic_ext')
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
WHERE s.stxrelid = ANY ($1::oid[])
ORDER BY 1, 2, 3)";

// A partition is published with any of its ancestors, and a change of a
// partitioned table is one of every partition that is published.
constexpr const char* publications_query = R"(
WITH family AS (
  SELECT c.oid, c.oid AS relid FROM pg_class c WHERE c.oid = ANY ($1::oid[])
  UNION
  SELECT c.oid, a.relid FROM pg_class c,
         pg_partition_ancestors(c.oid) AS a(relid)
  WHERE c.oid = ANY ($1::oid[])
  UNION
  SELECT c.oid, t.relid FROM pg_class c, pg_partition_tree(c.oid) AS t
  WHERE c.oid = ANY ($1::oid[]))
SELECT c.oid, p.pubname
FROM pg_class c, pg_publication p
WHERE c.oid = ANY ($1::oid[]) AND p.puballtables
  AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p'
UNION
SELECT f.oid, p.pubname
FROM family f
JOIN pg_publication_rel r ON r.prrelid = f.relid
JOIN pg_publication p ON p.oid = r.prpubid
{by_schema}
ORDER BY 1, 2)";

constexpr const char* publications_by_schema = R"(
UNION
SELECT f.oid, p.pubname
FROM family f
JOIN pg_class c ON c.oid = f.relid
JOIN pg_publication_namespace s ON s.pnnspid = c.relnamespace
JOIN pg_publication p ON p.oid = s.pnpubid
WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p')";

catalog::Trigger trigger_of(RowCursor& cursor) {
  catalog::Trigger trigger;
  trigger.name = cursor.identifier();
  trigger.enabled = cursor.letter();
  trigger.is_before = cursor.boolean();
  trigger.is_row = cursor.boolean();
  trigger.on_insert = cursor.boolean();
  trigger.on_update = cursor.boolean();
  trigger.is_internal = cursor.boolean();
  trigger.function = cursor.text();
  trigger.function_owner = cursor.text();
  trigger.may_alter_function = cursor.boolean();
  trigger.function_language = cursor.text();
  trigger.function_cost = cursor.real();
  trigger.function_definition_hash = cursor.text();
  trigger.definition = cursor.text();
  trigger.update_of = cursor.identifiers();
  trigger.has_when = cursor.boolean();
  return trigger;
}

catalog::ExtendedStatistics statistics_of(RowCursor& cursor) {
  catalog::ExtendedStatistics statistics;
  statistics.name = cursor.relation();
  statistics.kinds = cursor.texts();
  statistics.columns = cursor.identifiers();
  for (auto& expression : cursor.texts()) {
    statistics.expressions.push_back({std::move(expression)});
  }
  statistics.reads = cursor.identifiers();
  statistics.target = cursor.optional_small();
  statistics.comment = cursor.optional_text();
  return statistics;
}

}  // namespace

void read_triggers(TablesInWork& work) {
  work.ask(sql::Statement::verbatim(triggers_query), {work.oids},
           [&work](const Result& result) {
             for (const Row& row : result.rows) {
               RowCursor cursor(row);
               catalog::Table& table = work.at(cursor.oid());
               table.triggers.push_back(trigger_of(cursor));
             }
           });
}

void read_statistics(TablesInWork& work) {
  work.ask(sql::Statement::verbatim(statistics_query), {work.oids},
           [&work](const Result& result) {
             for (const Row& row : result.rows) {
               RowCursor cursor(row);
               catalog::Table& table = work.at(cursor.oid());
               table.statistics.push_back(statistics_of(cursor));
             }
           });
}

void read_publications(TablesInWork& work) {
  work.ask(sql::Statement::verbatim(fmt::format(
               fmt::runtime(publications_query),
               fmt::arg("by_schema",
                        work.since(150000, publications_by_schema, "")))),
           {work.oids}, [&work](const Result& result) {
             for (const Row& row : result.rows) {
               RowCursor cursor(row);
               catalog::Table& table = work.at(cursor.oid());
               table.publications.push_back(cursor.text());
             }
           });
}

}  // namespace pgexpand::pg
