#include "ops/identity.hpp"

#include "ops/sync_function.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace pgexpand::ops {
namespace {

using sql::Identifier;
using sql::Statement;

std::string_view kind_words(char kind) {
  return kind == 'a' ? "ALWAYS" : "BY DEFAULT";
}

Statement do_block(const std::string& body) {
  const std::string quote = dollar_quote(body);
  return Statement::verbatim(fmt::format("DO {} {} {}", quote, body, quote));
}

/// A DO block that runs `body` with the next value of `sequence` in n.
Statement with_position(const sql::TableName& sequence, std::string body) {
  return do_block(fmt::format(
      "DECLARE n bigint; BEGIN "
      "SELECT CASE WHEN s.is_called THEN s.last_value + q.seqincrement ELSE "
      "s.last_value END INTO n FROM {} AS s, pg_catalog.pg_sequence AS q WHERE "
      "q.seqrelid = {}::pg_catalog.regclass; {} END",
      sequence, sql::quote_literal(sequence.quoted()), body));
}

/// `EXECUTE format('… %s …', n);`
std::string execute_with_n(const std::string& pattern) {
  return fmt::format("EXECUTE pg_catalog.format({}, n);",
                     sql::quote_literal(pattern));
}

// Comment and rights go with the old sequence, so they are read and given
// again too. A position beyond the new bounds means that none is left.
constexpr const char* move_identity_body = R"(DECLARE
  place record; facts record; fresh record; item record;
BEGIN
  SELECT s.last_value, s.is_called INTO place FROM {0} AS s;
  SELECT pg_catalog.obj_description(c.oid, 'pg_class') AS said,
         COALESCE(c.relacl, pg_catalog.acldefault('s', c.relowner)) AS rights
    INTO facts FROM pg_catalog.pg_class AS c WHERE c.oid = {1}::regclass;
  ALTER TABLE {2} ALTER COLUMN {3} DROP IDENTITY;
  ALTER TABLE {2} ALTER COLUMN {4} ADD GENERATED {5} AS IDENTITY
    (SEQUENCE NAME {0} {6});
  PERFORM pg_catalog.setval({1},
    GREATEST(LEAST(place.last_value, q.seqmax), q.seqmin),
    place.is_called OR place.last_value NOT BETWEEN q.seqmin AND q.seqmax)
    FROM pg_catalog.pg_sequence AS q WHERE q.seqrelid = {1}::regclass;
  IF facts.said IS NOT NULL THEN
    EXECUTE pg_catalog.format('COMMENT ON SEQUENCE %s IS %L', {1}, facts.said);
  END IF;
  SELECT COALESCE(c.relacl, pg_catalog.acldefault('s', c.relowner)) AS rights
    INTO fresh FROM pg_catalog.pg_class AS c WHERE c.oid = {1}::regclass;
  IF fresh.rights <> facts.rights THEN
    FOR item IN SELECT DISTINCT a.grantee FROM aclexplode(fresh.rights) AS a
    LOOP
      EXECUTE pg_catalog.format('REVOKE ALL ON SEQUENCE %s FROM %s', {1},
        CASE item.grantee WHEN 0 THEN 'PUBLIC' ELSE item.grantee::regrole::text
        END);
    END LOOP;
    FOR item IN SELECT a.* FROM aclexplode(facts.rights) AS a
    LOOP
      EXECUTE pg_catalog.format('GRANT %s ON SEQUENCE %s TO %s%s',
        item.privilege_type, {1}, CASE item.grantee WHEN 0 THEN 'PUBLIC' ELSE
        item.grantee::regrole::text END,
        CASE WHEN item.is_grantable THEN ' WITH GRANT OPTION' END);
    END LOOP;
  END IF;
END)";

/// What ALTER SEQUENCE … AS does to the bounds: those of the old type become
/// those of the new one, others stay if they fit.
struct IntegerType {
  std::string_view name;
  std::int64_t minimum, maximum;
};
constexpr std::array integer_types{
    IntegerType{"smallint", std::numeric_limits<std::int16_t>::min(),
                std::numeric_limits<std::int16_t>::max()},
    IntegerType{"integer", std::numeric_limits<std::int32_t>::min(),
                std::numeric_limits<std::int32_t>::max()},
    IntegerType{"bigint", std::numeric_limits<std::int64_t>::min(),
                std::numeric_limits<std::int64_t>::max()}};

const IntegerType* integer_type(const std::string& name) {
  const auto* found =
      std::ranges::find(integer_types, name, &IntegerType::name);
  return found == integer_types.end() ? nullptr : found;
}

/// Text that format() gives back as it is.
std::string percent_doubled(const std::string& text) {
  std::string result;
  for (const char c : text) {
    result += c;
    if (c == '%') {
      result += c;
    }
  }
  return result;
}

}  // namespace

