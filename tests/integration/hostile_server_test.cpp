// Settings, schemas and policies that were set against us: the same result, or
// a clear refusal, but never silently fewer rows.
#include "integration/flow.hpp"

#include <fmt/format.h>

namespace pgexpand::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Ne;
using ::testing::Not;

class HostileServer : public Flow {
 protected:
  HostileServer() {
    database_.exec(fmt::format(
        "CREATE ROLE {0} LOGIN; GRANT CREATE ON DATABASE {1} TO {0};"
        "CREATE SCHEMA shop AUTHORIZATION {0}; SET ROLE {0};"
        "CREATE TABLE shop.orders (id bigint PRIMARY KEY, status text,"
        " total integer);"
        "INSERT INTO shop.orders SELECT g, 'status ' || g, g"
        " FROM generate_series(1, 30) AS g;",
        role_, database_.name()));
    connect_as(role_);
  }

  void connect_as(const std::string& role) {
    std::string dsn = database_.dsn();
    const std::string superuser = "user=postgres";
    dsn.replace(dsn.find(superuser), superuser.size(), "user=" + role);
    line_.variables["PGEXPAND_DSN"] = dsn;
  }

  void add_column(const std::string& id,
                  const std::string& column,
                  const std::string& up = "upper(status)") const {
    write_spec(id, "add_column",
               {"table: shop.orders", "column: " + column, "type: text",
                "up: " + yaml_quoted(up)});
  }

  std::string rows(const std::string& condition) {
    return one("SELECT count(*) FROM shop.orders WHERE " + condition);
  }

  void expect_ok(const std::vector<std::string>& words) {
    EXPECT_EQ(run(words), 0) << line_.err << line_.out;
  }

  std::string role_ = database_.name() + "_deployer";
};

constexpr std::array settings{
    "statement_timeout = '200ms'",
    "lock_timeout = 1",
    "idle_in_transaction_session_timeout = 2000",
    "idle_session_timeout = 2000",
    "default_transaction_isolation = 'serializable'",
    "default_transaction_read_only = on",
    "default_transaction_deferrable = on",
    "row_security = on",
    "check_function_bodies = off",
    "standard_conforming_strings = off",
    "array_nulls = off",
    "quote_all_identifiers = on",
    "transform_null_equals = on",
    "exit_on_error = on",
    "client_encoding = 'LATIN1'",
    "client_min_messages = 'debug5'",
    "DateStyle = 'German'",
    "IntervalStyle = 'iso_8601'",
    "TimeZone = 'Asia/Kathmandu'",
    "bytea_output = 'escape'",
    "extra_float_digits = -15",
    "enable_tidscan = off",
    "default_tablespace = 'pg_global'",
    "application_name = '日本'",
    "search_path = ''",
    "search_path = 'pg_temp, nowhere'",
    "\"pgexpand.mode\" = 'backfill'",
};

TEST_F(HostileServer, NoDefaultOfTheRoleChangesTheResult) {
  int number = 100;
  for (const std::string setting : settings) {
    SCOPED_TRACE(setting);
    const auto id = fmt::format("{}_column", ++number);
    const auto column = fmt::format("c{}", number);
    add_column(id, column);
    database_.exec(fmt::format("ALTER ROLE {} SET {}", role_, setting));
    expect_ok({"apply", "--through", "contract"});
    EXPECT_EQ(rows(column + " = upper(status)"), "30");
    database_.exec(fmt::format("ALTER ROLE {} RESET ALL", role_));
    if (HasFailure()) break;
  }
}

TEST_F(HostileServer, AllDefaultsOfTheDatabaseTogetherChangeNothing) {
  const std::string before = dump();
  std::string script;
  for (const std::string setting : settings) {
    const bool stops_psql = setting.find("timeout") != std::string::npos ||
                            setting.starts_with("default_transaction");
    script +=
        fmt::format("ALTER {} {} SET {};", stops_psql ? "ROLE" : "DATABASE",
                    stops_psql ? role_ : database_.name(), setting);
  }
  database_.exec(script);
  add_column("1_column", "c1");
  expect_ok({"apply"});
  EXPECT_EQ(rows("c1 = upper(status)"), "30");
  expect_ok({"rollback", "1_column"});
  database_.exec(fmt::format("ALTER DATABASE {} RESET ALL", database_.name()));
  EXPECT_EQ(dump(), before);
}

