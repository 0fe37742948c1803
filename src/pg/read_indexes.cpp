#include "pg/catalog_parts.hpp"
#include "pg/row_cursor.hpp"

namespace pgexpand::pg {
namespace {

// The columns of a constraint's index are the constraint's in pg_depend, so
// the keys are read from the index as well.
// An operator class needs naming unless it is what the server would choose: a
// default one of the method, and none fits the key's type better (text_ops is
// a default, but not that of char(n)). Parameters stand behind a name only.
constexpr const char* query = R"(
SELECT i.indrelid, n.nspname, c.relname, c.oid, am.amname, keys.json,
       (SELECT json_agg(a.attname ORDER BY k.place)
        FROM unnest(i.indkey) WITH ORDINALITY AS k(number, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE k.place > i.indnkeyatts),
       pg_get_expr(i.indpred, i.indrelid),
       (SELECT json_agg(a.attname ORDER BY a.attnum)
        FROM pg_attribute a
        WHERE a.attrelid = i.indrelid AND a.attnum > 0 AND NOT a.attisdropped
          AND (a.attnum = ANY (i.indkey) OR EXISTS (
            SELECT FROM pg_depend d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
              AND d.refclassid = d.classid AND d.refobjid = i.indrelid
              AND d.refobjsubid = a.attnum))),
       array_to_json(c.reloptions),
       ts.spcname, obj_description(c.oid, 'pg_class'),
       i.indisunique, i.indisprimary, i.indisexclusion, {nulls_not_distinct},
       i.indisvalid, i.indisclustered, i.indisreplident,
       (SELECT k.conname FROM pg_constraint k
        WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')
        ORDER BY k.conname LIMIT 1),
       COALESCE(pg_relation_size(c.oid), 0), pg_get_indexdef(c.oid)
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
CROSS JOIN LATERAL (
  SELECT json_agg(json_build_object(
    'column', a.attname,
    'expression', CASE WHEN k.number = 0 THEN
      pg_get_indexdef(i.indexrelid, k.place::int, false) END,
    'opclass', CASE WHEN NOT oc.opcdefault
      OR ia.attoptions IS NOT NULL OR EXISTS (
        SELECT FROM pg_opclass better
        WHERE better.opcmethod = oc.opcmethod AND better.opcdefault
          AND better.oid <> oc.oid AND oc.opcintype <> key.type
          AND better.opcintype = key.type)
      THEN quote_ident(ocn.nspname) || '.' || quote_ident(oc.opcname) END,
    'opclass_options', COALESCE((
      SELECT string_agg(quote_ident(split_part(o, '=', 1)) || '=' ||
                        quote_literal(substr(o, strpos(o, '=') + 1)), ', ')
      FROM unnest(ia.attoptions) AS o), ''),
    'collation', CASE WHEN co.oid <> COALESCE(a.attcollation, 100)
      THEN quote_ident(con.nspname) || '.' || quote_ident(co.collname) END,
    'descending', (i.indoption[k.place - 1] & 1) <> 0,
    'nulls_first', (i.indoption[k.place - 1] & 2) <> 0,
    'target', NULLIF(ia.attstattarget, -1)) ORDER BY k.place) AS json
  FROM unnest(i.indkey) WITH ORDINALITY AS k(number, place)
  JOIN pg_attribute ia ON ia.attrelid = i.indexrelid AND ia.attnum = k.place
  LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
                          AND k.number <> 0
  CROSS JOIN LATERAL (SELECT COALESCE(a.atttypid, ia.atttypid) AS type) AS key
  JOIN pg_opclass oc ON oc.oid = i.indclass[k.place - 1]
  JOIN pg_namespace ocn ON ocn.oid = oc.opcnamespace
  LEFT JOIN pg_collation co ON co.oid = i.indcollation[k.place - 1]
  LEFT JOIN pg_namespace con ON con.oid = co.collnamespace
  WHERE k.place <= i.indnkeyatts) AS keys
WHERE i.indrelid = ANY ($1::oid[])
ORDER BY i.indrelid, n.nspname, c.relname)";

std::optional<std::string> optional_string(const nlohmann::json& value) {
  return value.is_null() ? std::nullopt
                         : std::optional(value.get<std::string>());
}

catalog::IndexKey key_of(const nlohmann::json& json) {
  catalog::IndexKey key;
  if (auto column = optional_string(json.at("column"))) {
    key.column = sql::Identifier(std::move(*column));
  }
  if (auto expression = optional_string(json.at("expression"))) {
    key.expression = sql::Expression{std::move(*expression)};
  }
  key.opclass = optional_string(json.at("opclass"));
  key.opclass_options = json.at("opclass_options").get<std::string>();
  key.collation = optional_string(json.at("collation"));
  key.descending = json.at("descending").get<bool>();
  key.nulls_first = json.at("nulls_first").get<bool>();
  return key;
}

void add_keys(catalog::Index& index, const nlohmann::json& keys) {
  for (const auto& json : keys) {
    index.keys.push_back(key_of(json));
    const auto& target = json.at("target");
    index.statistics_targets.push_back(
        target.is_null() ? std::nullopt : std::optional(target.get<int>()));
  }
}

catalog::Index index_of(RowCursor& cursor) {
  catalog::Index index;
  index.name = cursor.relation();
  index.oid = cursor.oid();
  index.method = cursor.text();
  add_keys(index, cursor.json_array());
  index.include = cursor.identifiers();
  index.predicate = cursor.optional_expression();
  index.reads = cursor.identifiers();
  index.options = cursor.texts();
  index.tablespace = cursor.optional_identifier();
  index.comment = cursor.optional_text();
  index.is_unique = cursor.boolean();
  index.is_primary = cursor.boolean();
  index.is_exclusion = cursor.boolean();
  index.nulls_not_distinct = cursor.boolean();
  index.is_valid = cursor.boolean();
  index.is_clustered = cursor.boolean();
  index.is_replica_identity = cursor.boolean();
  index.constraint = cursor.optional_identifier();
  index.size_bytes = cursor.integer();
  index.definition = cursor.text();
  return index;
}

}  // namespace

void read_indexes(TablesInWork& work) {
  work.ask(sql::Statement::verbatim(fmt::format(
               fmt::runtime(query),
               fmt::arg("nulls_not_distinct",
                        work.since(150000, "i.indnullsnotdistinct", "false")))),
           {work.oids}, [&work](const Result& result) {
             for (const Row& row : result.rows) {
               RowCursor cursor(row);
               catalog::Table& table = work.at(cursor.oid());
               table.indexes.push_back(index_of(cursor));
             }
           });
}

}  // namespace pgexpand::pg
