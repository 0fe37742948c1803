// The sync function: BEFORE INSERT OR UPDATE, both directions in one body.
//
// A BEFORE row trigger may assign to NEW without recursion. UPDATE OF column
// lists would miss changes that other BEFORE triggers make, so there is none.
// SECURITY DEFINER as the table's owner: as the invoker it would need rights in
// our schema. SET search_path keeps operators from being hijacked.
#include "ops/sync_function.hpp"

#include "ops/sync_body.hpp"
#include "pgexpand/sql/own_names.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

using sql::Identifier;
using sql::Statement;

// The body is read in the session of the writer, which may take a backslash
// for an escape. Each SET costs each row, so no more than is needed.
sql::Settings pins(const SyncNames& names, std::string_view body) {
  sql::Settings settings = names.settings;
  if (body.find('\\') != std::string_view::npos) {
    settings.push_back({"standard_conforming_strings", "on"});
  }
  return settings;
}

}  // namespace

std::string dollar_quote(std::string_view body) {
  std::string tag = "$pgexpand$";
  for (int n = 1; body.find(tag) != std::string_view::npos; ++n) {
    tag = fmt::format("$pgexpand{}$", n);
  }
  return tag;
}

SyncNames sync_names(const catalog::Table& table,
                     const std::string& migration,
                     const Identifier& state_schema) {
  const std::string function =
      fmt::format("sync_{}_{}_{}", migration, table.name.schema.name(),
                  table.name.name.name());
  return {.function = {state_schema, Identifier(sql::shorten_name(function))},
          .trigger = sql::sync_trigger_name(migration),
          .state_schema = state_schema,
          .migration = migration};
}

Statement sync_function(const SyncNames& names,
                        const catalog::Table& table,
                        const SyncRules& rules) {
  const std::string body = sync_body(names, table, rules);
  const std::string quote = dollar_quote(body);
  return Statement::verbatim(fmt::format(
      "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql "
      "SECURITY DEFINER{} AS {}\n{}\n{}",
      names.function, sql::pinning(pins(names, body)).text, quote, body,
      quote));
}

std::vector<Statement> create_sync(const SyncNames& names,
                                   const catalog::Table& table,
                                   const SyncRules& rules,
                                   const std::string& user) {
  std::vector<Statement> statements{sync_function(names, table, rules)};
  if (table.owner != user) {
    const Identifier owner(table.owner);
    // ALTER … OWNER TO wants CREATE on the schema, for this moment only.
    statements.push_back(Statement::of("GRANT USAGE, CREATE ON SCHEMA {} TO {}",
                                       names.state_schema, owner));
    statements.push_back(Statement::of("ALTER FUNCTION {}() OWNER TO {}",
                                       names.function, owner));
    statements.push_back(Statement::of("REVOKE CREATE ON SCHEMA {} FROM {}",
                                       names.state_schema, owner));
    statements.push_back(Statement::of("GRANT INSERT ON {}.quarantine TO {}",
                                       names.state_schema, owner));
  }
  statements.push_back(
      Statement::of("REVOKE ALL ON FUNCTION {}() FROM PUBLIC", names.function));
  statements.push_back(Statement::of(
      "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW WHEN "
      "(pg_catalog.current_setting('pgexpand.mode', true) IS DISTINCT FROM "
      "'backfill') EXECUTE FUNCTION {}()",
      names.trigger, table.name, names.function));
  statements.push_back(Statement::of("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}",
                                     table.name, names.trigger));
  return statements;
}

std::vector<Statement> drop_sync(const SyncNames& names,
                                 const catalog::Table& table,
                                 bool may_be_published) {
  std::vector<Statement> statements{
      Statement::of("DROP TRIGGER {} ON {}", names.trigger, table.name)};
  if (may_be_published) {
    for (const Identifier& more : sql::version_trigger_names(names.trigger)) {
      statements.push_back(
          Statement::of("DROP TRIGGER IF EXISTS {} ON {}", more, table.name));
    }
  }
  statements.push_back(Statement::of("DROP FUNCTION {}()", names.function));
  return statements;
}

}  // namespace pgexpand::ops