// Each of them would be called, or would win, in a session with this path.
constexpr const char* evil_schema = R"(
CREATE SCHEMA evil;
CREATE FUNCTION evil.hijacked() RETURNS boolean VOLATILE LANGUAGE plpgsql
  AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END $$;
CREATE FUNCTION evil.yes(text, text) RETURNS boolean IMMUTABLE
  LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION evil.yes(integer, integer) RETURNS boolean IMMUTABLE
  LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION evil.yes(bigint, bigint) RETURNS boolean IMMUTABLE
  LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR evil.= (FUNCTION = evil.yes, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR evil.= (FUNCTION = evil.yes, LEFTARG = integer,
                        RIGHTARG = integer);
CREATE OPERATOR evil.= (FUNCTION = evil.yes, LEFTARG = bigint,
                        RIGHTARG = bigint);
CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE sql
  AS 'SELECT evil.hijacked()::text';
CREATE FUNCTION evil.current_setting(text, boolean) RETURNS text LANGUAGE sql
  AS 'SELECT evil.hijacked()::text';
CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql
  AS 'SELECT evil.hijacked()::text';
CREATE FUNCTION evil.to_regclass(text) RETURNS regclass LANGUAGE sql
  AS 'SELECT evil.hijacked()::text::regclass';
CREATE FUNCTION evil.upper(text) RETURNS text IMMUTABLE LANGUAGE sql
  AS 'SELECT ''EVIL''::text';
CREATE FUNCTION evil.left(text, integer) RETURNS text LANGUAGE sql
  AS 'SELECT evil.hijacked()::text';
CREATE TABLE evil.pg_class (oid oid);
CREATE TABLE evil.pg_locks (pid integer);
CREATE TABLE evil.pg_stat_activity (pid integer);
CREATE DOMAIN evil.bigint AS pg_catalog.int8 CHECK (evil.hijacked());
GRANT USAGE ON SCHEMA evil TO PUBLIC;
)";

class HostilePath : public HostileServer {
 protected:
  HostilePath() {
    database_.exec(evil_schema);
    database_.exec(fmt::format(
        "ALTER ROLE {} SET search_path = evil, pg_catalog, shop", role_));
  }
};

TEST_F(HostilePath, ItsOperatorsDecideNothing) {
  write_spec("1_rename", "rename_column",
             {"table: orders", "from: status", "to: state"});
  expect_ok({"apply"});
  EXPECT_EQ(rows("state = status"), "30");
  database_.exec(
      "SET search_path = evil, pg_catalog; UPDATE shop.orders"
      " SET status = 'by old code' WHERE id OPERATOR(pg_catalog.=) 3;"
      "INSERT INTO shop.orders (id, state) VALUES (31, 'by new code');");
  EXPECT_EQ(rows("state = 'by old code' AND id = 3"), "1");
  EXPECT_EQ(rows("status = 'by new code' AND id = 31"), "1");
  expect_ok({"verify", "1_rename"});
  expect_ok({"contract"});
  EXPECT_EQ(rows("state IS NOT NULL"), "31");
}

// What the user wrote means what it means to the user, everywhere.
TEST_F(HostilePath, TheUsersTextIsReadWithIt) {
  write_spec(
      "1_shout", "add_column",
      {"table: orders", "column: shout", "type: text", "up: upper(status)"});
  expect_ok({"apply"});
  EXPECT_EQ(rows("shout = 'EVIL'"), "30");
  database_.exec("UPDATE shop.orders SET status = 'x' WHERE id = 3");
  EXPECT_EQ(rows("shout = 'EVIL'"), "30");
  expect_ok({"rollback", "1_shout"});
}

