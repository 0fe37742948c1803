#include "exec/stamp.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pgexpand::exec {
namespace {

using sql::Literal;
using sql::Statement;

constexpr int first_with_schema_publications = 150'000;

// A foreign key that points here is found by its triggers: pg_constraint has no
// index for it. Views and rules by what depends on the table.
constexpr const char* rows_of_tables =
    " SELECT 'pg_class', c.oid, 0, c.xmin FROM pg_class AS c"
    " WHERE c.oid IN (SELECT id FROM t UNION ALL SELECT x.indexrelid"
    " FROM pg_index AS x WHERE x.indrelid IN (SELECT id FROM t))"
    " UNION ALL SELECT 'pg_attribute', a.attrelid, a.attnum, a.xmin"
    " FROM pg_attribute AS a"
    " WHERE a.attrelid IN (SELECT id FROM t) AND a.attnum > 0"
    " UNION ALL SELECT 'pg_attrdef', d.oid, 0, d.xmin FROM pg_attrdef AS d"
    " WHERE d.adrelid IN (SELECT id FROM t)"
    " UNION ALL SELECT 'pg_index', x.indexrelid, 0, x.xmin FROM pg_index AS x"
    " WHERE x.indrelid IN (SELECT id FROM t)"
    " UNION ALL SELECT 'pg_constraint', k.oid, 0, k.xmin"
    " FROM pg_constraint AS k WHERE k.conrelid IN (SELECT id FROM t)"
    " UNION ALL SELECT 'pg_constraint', k.oid, 0, k.xmin"
    " FROM pg_constraint AS k WHERE k.conrelid NOT IN (SELECT id FROM t)"
    " AND k.oid IN (SELECT g.tgconstraint FROM pg_trigger AS g"
    " WHERE g.tgrelid IN (SELECT id FROM t) AND g.tgconstraint <> 0)"
    " UNION ALL SELECT 'pg_trigger', g.oid, 0, g.xmin FROM pg_trigger AS g"
    " WHERE g.tgrelid IN (SELECT id FROM t)"
    " UNION ALL SELECT 'pg_proc', p.oid, 0, p.xmin FROM pg_proc AS p"
    " WHERE p.oid IN (SELECT g.tgfoid FROM pg_trigger AS g"
    " WHERE g.tgrelid IN (SELECT id FROM t) AND NOT g.tgisinternal)"
    " UNION ALL SELECT 'pg_policy', o.oid, 0, o.xmin FROM pg_policy AS o"
    " WHERE o.polrelid IN (SELECT id FROM t)"
    " UNION ALL SELECT 'pg_rewrite', r.oid, 0, r.xmin FROM pg_rewrite AS r"
    " WHERE r.oid IN (SELECT d.objid FROM pg_depend AS d"
    " WHERE d.refclassid = 'pg_class'::regclass"
    " AND d.refobjid IN (SELECT id FROM t)"
    " AND d.classid = 'pg_rewrite'::regclass)"
    " UNION ALL SELECT 'pg_statistic_ext', s.oid, 0, s.xmin"
    " FROM pg_statistic_ext AS s WHERE s.stxrelid IN (SELECT id FROM t)"
    " UNION ALL SELECT 'pg_publication_rel', u.oid, 0, u.xmin"
    " FROM pg_publication_rel AS u WHERE u.prrelid IN (SELECT id FROM t)"
    " UNION ALL SELECT 'pg_publication', u.oid, 0, u.xmin"
    " FROM pg_publication AS u WHERE u.puballtables";

constexpr const char* rows_of_schemas =
    " UNION ALL SELECT 'pg_publication_namespace', u.oid, 0, u.xmin"
    " FROM pg_publication_namespace AS u WHERE u.pnnspid IN"
    " (SELECT c.relnamespace FROM pg_class AS c"
    " WHERE c.oid IN (SELECT id FROM t))";

// What is gone has no name any more. Columns and indexes are objects of
// pg_class.
constexpr const char* changed_rows =
    "WITH b AS (SELECT unnest($1::text[]) AS line),"
    " n AS (SELECT unnest($2::text[]) AS line),"
    " x AS (SELECT '-' AS sign, line FROM b"
    " WHERE split_part(line, ' ', 1) || ' ' || split_part(line, ' ', 2) || ' '"
    " || split_part(line, ' ', 3) NOT IN (SELECT split_part(line, ' ', 1)"
    " || ' ' || split_part(line, ' ', 2) || ' ' || split_part(line, ' ', 3)"
    " FROM n)"
    " UNION ALL SELECT '+', line FROM (SELECT line FROM n"
    " EXCEPT SELECT line FROM b) AS a)"
    " SELECT DISTINCT sign || ' ' || coalesce(pg_catalog.pg_describe_object("
    "CASE WHEN split_part(line, ' ', 1) IN ('pg_attribute', 'pg_index')"
    " THEN 'pg_class' ELSE split_part(line, ' ', 1) END::regclass,"
    " split_part(line, ' ', 2)::oid,"
    " split_part(line, ' ', 3)::int), format('a row of %s (oid %s)',"
    " split_part(line, ' ', 1), split_part(line, ' ', 2))) AS text"
    " FROM x WHERE split_part(line, ' ', 1) <> 'pg_class' ORDER BY text";

}  // namespace

sql::Expression stamp_of(const std::vector<plan::PlannedTable>& tables,
                         int server_version_num) {
  std::vector<std::string> names;
  for (const auto& table : tables) {
    names.push_back(sql::compose("({}, {})", Literal{table.name.schema.name()},
                                 Literal{table.name.name.name()})
                        .text);
  }
  return {fmt::format(
      "(WITH t AS (SELECT c.oid AS id FROM pg_class AS c"
      " JOIN pg_namespace AS n ON n.oid = c.relnamespace"
      " WHERE (n.nspname, c.relname) IN ({})),"
      " r(catalog, id, sub, xid) AS ({}{})"
      " SELECT coalesce(array_agg(format('%s %s %s %s', catalog, id, sub, xid)"
      " ORDER BY catalog, id, sub), '{{}}') FROM r)",
      fmt::join(names, ", "), rows_of_tables,
      server_version_num >= first_with_schema_publications ? rows_of_schemas
                                                           : "")};
}

std::vector<std::string> describe_changes(pg::Session& session,
                                          const std::string& before,
                                          const std::string& now) {
  const pg::Result found =
      session.run(Statement::verbatim(changed_rows), {before, now});
  std::vector<std::string> lines;
  for (const pg::Row& row : found.rows) {
    lines.push_back(row.at(0).value_or(""));
  }
  return lines;
}

}  // namespace pgexpand::exec
