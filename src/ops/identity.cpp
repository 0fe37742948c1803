#include "ops/identity.hpp"

#include <fmt/format.h>

namespace pgexpand::ops {
namespace {

using sql::Statement;

std::string_view kind_words(char kind) {
  return kind == 'a' ? "ALWAYS" : "BY DEFAULT";
}

/// A DO block that runs `body` with the next value of `sequence` in n.
Statement with_position(const sql::TableName& sequence, std::string body) {
  return Statement::verbatim(fmt::format(
      "DO $pgexpand$ DECLARE n bigint; BEGIN "
      "SELECT CASE WHEN s.is_called THEN s.last_value + q.seqincrement ELSE "
      "s.last_value END INTO n FROM {} AS s, pg_catalog.pg_sequence AS q WHERE "
      "q.seqrelid = {}::pg_catalog.regclass; {} END $pgexpand$",
      sequence, sql::quote_literal(sequence.quoted()), body));
}

/// `EXECUTE format('… %s …', n);`
std::string execute_with_n(const std::string& pattern) {
  return fmt::format("EXECUTE pg_catalog.format({}, n);",
                     sql::quote_literal(pattern));
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

Statement move_identity(const sql::TableName& table,
                        const sql::Identifier& from,
                        const sql::Identifier& to,
                        const catalog::Sequence& sequence,
                        char kind) {
  const std::string options =
      fmt::format("INCREMENT BY {} MINVALUE {} START WITH {} CACHE {}{}",
                  sequence.increment, sequence.minimum, sequence.start,
                  sequence.cache, sequence.cycle ? " CYCLE" : "");
  return with_position(
      sequence.name,
      fmt::format(
          "ALTER TABLE {0} ALTER COLUMN {1} DROP IDENTITY; ALTER TABLE {0} "
          "ALTER COLUMN {2} ADD GENERATED {3} AS IDENTITY (SEQUENCE NAME {4} "
          "{5}); PERFORM pg_catalog.setval({6}::pg_catalog.regclass, n, "
          "false);",
          table, from, to, kind_words(kind), sequence.name, options,
          sql::quote_literal(sequence.name.quoted())));
}

}  // namespace pgexpand::ops
