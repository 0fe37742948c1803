#include "pg/catalog_parts.hpp"
#include "pg/row_cursor.hpp"
#include "pgexpand/base/assert.hpp"

namespace pgexpand::pg {
namespace {

// Foreign keys that a partitioned table's own key made for its partitions are
// not the far side's to name, so referenced_by leaves them out.
constexpr const char* query = R"(
SELECT side.place, side.relid, k.conname, n.nspname, c.relname, k.contype,
       k.convalidated, {is_enforced}, k.condeferrable, k.condeferred, k.connoinherit,
       (SELECT json_agg(a.attname ORDER BY u.place)
        FROM unnest(k.conkey) WITH ORDINALITY AS u(number, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number),
       CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) END,
       pg_get_constraintdef(k.oid), obj_description(k.oid, 'pg_constraint'),
       fn.nspname, fc.relname,
       (SELECT json_agg(a.attname ORDER BY u.place)
        FROM unnest(k.confkey) WITH ORDINALITY AS u(number, place)
        JOIN pg_attribute a ON a.attrelid = k.confrelid
                           AND a.attnum = u.number),
       k.confupdtype, k.confdeltype, k.confmatchtype,
       (SELECT json_agg(a.attname ORDER BY u.place)
        FROM unnest({on_delete_columns}) WITH ORDINALITY AS u(number, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number),
       CASE WHEN k.contype = 'f' AND NOT pg_has_role(far.owner, 'USAGE')
            THEN pg_get_userbyid(far.owner) ELSE '' END,
       ixn.nspname, ix.relname
FROM pg_constraint k
CROSS JOIN LATERAL (
  SELECT 'own' AS place, k.conrelid AS relid
  UNION ALL
  SELECT 'referenced', k.confrelid
  WHERE k.contype = 'f' AND k.conparentid = 0) AS side
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class fc ON fc.oid = k.confrelid
LEFT JOIN pg_namespace fn ON fn.oid = fc.relnamespace
CROSS JOIN LATERAL (
  SELECT CASE side.place WHEN 'own' THEN fc.relowner ELSE c.relowner
         END AS owner) AS far
LEFT JOIN pg_class ix ON ix.oid = k.conindid
LEFT JOIN pg_namespace ixn ON ixn.oid = ix.relnamespace
WHERE side.relid = ANY ($1::oid[])
  AND (k.conrelid = ANY ($1::oid[]) OR k.confrelid = ANY ($1::oid[]))
ORDER BY side.relid, n.nspname, c.relname, k.conname)";

catalog::ConstraintKind kind_of(char letter) {
  switch (letter) {
    case 'c':
      return catalog::ConstraintKind::check;
    case 'n':
      return catalog::ConstraintKind::not_null;
    case 'f':
      return catalog::ConstraintKind::foreign_key;
    case 'p':
      return catalog::ConstraintKind::primary_key;
    case 'u':
      return catalog::ConstraintKind::unique;
    case 'x':
      return catalog::ConstraintKind::exclusion;
    default:
      PGEXPAND_ASSERT(letter == 't');
      return catalog::ConstraintKind::trigger;
  }
}

void read_foreign_key(RowCursor& cursor, catalog::Constraint& constraint) {
  constraint.references_table =
      cursor.optional_relation().value_or(sql::TableName{});
  constraint.references_columns = cursor.identifiers();
  const char on_update = cursor.letter();
  const char on_delete = cursor.letter();
  const char match = cursor.letter();
  if (constraint.kind == catalog::ConstraintKind::foreign_key) {
    constraint.on_update = on_update;
    constraint.on_delete = on_delete;
    constraint.match = match;
  }
  constraint.on_delete_columns = cursor.identifiers();
  constraint.foreign_owner = cursor.text();
}

catalog::Constraint constraint_of(RowCursor& cursor) {
  catalog::Constraint constraint;
  constraint.name = cursor.identifier();
  constraint.table = cursor.relation();
  constraint.kind = kind_of(cursor.letter());
  constraint.is_validated = cursor.boolean();
  constraint.is_enforced = cursor.boolean();
  constraint.is_deferrable = cursor.boolean();
  constraint.initially_deferred = cursor.boolean();
  constraint.no_inherit = cursor.boolean();
  constraint.columns = cursor.identifiers();
  constraint.expression = cursor.optional_expression();
  constraint.definition = cursor.text();
  constraint.comment = cursor.optional_text();
  read_foreign_key(cursor, constraint);
  constraint.index = cursor.optional_relation();
  return constraint;
}

}  // namespace

void read_constraints(TablesInWork& work) {
  work.ask(
      sql::Statement::verbatim(fmt::format(
          fmt::runtime(query),
          fmt::arg("is_enforced", work.since(180000, "k.conenforced", "true")),
          fmt::arg("on_delete_columns", work.since(150000, "k.confdelsetcols",
                                                   "ARRAY[]::smallint[]")))),
      {work.oids}, [&work](const Result& result) {
        for (const Row& row : result.rows) {
          RowCursor cursor(row);
          const bool is_own = cursor.text() == "own";
          catalog::Table& table = work.at(cursor.oid());
          (is_own ? table.constraints : table.referenced_by)
              .push_back(constraint_of(cursor));
        }
      });
}

}  // namespace pgexpand::pg