sql::TableName identity_sequence_name(const sql::TableName& table,
                                      const sql::Identifier& column) {
  return {table.schema, sql::Identifier(sql::shorten_name(fmt::format(
                            "{}_{}_seq", table.name.name(), column.name())))};
}

Statement let_writers_draw(const sql::TableName& sequence,
                           const sql::TableName& table) {
  return Statement::verbatim(fmt::format(
      "DO $pgexpand$ DECLARE command text; BEGIN FOR command IN"
      " SELECT pg_catalog.format('GRANT USAGE ON SEQUENCE %s TO %s', {},"
      " CASE r.grantee WHEN 0 THEN 'PUBLIC' ELSE"
      " pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r.grantee)) END)"
      " FROM (SELECT (pg_catalog.aclexplode(c.relacl)).* FROM"
      " pg_catalog.pg_class AS c WHERE c.oid = {}::pg_catalog.regclass UNION"
      " SELECT (pg_catalog.aclexplode(a.attacl)).* FROM"
      " pg_catalog.pg_attribute AS a WHERE a.attrelid ="
      " {}::pg_catalog.regclass) AS r WHERE r.privilege_type = 'INSERT'"
      " LOOP EXECUTE command; END LOOP; END $pgexpand$",
      sql::quote_literal(sequence.quoted()), sql::quote_literal(table.quoted()),
      sql::quote_literal(table.quoted())));
}

Statement sequence_to_identity(const sql::TableName& table,
                               const sql::Identifier& column,
                               const sql::TableName& sequence,
                               char kind) {
  const std::string target = percent_doubled(
      fmt::format("ALTER TABLE {} ALTER COLUMN {}", table, column));
  return with_position(
      sequence,
      fmt::format(
          "ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT; DROP SEQUENCE "
          "{}; {}",
          table, column, sequence,
          execute_with_n(fmt::format(
              "{} ADD GENERATED {} AS IDENTITY (SEQUENCE NAME {} START "
              "WITH %s)",
              target, kind_words(kind), percent_doubled(sequence.quoted())))));
}

Statement identity_to_sequence(const sql::TableName& table,
                               const sql::Identifier& column,
                               const sql::TableName& sequence,
                               const sql::Identifier& owner) {
  const std::string name = sequence.quoted();
  return with_position(
      sequence,
      fmt::format(
          "ALTER TABLE {0} ALTER COLUMN {1} DROP IDENTITY; {2} ALTER SEQUENCE "
          "{3} OWNER TO {4}; ALTER SEQUENCE {3} OWNED BY {0}.{1}; ALTER TABLE "
          "{0} ALTER COLUMN {1} SET DEFAULT "
          "pg_catalog.nextval({5}::pg_catalog.regclass);",
          table, column,
          execute_with_n(fmt::format("CREATE SEQUENCE {} START WITH %s",
                                     percent_doubled(name))),
          name, owner, sql::quote_literal(name)));
}

catalog::Sequence retyped(const catalog::Sequence& sequence,
                          const std::string& type) {
  const IntegerType* from = integer_type(sequence.type);
  const IntegerType* to = integer_type(type);
  if (from == nullptr || to == nullptr) {
    return sequence;
  }
  catalog::Sequence result = sequence;
  result.type = type;
  result.minimum = sequence.minimum == from->minimum
                       ? to->minimum
                       : std::max(sequence.minimum, to->minimum);
  result.maximum = sequence.maximum == from->maximum
                       ? to->maximum
                       : std::min(sequence.maximum, to->maximum);
  return result;
}

std::vector<Statement> retype_sequence(const sql::TableName& sequence,
                                       const std::string& type) {
  std::vector<Statement> statements;
  const IntegerType* to = integer_type(type);
  if (to != nullptr) {
    // Numbers beyond the type were drawn for rows that failed: none has one.
    statements.push_back(Statement::of(
        "SELECT pg_catalog.setval({}, LEAST(s.last_value, {}), s.is_called) "
        "FROM {} AS s WHERE s.last_value > {}",
        sql::Literal{sequence.quoted()}, to->maximum, sequence, to->maximum));
  }
  statements.push_back(
      Statement::of("ALTER SEQUENCE {} AS {}", sequence, sql::TypeName{type}));
  return statements;
}

Statement move_identity(const sql::TableName& table,
                        const Identifier& from,
                        const Identifier& to,
                        const catalog::Sequence& sequence,
                        char kind) {
  const std::string options = fmt::format(
      "INCREMENT BY {} MINVALUE {} MAXVALUE {} START WITH {} CACHE {}{}",
      sequence.increment, sequence.minimum, sequence.maximum, sequence.start,
      sequence.cache, sequence.cycle ? " CYCLE" : "");
  return do_block(fmt::format(fmt::runtime(move_identity_body), sequence.name,
                              sql::quote_literal(sequence.name.quoted()), table,
                              from, to, kind_words(kind), options));
}

}  // namespace pgexpand::ops
