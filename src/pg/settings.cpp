#include "pg/settings.hpp"

#include "pg/arrays.hpp"
#include "pgexpand/sql/settings.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace pgexpand::pg {
namespace {

struct Setting {
  std::string name;
  std::string value;  ///< As current_setting() spells it.
};

std::vector<Setting> settings_for(const ConnectOptions& options,
                                  int server_version_num) {
  std::vector<Setting> settings{
      {"search_path", sql::own_path},
      {"lock_timeout", "300ms"},
      {"statement_timeout", "0"},
      // A runner that was stopped in a transaction must not hold its locks.
      {"idle_in_transaction_session_timeout", "30s"},
      {"idle_session_timeout", "0"},
      {"default_transaction_isolation", "read committed"},
      {"default_transaction_read_only", options.read_only ? "on" : "off"},
      {"default_transaction_deferrable", "off"},
      {"row_security", "off"},
      {"TimeZone", "UTC"},
      {"DateStyle", "ISO, MDY"},
      {"IntervalStyle", "postgres"},
      {"extra_float_digits", "1"},
      {"bytea_output", "hex"},
      {"xmloption", "content"},
      {"jit", "off"},
      {"client_encoding", "UTF8"},
      {"enable_tidscan", "on"},
      {"client_min_messages", "notice"},
      {"standard_conforming_strings", "on"},
      {"array_nulls", "on"},
      {"quote_all_identifiers", "off"},
      {"transform_null_equals", "off"},
      // Or the first lock that is not granted would end the session.
      {"exit_on_error", "off"},
      {"check_function_bodies", "on"},
      {"default_tablespace", ""},
      {"default_table_access_method", "heap"},
      {"application_name", sql::shorten_name(options.application_name)},
  };
  if (server_version_num >= 170000) {
    settings.push_back({"transaction_timeout", "0"});
  }
  return settings;
}

void compare(const std::vector<Setting>& wanted,
             const std::vector<Row>& found) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    // The server replaces what is not ASCII here, and nothing rests on it.
    if (wanted[i].name != "application_name" &&
        found.at(i).at(0) != wanted[i].value) {
      throw Error(ErrorKind::refused, "pg.setting-refused",
                  "the server does not keep " + wanted[i].name + " = " +
                      wanted[i].value)
          .hint(
              "connect to the server itself, not through a proxy that "
              "changes settings");
    }
  }
}

sql::Statement set_all() {
  return sql::Statement::of(
      "SELECT pg_catalog.set_config(s.key, s.value, false) "
      "FROM pg_catalog.json_each_text($1::pg_catalog.json) AS s");
}

sql::Statement read_back() {
  return sql::Statement::of(
      "SELECT pg_catalog.current_setting(s.name) FROM "
      "pg_catalog.unnest($1::pg_catalog.text[]) WITH "
      "ORDINALITY AS s(name, place) ORDER BY s.place");
}

void fire_ordinary_triggers(Session& session) {
  try {
    session.run(sql::Statement::of("SET session_replication_role = origin"));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::database) {
      throw;
    }
    throw Error(ErrorKind::refused, "pg.replication-role",
                "session_replication_role is not origin, and this role may "
                "not change it")
        .hint("reset it: ALTER ROLE … RESET session_replication_role");
  }
}

}  // namespace

// In one go. The limit first: whatever the role's default is, it may be too
// short for the others. The last one lets the server look after a vanished
// client during long statements; not every platform can, and nothing rests on
// it.
void make_settings(ServerSession& session, const ConnectOptions& options) {
  const auto settings = settings_for(options, session.server_version_num());
  std::vector<std::string> names;
  nlohmann::json values = nlohmann::json::object();
  for (const auto& setting : settings) {
    names.push_back(setting.name);
    values[setting.name] = setting.value;
  }
  session.queue(sql::Statement::of("SET statement_timeout = 0"));
  session.queue(set_all(), {values.dump()});
  const std::size_t at_found = session.queued();
  session.queue(read_back(), {array_literal(names)});
  // After our settings, so that its spelling is the same for every reader.
  session.queue(
      sql::Statement::of("SELECT backend_start,"
                         " current_setting('session_replication_role') "
                         "FROM pg_stat_activity WHERE pid = pg_backend_pid()"));
  session.queue(
      sql::Statement::of("SET client_connection_check_interval = 5000"));
  const Answers answers = session.flush();
  if (answers.results.size() <= at_found + 1 ||
      (answers.error && answers.error->kind() != ErrorKind::database)) {
    answers.check();
  }
  compare(settings, answers.results.at(at_found).rows);
  const Row& backend = answers.results.at(at_found + 1).rows.at(0);
  session.set_backend(session.backend_pid(), backend.at(0).value_or(""));
  if (backend.at(1) != "origin") {
    fire_ordinary_triggers(session);
  }
}

}  // namespace pgexpand::pg
