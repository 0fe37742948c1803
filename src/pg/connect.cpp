#include "pg/dsn.hpp"
#include "pg/server_session.hpp"
#include "pg/settings.hpp"
#include "pgexpand/pg/session.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

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
Arrival read_arrival(ServerSession& session) {
  const Result result = session.run(sql::Statement::of(
      "SELECT pg_catalog.array_to_json(pg_catalog.current_schemas(false)), "
      "pg_catalog.pg_is_in_recovery(), pg_catalog.pg_backend_pid(), "
      "pg_catalog.current_database(), current_user, "
      "pg_catalog.current_setting('session_replication_role'), "
      "pg_catalog.current_setting('server_version')"));
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
  arrival.warnings = std::move(dsn.warnings);
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
