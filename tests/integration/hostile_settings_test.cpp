// Defaults of the database, of the role, and of the role in the database, all
// set against us: the same result. hostile_server_test.cpp has one at a time.
#include "integration/flow.hpp"

#include <fmt/format.h>

namespace pgexpand::testing {
namespace {

constexpr int first_with_transaction_timeout = 170'000;

/// What a session of ours relies on, the other way round.
const std::vector<std::string> against_us{
    "search_path = 'pg_temp, nowhere'",
    "lock_timeout = 1",
    "statement_timeout = '400ms'",
    "idle_in_transaction_session_timeout = 800",
    "idle_session_timeout = 800",
    "default_transaction_isolation = 'serializable'",
    "default_transaction_read_only = on",
    "default_transaction_deferrable = on",
    "row_security = on",
    "TimeZone = 'Asia/Kathmandu'",
    "DateStyle = 'German'",
    "IntervalStyle = 'iso_8601'",
    "extra_float_digits = -15",
    "bytea_output = 'escape'",
    "xmloption = 'document'",
    "jit = on",
    "jit_above_cost = 0",
    "client_encoding = 'LATIN1'",
    "client_min_messages = 'error'",
    "enable_tidscan = off",
    "standard_conforming_strings = off",
    "array_nulls = off",
    "quote_all_identifiers = on",
    "transform_null_equals = on",
    "exit_on_error = on",
    "check_function_bodies = off",
    "default_tablespace = 'pg_global'",
    "temp_tablespaces = 'pg_global'",
    "application_name = '日本'",
    "synchronous_commit = off",
    "default_toast_compression = 'pglz'",
    "default_statistics_target = 1",
    "enable_seqscan = off",
    "plan_cache_mode = 'force_generic_plan'",
    "work_mem = '64kB'",
    "client_connection_check_interval = 0",
    "tcp_keepalives_idle = 1",
    "vacuum_cost_delay = 50",
    "createrole_self_grant = 'set, inherit'",
    "\"pgexpand.mode\" = 'backfill'",
};

/// One migration of each table: a column filled from values that read
/// differently under other settings, a type change and an index.
class HostileSettings : public Flow {
 protected:
  HostileSettings() {
    server_->run(
        sql::Statement::verbatim(fmt::format("CREATE ROLE {0} LOGIN", role_)));
    server_->run(sql::Statement::verbatim(fmt::format(
        "GRANT CREATE ON DATABASE {1} TO {0}", role_, database_.name())));
    database_.exec(fmt::format(
        "CREATE SCHEMA shop AUTHORIZATION {0}; SET ROLE {0};"
        "CREATE TABLE shop.orders (id bigint PRIMARY KEY, at timestamptz,"
        " f double precision, b bytea, s text);"
        "INSERT INTO shop.orders SELECT g, '2026-03-04 05:06:07Z'::timestamptz"
        " + g * interval '1 hour', g / 4.0, '\\x00ff', E'it''s \\\\ ' || g"
        " FROM generate_series(1, 300) AS g;",
        role_));
    database_.exec("CREATE TABLE public.expected AS SELECT id, " + up +
                   " AS v FROM shop.orders");
    std::string dsn = database_.dsn();
    const std::string superuser = "user=postgres";
    line_.variables["PGEXPAND_DSN"] =
        dsn.replace(dsn.find(superuser), superuser.size(), "user=" + role_);
  }

  /// From another database: what is set must not hold for the setting of it.
  void on_server(const std::string& sql) {
    server_->run(sql::Statement::verbatim(sql));
  }

  /// True if this server has the setting.
  bool set(const std::string& target, const std::string& setting) {
    const auto name = setting.substr(0, setting.find(' '));
    const bool is_known =
        name.front() == '"' ||
        server_->run(sql::Statement::of(
                         "SELECT count(*) FROM pg_settings WHERE lower(name)"
                         " = lower($1)"),
                     {name})
                .single() == "1";
    if (is_known) {
      on_server(fmt::format("ALTER {} SET {}", target, setting));
    }
    return is_known;
  }

  /// There, back, and there again, slowly enough for every timeout.
  void expect_the_same() {
    write_spec("1_column", "add_column",
               {"table: shop.orders", "column: v", "type: text",
                "up: " + yaml_quoted(up), "unique: {name: orders_v}"});
    write_spec("2_type", "alter_column",
               {"table: shop.orders", "column: f", "type: numeric"});
    for (const auto& words : std::vector<std::vector<std::string>>{
             {"plan"},
             {"apply", "1_column"},
             {"verify", "1_column"},
             {"rollback", "1_column"},
             {"apply", "1_column", "--through", "contract"},
             {"apply", "2_type", "--through", "contract"},
             {"doctor"}}) {
      auto all = words;
      all.insert(all.end(), {"--batch-rows", "100", "--pause", "150ms",
                             "--lock-hold", "20s"});
      EXPECT_EQ(line_.run(all), 0) << words.front() << line_.err << line_.out;
    }
    on_server(fmt::format("ALTER DATABASE {} RESET ALL", database_.name()));
    EXPECT_EQ(one("SELECT count(*) FROM shop.orders JOIN public.expected AS e"
                  " USING (id) WHERE orders.v = e.v"),
              "300");
    EXPECT_EQ(one("SELECT pg_typeof(f) FROM shop.orders LIMIT 1"), "numeric");
  }

  std::unique_ptr<pg::Session> server_ =
      pg::connect({.dsn = shared_server().dsn()}).session;
  std::string role_ = database_.name() + "_deployer";
  std::string up =
      "coalesce(s, '') || ' ' || encode(b, 'hex') || ' ' || id::text";
};

TEST_F(HostileSettings, OfTheDatabase) {
  for (const std::string& setting : against_us) {
    set("DATABASE " + database_.name(), setting);
  }
  if (server_->server_version_num() >= first_with_transaction_timeout) {
    ASSERT_TRUE(
        set("DATABASE " + database_.name(), "transaction_timeout = 1000"));
  }
  expect_the_same();
}

TEST_F(HostileSettings, OfTheRole) {
  for (const std::string& setting : against_us) {
    set("ROLE " + role_, setting);
  }
  if (server_->server_version_num() >= first_with_transaction_timeout) {
    ASSERT_TRUE(set("ROLE " + role_, "transaction_timeout = 1000"));
  }
  expect_the_same();
}

TEST_F(HostileSettings, OfTheRoleInTheDatabase) {
  const auto target =
      fmt::format("ROLE {} IN DATABASE {}", role_, database_.name());
  for (const std::string& setting : against_us) {
    set(target, setting);
  }
  expect_the_same();
}

}  // namespace
}  // namespace pgexpand::testing
