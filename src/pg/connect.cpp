#include "pg/dsn.hpp"
#include "pg/server_session.hpp"
#include "pg/settings.hpp"
#include "pgexpand/pg/session.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>
#include <vector>

namespace pgexpand::pg {
namespace {

constexpr int oldest_version = 140000;

// What pgbouncer says of PGOPTIONS; the server itself never does.
constexpr const char* unknown_to_poolers = "unsupported startup parameter";

Error behind_pooler(const std::string& what, const std::string& reason) {
  return Error(ErrorKind::refused, "pg.pooler",
               fmt::format("{} is a connection pooler{}", what, reason))
      .hint(
          "give --dsn the address of PostgreSQL itself: locks, settings and "
          "cancel requests do not survive a pooler");
}

std::unique_ptr<ServerSession> open(const ConnectOptions& options,
                                    const Dsn& dsn) {
  std::string reason;
  try {
    return std::make_unique<ServerSession>(dsn.conninfo, options.show_data,
                                           options.connect_timeout);
  } catch (const std::exception& error) {
    reason = scrub(error.what(), dsn);
  }
  // Thrown outside the handler: libpq's own text must not ride along.
  if (reason.find(unknown_to_poolers) != std::string::npos) {
    throw behind_pooler("the server", ": " + reason);
  }
  throw Error(ErrorKind::connection, "pg.cannot-connect",
              reason.empty() ? "cannot connect to the server"
                             : "cannot connect: " + reason)
      .hint(dsn.looks_misread
                ? "check the connection string: special characters of a "
                  "password must be percent-encoded in a URI"
                : "check that the server runs and that the connection string "
                  "names it");
}

std::string display_host(PGconn* connection) {
  const std::string host = PQhost(connection);
  return host.starts_with('/') ? host : host + ":" + PQport(connection);
}

// Everything is qualified and no operator is used: the search_path is not ours
// yet.
std::vector<std::string_view> settings_to_keep() {
  std::vector<std::string_view> names(sql::value_settings.begin(),
                                      sql::value_settings.end());
  names.insert(names.end(), sql::syntax_settings.begin(),
               sql::syntax_settings.end());
  return names;
}

sql::Expression current_settings() {
  std::string members;
  for (const std::string_view name : settings_to_keep()) {
    members += fmt::format("{0}'{1}', pg_catalog.current_setting('{1}')",
                           members.empty() ? "" : ", ", name);
  }
  return {fmt::format("pg_catalog.json_build_object({})", members)};
}

// What PGTZ, PGOPTIONS or the DSN say is not what the database says: another
// machine's run would give other values.
void warn_of_own(const Row& row, Arrival& arrival) {
  for (const auto& name : nlohmann::json::parse(row.at(8).value())) {
    const auto text = name.get<std::string>();
    const auto setting =
        std::ranges::find(arrival.settings, text, &sql::Setting::name);
    // A path in the DSN is what names mean there, and every run has it.
    if (setting != arrival.settings.end() && text != "search_path") {
      arrival.warnings.push_back(
          fmt::format("{} = {} comes from this machine (PGTZ, PGDATESTYLE, "
                      "PGOPTIONS or the DSN), not from the database: a run "
                      "elsewhere may compute other values",
                      text, setting->value));
    }
  }
}

Arrival read_arrival(ServerSession& session) {
  const Result result = session.run(sql::Statement::of(
      "SELECT pg_catalog.array_to_json(pg_catalog.current_schemas(false)), "
      "pg_catalog.pg_is_in_recovery(), pg_catalog.pg_backend_pid(), "
      "pg_catalog.current_database(), current_user, "
      "pg_catalog.current_setting('session_replication_role'), "
      "pg_catalog.current_setting('server_version'), {}, "
      "(SELECT COALESCE(pg_catalog.json_agg(s.name), '[]')"
      " FROM pg_catalog.pg_settings AS s"
      " WHERE s.source OPERATOR(pg_catalog.=) 'client'), "
      "(SELECT COALESCE(pg_catalog.json_agg(s.name), '[]') FROM"
      " pg_catalog.unnest(pg_catalog.current_schemas(false)) AS s (name)"
      " WHERE pg_catalog.has_schema_privilege('public', s.name, 'CREATE'))",
      current_settings()));
  const Row& row = result.rows.at(0);
  Arrival arrival;
  for (const auto& schema : nlohmann::json::parse(row.at(0).value())) {
    arrival.search_path.push_back(
        sql::quote_identifier(schema.get<std::string>()));
  }
  const int pid = std::stoi(row.at(2).value());
  session.set_backend(pid, {});
  arrival.behind_pooler = pid != PQbackendPID(session.raw());
  arrival.is_standby = row.at(1) == "t";
  arrival.host = display_host(session.raw());
  arrival.database = row.at(3).value();
  arrival.user = row.at(4).value();
  arrival.session_replication_role = row.at(5).value();
  arrival.server_version = row.at(6).value();
  const auto settings = nlohmann::json::parse(row.at(7).value());
  for (const std::string_view name : settings_to_keep()) {
    arrival.settings.push_back(
        {std::string(name), settings.at(name).get<std::string>()});
  }
  for (const auto& schema : nlohmann::json::parse(row.at(9).value())) {
    arrival.open_schemas.push_back(
        sql::quote_identifier(schema.get<std::string>()));
  }
  warn_of_own(row, arrival);
  return arrival;
}

void refuse_old_server(const ServerSession& session) {
  if (session.server_version_num() < oldest_version) {
    throw Error(ErrorKind::refused, "pg.server-too-old",
                fmt::format("the server is PostgreSQL {}; 14 or newer is "
                            "needed",
                            session.server_version_num() / 10000))
        .hint("upgrade the server");
  }
}

}  // namespace

Connection connect(const ConnectOptions& options) {
  Dsn dsn = read_dsn(options, process_environment);
  auto session = open(options, dsn);
  refuse_old_server(*session);
  Arrival arrival = read_arrival(*session);
  arrival.warnings.insert(arrival.warnings.begin(), dsn.warnings.begin(),
                          dsn.warnings.end());
  if (arrival.behind_pooler && !options.allow_pooler) {
    throw behind_pooler(arrival.host, ", not the server");
  }
  // A setting would stay on the pooled connection, for its next user.
  if (!arrival.behind_pooler) {
    make_settings(*session, options);
  }
  session->set_answer_limit(options.answer_limit);
  return {std::move(session), std::move(arrival)};
}

}  // namespace pgexpand::pg
