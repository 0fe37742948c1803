#include "pg/key_probe.hpp"

#include "pg/probe_transaction.hpp"
#include "pg/row_cursor.hpp"

namespace pgexpand::pg {
namespace {

// As ADD FOREIGN KEY decides it. The index of the referenced column ($2) has
// the default operator class of its type. Either its family has an `=` for the
// referencing type ($1), or that one turns into the class's own type by itself.
// `1 = 1.0` has an operator too, and yet no numeric can refer to an integer.
constexpr const char* is_comparable = R"(
SELECT EXISTS (
  SELECT FROM pg_opclass o
  JOIN pg_type k ON k.oid = o.opcintype
  JOIN pg_type f ON f.oid = $1::oid
  JOIN pg_type t ON t.oid = $2::oid
  CROSS JOIN LATERAL (
    SELECT k.oid = 'anyarray'::regtype AND t.typcategory = 'A'
           OR k.oid = 'anyenum'::regtype AND t.typtype = 'e'
           OR k.oid = 'anyrange'::regtype AND t.typtype = 'r'
           OR k.oid = 'record'::regtype AND t.typtype = 'c'
           OR k.typname = 'anymultirange' AND t.typtype = 'm' AS fits) AS generic
  WHERE o.opcdefault
    AND o.opcmethod = (SELECT m.oid FROM pg_am m WHERE m.amname = 'btree')
    AND (k.oid = t.oid OR generic.fits
         OR NOT EXISTS (SELECT FROM pg_opclass own
                        WHERE own.opcdefault AND own.opcmethod = o.opcmethod
                          AND own.opcintype = t.oid)
            AND EXISTS (SELECT FROM pg_cast c
                        WHERE c.castsource = t.oid AND c.casttarget = k.oid
                          AND c.castmethod = 'b' AND c.castcontext = 'i'))
    AND (f.oid = k.oid OR generic.fits AND f.oid = t.oid
         OR k.oid = 'record'::regtype AND f.typtype = 'c'
         OR EXISTS (SELECT FROM pg_amop a
                    WHERE a.amopfamily = o.opcfamily
                      AND a.amoplefttype = k.oid AND a.amoprighttype = f.oid
                      AND a.amopstrategy = 3)
         OR EXISTS (SELECT FROM pg_cast c
                    WHERE c.castsource = f.oid AND c.casttarget = k.oid
                      AND c.castcontext = 'i'))))";

constexpr const char* column_type = R"(
SELECT a.atttypid, a.atttypmod
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3
  AND NOT a.attisdropped)";

std::optional<catalog::Type> stored_type(Session& session,
                                         const catalog::Catalog& catalog,
                                         const catalog::KeySide& side) {
  ProbeTransaction transaction(session, catalog);
  transaction.use_our_path();
  const Result found = session.run(
      sql::Statement::verbatim(column_type),
      {side.table.schema.name(), side.table.name.name(), side.column.name()});
  if (found.rows.empty()) {
    return std::nullopt;
  }
  RowCursor cursor(found.rows.front());
  const std::uint32_t oid = cursor.oid();
  return read_type(session, oid, cursor.small());
}

std::optional<catalog::Type> type_of(Session& session,
                                     const catalog::Catalog& catalog,
                                     TypeResolver& types,
                                     const catalog::KeySide& side) {
  if (!side.type) {
    return stored_type(session, catalog, side);
  }
  const auto answer = types.resolve(
      {.text = *side.type, .collation = {}, .where = {}}, side.is_user_type);
  return answer.finding ? std::nullopt : std::optional(answer.type);
}

}  // namespace

catalog::KeyAnswer ask_key(Session& session,
                           const catalog::Catalog& catalog,
                           TypeResolver& types,
                           const catalog::KeyProbe& probe) {
  const auto from = type_of(session, catalog, types, probe.from);
  const auto to = type_of(session, catalog, types, probe.to);
  if (!from || !to) {
    return {};
  }
  ProbeTransaction transaction(session, catalog);
  transaction.use_our_path();
  const Result result = session.run(
      sql::Statement::verbatim(is_comparable),
      {std::to_string(from->base_oid), std::to_string(to->base_oid)});
  return {.is_comparable = RowCursor(result.rows.at(0)).boolean(),
          .from_type = from->name.text,
          .to_type = to->name.text};
}

}  // namespace pgexpand::pg