TEST_F(HostilePath, AnotherTypeUnderTheSameNameIsRenamedWithout) {
  write_spec("1_total", "alter_column",
             {"table: orders", "column: total", "type: pg_catalog.int8"});
  expect_ok({"apply", "--through", "contract"});
  EXPECT_EQ(rows("total = id"), "30");
}

class RowSecurity : public HostileServer {
 protected:
  RowSecurity() {
    database_.exec(
        "CREATE POLICY ten ON shop.orders USING (id <= 10);"
        "ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;");
    add_column("1_column", "c1");
  }
  void force() {
    database_.exec("ALTER TABLE shop.orders FORCE ROW LEVEL SECURITY");
  }
};

TEST_F(RowSecurity, DoesNotHideRowsFromTheOwner) {
  expect_ok({"apply"});
  EXPECT_EQ(rows("c1 = upper(status)"), "30");
}

TEST_F(RowSecurity, ForcedOnTheOwnerIsAClosedGate) {
  force();
  const std::string before = dump();
  for (const std::string command : {"plan", "apply"}) {
    EXPECT_EQ(run({command}), 7);
    EXPECT_THAT(line_.err, HasSubstr("[rights.row-security]"));
    EXPECT_THAT(line_.err, HasSubstr("migrations/1_column.yaml:3:14"));
    EXPECT_THAT(line_.err, HasSubstr("ALTER ROLE \"" + role_ + "\" BYPASSRLS"));
  }
  EXPECT_EQ(dump(), before);
}

TEST_F(RowSecurity, IsPassedByARoleThatMayBypassIt) {
  force();
  database_.exec(fmt::format("ALTER ROLE {} BYPASSRLS", role_));
  expect_ok({"apply"});
  EXPECT_EQ(rows("c1 = upper(status)"), "30");
}

TEST_F(RowSecurity, ForcedMeanwhileFailsLoudly) {
  expect_ok({"apply", "--through", "expand"});
  force();
  EXPECT_THAT(run({"apply", "--accept-drift"}), AnyOf(1, 7)) << line_.err;
  EXPECT_THAT(one("SELECT completed FROM pgexpand.migration"), Ne("verify"));
  expect_ok({"rollback", "1_column"});
}

TEST_F(RowSecurity, ForcedAfterTheBackfillDoesNotVerifyFewerRows) {
  expect_ok({"apply", "--through", "backfill"});
  // As no application can: past the trigger.
  database_.exec(
      "SET pgexpand.mode = 'backfill';"
      "UPDATE shop.orders SET c1 = 'wrong' WHERE id = 20");
  force();
  EXPECT_THAT(run({"apply", "--accept-drift"}), Ne(0));
  EXPECT_EQ(one("SELECT completed FROM pgexpand.migration"), "backfill");
}

TEST_F(HostileServer, AReplicaRoleThatStaysIsAClosedGate) {
  const std::string before = dump();
  database_.exec(fmt::format(
      "ALTER ROLE {} SET session_replication_role = replica", role_));
  add_column("1_column", "c1");
  for (const std::string command : {"plan", "apply", "status"}) {
    EXPECT_EQ(run({command}), 7);
    EXPECT_THAT(line_.err, HasSubstr("session_replication_role"));
    EXPECT_THAT(line_.err, HasSubstr("ALTER ROLE"));
  }
  EXPECT_EQ(dump(), before);
}

TEST_F(HostileServer, AReplicaRoleThatMayBeLeftIsLeft) {
  database_.exec(
      fmt::format("ALTER DATABASE {} SET session_replication_role = replica;"
                  "ALTER DATABASE {} SET search_path = evil, public",
                  database_.name(), database_.name()));
  connect_as("postgres");
  add_column("1_column", "c1");
  expect_ok({"apply"});
  EXPECT_EQ(rows("c1 = upper(status)"), "30");
  database_.exec("UPDATE shop.orders SET status = 'x' WHERE id = 3");
  EXPECT_EQ(rows("c1 = upper(status)"), "30") << "the trigger is not ALWAYS";
}

}  // namespace
}  // namespace pgexpand::testing
