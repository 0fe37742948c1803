#include "pg/catalog_parts.hpp"
#include "pg/row_cursor.hpp"
#include "pg/type_facts.hpp"

#include <set>

namespace pgexpand::pg {
namespace {

constexpr const char* query = R"(
SELECT a.attrelid, a.attname, a.attnum, a.attnotnull, {not_null_valid},
       CASE WHEN a.attgenerated = '' THEN d.text END,
       CASE WHEN a.attgenerated <> '' THEN d.text END,
       a.attidentity, sequence.json,
       CASE WHEN a.attcollation <> t.typcollation
            THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END,
       col_description(a.attrelid, a.attnum),
       NULLIF(a.attstattarget, -1), a.attstorage, t.typstorage,
       a.attcompression, array_to_json(a.attoptions),
       (SELECT json_agg(json_build_object(
                 'grantee', COALESCE(r.rolname, ''),
                 'privilege', g.privilege_type, 'grantable', g.is_grantable)
               ORDER BY r.rolname NULLS FIRST, g.privilege_type)
        FROM aclexplode(a.attacl) g LEFT JOIN pg_roles r ON r.oid = g.grantee),
       a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod),
       COALESCE(co.collisdeterministic, true)
FROM pg_attribute a
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_collation co ON co.oid = a.attcollation
LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
LEFT JOIN LATERAL (
  SELECT pg_get_expr(x.adbin, x.adrelid) AS text FROM pg_attrdef x
  WHERE x.adrelid = a.attrelid AND x.adnum = a.attnum) AS d ON true
LEFT JOIN LATERAL (
  SELECT json_build_array(json_build_object(
           'schema', sn.nspname, 'name', sc.relname,
           'type', format_type(s.seqtypid, NULL), 'start', s.seqstart,
           'increment', s.seqincrement, 'minimum', s.seqmin,
           'maximum', s.seqmax, 'cache', s.seqcache, 'cycle', s.seqcycle))
         AS json
  FROM pg_depend p
  JOIN pg_sequence s ON s.seqrelid = p.objid
  JOIN pg_class sc ON sc.oid = s.seqrelid
  JOIN pg_namespace sn ON sn.oid = sc.relnamespace
  WHERE p.classid = 'pg_class'::regclass AND p.deptype IN ('a', 'i')
    AND p.refclassid = 'pg_class'::regclass AND p.refobjid = a.attrelid
    AND p.refobjsubid = a.attnum
  ORDER BY p.deptype DESC LIMIT 1) AS sequence ON true
WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum)";

constexpr const char* not_null_valid = R"(NOT EXISTS (
         SELECT FROM pg_constraint k WHERE k.conrelid = a.attrelid
         AND k.contype = 'n' AND k.conkey[1] = a.attnum
         AND NOT k.convalidated))";

std::optional<catalog::Sequence> sequence_of(const nlohmann::json& found) {
  if (found.empty()) {
    return std::nullopt;
  }
  const auto& json = found.front();
  const auto name = [&](const char* key) {
    return sql::Identifier(json.at(key).get<std::string>());
  };
  const auto number = [&](const char* key) {
    return json.at(key).get<std::int64_t>();
  };
  return catalog::Sequence{.name = {name("schema"), name("name")},
                           .type = json.at("type").get<std::string>(),
                           .start = number("start"),
                           .increment = number("increment"),
                           .minimum = number("minimum"),
                           .maximum = number("maximum"),
                           .cache = number("cache"),
                           .cycle = json.at("cycle").get<bool>()};
}

std::vector<catalog::Grant> grants_of(const nlohmann::json& found) {
  std::vector<catalog::Grant> grants;
  for (const auto& grant : found) {
    grants.push_back({grant.at("grantee").get<std::string>(),
                      grant.at("privilege").get<std::string>(),
                      grant.at("grantable").get<bool>()});
  }
  return grants;
}

// Everything but the type.
catalog::Column column_of(RowCursor& cursor) {
  catalog::Column column;
  column.name = cursor.identifier();
  column.number = cursor.small();
  column.not_null = cursor.boolean();
  column.not_null_valid = cursor.boolean();
  column.default_value = cursor.optional_expression();
  column.generated = cursor.optional_expression();
  column.identity = cursor.optional_letter();
  column.sequence = sequence_of(cursor.json_array());
  column.collation = cursor.optional_text();
  column.comment = cursor.optional_text();
  column.statistics_target = cursor.optional_small();
  column.storage = cursor.letter();
  column.type_storage = cursor.letter();
  column.compression = cursor.optional_letter();
  column.options = cursor.texts();
  column.grants = grants_of(cursor.json_array());
  return column;
}

std::vector<std::uint32_t> type_oids_of(const Result& result,
                                        std::size_t type_position) {
  std::set<std::uint32_t> oids;
  for (const Row& row : result.rows) {
    oids.insert(
        static_cast<std::uint32_t>(std::stoul(row.at(type_position).value())));
  }
  return {oids.begin(), oids.end()};
}

}  // namespace

void read_columns(TablesInWork& work) {
  work.ask(
      sql::Statement::verbatim(
          fmt::format(fmt::runtime(query),
                      fmt::arg("not_null_valid",
                               work.since(180000, not_null_valid, "true")))),
      {work.oids}, [&work](const Result& result) {
        constexpr std::size_t type_position = 17;
        const auto facts =
            read_type_facts(work.session, type_oids_of(result, type_position));
        for (const Row& row : result.rows) {
          RowCursor cursor(row);
          catalog::Table& table = work.at(cursor.oid());
          catalog::Column column = column_of(cursor);
          const auto& type = facts.at(cursor.oid());
          const auto modifier = static_cast<std::int32_t>(cursor.integer());
          sql::TypeName name{cursor.text()};
          column.type =
              make_type(type, modifier, std::move(name), cursor.boolean());
          table.columns.push_back(std::move(column));
        }
      });
}

}  // namespace pgexpand::pg
