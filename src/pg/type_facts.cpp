#include "pg/type_facts.hpp"

#include "pg/arrays.hpp"
#include "pg/row_cursor.hpp"

#include <algorithm>
#include <array>

namespace pgexpand::pg {
namespace {

// Types whose `=` is true for the same bytes only. Oids of built-in types
// never change: bool, bytea, "char", int8, int2, int4, oid, date, time,
// timestamp, timestamptz, timetz, uuid.
constexpr std::array<std::uint32_t, 13> bitwise_types{
    16, 17, 18, 20, 21, 23, 26, 1082, 1083, 1114, 1184, 1266, 2950};

constexpr std::uint32_t name_oid = 19;
constexpr std::uint32_t text_oid = 25;
constexpr std::uint32_t bpchar_oid = 1042;
constexpr std::uint32_t varchar_oid = 1043;

bool has_bitwise_equality(const TypeFacts& facts,
                          std::int32_t modifier,
                          bool collation_is_deterministic) {
  const std::uint32_t base = facts.type.base_oid;
  if (base == text_oid || base == varchar_oid || base == name_oid) {
    return collation_is_deterministic;
  }
  if (base == bpchar_oid) {
    // Padded to one length, or else trailing blanks are there and ignored.
    return collation_is_deterministic && modifier != -1;
  }
  return facts.is_enum ||
         std::ranges::find(bitwise_types, base) != bitwise_types.end();
}

// The last link of the chain is the base: the only one that is no domain.
constexpr const char* query = R"(
WITH RECURSIVE chain AS (
  SELECT t.oid AS start, t.oid, t.typbasetype, t.typtype, t.typnotnull
  FROM pg_type t WHERE t.oid = ANY ($1::oid[])
  UNION ALL
  SELECT c.start, t.oid, t.typbasetype, t.typtype, t.typnotnull
  FROM chain c JOIN pg_type t ON t.oid = c.typbasetype
  WHERE c.typtype = 'd'),
base AS (
  SELECT c.start, t.*,
         t.typsubscript = 'array_subscript_handler'::regproc
           AND t.typlen = -1 AS is_array
  FROM chain c JOIN pg_type t ON t.oid = c.oid WHERE c.typtype <> 'd')
SELECT t.oid, format_type(t.oid, -1), b.oid, t.typcategory, t.typtype = 'd',
       EXISTS (SELECT FROM chain c WHERE c.start = t.oid AND c.typtype = 'd'
               AND (c.typnotnull OR EXISTS (SELECT FROM pg_constraint k
                                            WHERE k.contypid = c.oid))),
       t.typcollation <> 0, b.is_array, b.typtype = 'e',
       CASE WHEN b.is_array THEN b.typelem ELSE 0 END,
       CASE WHEN b.is_array THEN
         (WITH RECURSIVE e AS (
            SELECT x.oid, x.typbasetype, x.typtype FROM pg_type x
            WHERE x.oid = b.typelem
            UNION ALL
            SELECT x.oid, x.typbasetype, x.typtype
            FROM e JOIN pg_type x ON x.oid = e.typbasetype
            WHERE e.typtype = 'd')
          SELECT e.oid FROM e WHERE e.typtype <> 'd')
       ELSE 0 END
FROM pg_type t JOIN base b ON b.start = t.oid)";

}  // namespace

std::map<std::uint32_t, TypeFacts> read_type_facts(
    Session& session, const std::vector<std::uint32_t>& oids) {
  std::map<std::uint32_t, TypeFacts> facts;
  const Result result =
      session.run(sql::Statement::verbatim(query), {array_literal(oids)});
  for (const Row& row : result.rows) {
    RowCursor cursor(row);
    TypeFacts fact;
    fact.type.oid = cursor.oid();
    fact.type.name = {cursor.text()};
    fact.type.base_oid = cursor.oid();
    fact.type.category = cursor.letter();
    fact.type.is_domain = cursor.boolean();
    fact.type.domain_has_constraints = cursor.boolean();
    fact.type.is_collatable = cursor.boolean();
    fact.type.is_array = cursor.boolean();
    fact.is_enum = cursor.boolean();
    fact.element_oid = cursor.oid();
    fact.element_base_oid = cursor.oid();
    facts.emplace(fact.type.oid, std::move(fact));
  }
  return facts;
}

catalog::Type make_type(const TypeFacts& facts,
                        std::int32_t modifier,
                        sql::TypeName name,
                        bool collation_is_deterministic) {
  catalog::Type type = facts.type;
  type.modifier = modifier;
  type.name = std::move(name);
  type.has_bitwise_equality =
      has_bitwise_equality(facts, modifier, collation_is_deterministic);
  return type;
}

}  // namespace pgexpand::pg
