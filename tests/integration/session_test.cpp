#include "support/test_database.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace pgexpand::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

sql::Statement sql_text(std::string text) {
  return sql::Statement::verbatim(std::move(text));
}

std::optional<Error> error_of(pg::Session& session, const std::string& text) {
  try {
    session.run(sql_text(text));
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

std::optional<Error> error_of_commit(pg::Transaction& transaction) {
  try {
    transaction.commit();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

std::optional<Error> error_of_connect(const std::string& dsn) {
  try {
    (void)pg::connect({.dsn = dsn});
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

std::string setting(pg::Session& session, const std::string& name) {
  const auto result =
      session.run(sql_text("SELECT current_setting($1)"), {name});
  return result.single().value();
}

// Calls `act` once backend `pid` is busy with its statement.
template <typename Act>
std::thread when_busy(const TestDatabase& database, int pid, Act act) {
  return std::thread([&database, pid, act] {
    const auto watcher = database.session();
    const auto query = fmt::format(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE pid = {} AND wait_event = 'PgSleep'",
        pid);
    while (watcher->run(sql_text(query)).single() != "1") {
      std::this_thread::yield();
    }
    act();
  });
}

TEST(Session, HostileDefaultsOfTheDatabaseChangeNothing) {
  const TestDatabase database;
  std::string script;
  for (const char* hostile :
       {"statement_timeout = '200ms'", "lock_timeout = 1",
        "default_transaction_isolation = serializable",
        "default_transaction_read_only = on", "search_path = evil",
        "row_security = on", "\"TimeZone\" = 'Asia/Kolkata'",
        "\"DateStyle\" = 'German'", "client_encoding = 'LATIN1'",
        "idle_in_transaction_session_timeout = 1", "enable_tidscan = off",
        "standard_conforming_strings = off"}) {
    script +=
        fmt::format("ALTER DATABASE {} SET {};", database.name(), hostile);
  }
  database.exec(script);
  const auto session = database.session();
  EXPECT_EQ(setting(*session, "statement_timeout"), "0");
  EXPECT_EQ(setting(*session, "lock_timeout"), "300ms");
  EXPECT_EQ(setting(*session, "transaction_isolation"), "read committed");
  EXPECT_EQ(setting(*session, "transaction_read_only"), "off");
  EXPECT_EQ(setting(*session, "search_path"), "pg_catalog, pg_temp");
  EXPECT_EQ(setting(*session, "row_security"), "off");
  EXPECT_EQ(setting(*session, "TimeZone"), "UTC");
  EXPECT_EQ(setting(*session, "DateStyle"), "ISO, MDY");
  EXPECT_EQ(setting(*session, "client_encoding"), "UTF8");
  EXPECT_EQ(setting(*session, "enable_tidscan"), "on");
  EXPECT_EQ(setting(*session, "standard_conforming_strings"), "on");
}

TEST(Session, TheArrivalPathHoldsExistingSchemasQuoted) {
  const TestDatabase database;
  database.exec("CREATE SCHEMA \"Odd \"\"one\"");
  database.exec(fmt::format(
      "ALTER DATABASE {} SET search_path = missing, \"Odd \"\"one\", public",
      database.name()));
  const auto connection = database.connect();
  EXPECT_THAT(connection.arrival.search_path,
              ElementsAre("\"Odd \"\"one\"", "\"public\""));
  EXPECT_FALSE(connection.arrival.behind_pooler);
  EXPECT_FALSE(connection.arrival.is_standby);
  EXPECT_EQ(connection.arrival.database, database.name());
  EXPECT_EQ(connection.arrival.session_replication_role, "origin");
}

TEST(Session, AReplicationRoleOfReplicaIsSetBack) {
  const TestDatabase database;
  database.exec(
      fmt::format("ALTER DATABASE {} SET session_replication_role = replica",
                  database.name()));
  const auto connection = database.connect();
  EXPECT_EQ(connection.arrival.session_replication_role, "replica");
  EXPECT_EQ(setting(*connection.session, "session_replication_role"), "origin");
}

TEST(Session, TheBackendIsNamedAsTheServerSeesIt) {
  const TestDatabase database;
  const auto session = database.session();
  const auto seen =
      session->run(sql_text("SELECT pid, backend_start FROM pg_stat_activity "
                            "WHERE pid = pg_backend_pid()"));
  EXPECT_EQ(seen.rows[0][0], std::to_string(session->backend_pid()));
  EXPECT_EQ(seen.rows[0][1], session->backend_start());
}

TEST(Session, ParametersAndNullsComeBackAsTheyWent) {
  const TestDatabase database;
  const auto session = database.session();
  const auto result = session->run(sql_text("SELECT $1::text AS a, $2::int"),
                                   {std::string("it's"), std::nullopt});
  EXPECT_THAT(result.rows.at(0),
              ElementsAre(pg::Value("it's"), pg::Value(std::nullopt)));
  EXPECT_THAT(result.columns, ElementsAre("a", "int4"));
}

TEST(Session, SeveralStatementsInOneAreRefused) {
  const TestDatabase database;
  const auto session = database.session();
  const auto error = error_of(*session, "SELECT 1; SELECT 2");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->sqlstate(), "42601");
  EXPECT_EQ(error->kind(), ErrorKind::database);
}

TEST(Session, AnIndexIsBuiltConcurrently) {
  const TestDatabase database;
  database.exec("CREATE TABLE t (a int)");
  const auto session = database.session();
  const auto result =
      session->run(sql_text("CREATE INDEX CONCURRENTLY i ON public.t (a)"));
  EXPECT_EQ(result.tag, "CREATE INDEX");
}

TEST(Session, AnErrorNamesTheConstraintButNotTheRow) {
  const TestDatabase database;
  database.exec("CREATE TABLE t (a text CONSTRAINT one_a UNIQUE)");
  const auto session = database.session();
  session->run(sql_text("INSERT INTO public.t VALUES ('secret')"));
  const auto error =
      error_of(*session, "INSERT INTO public.t VALUES ('secret')");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->sqlstate(), "23505");
  EXPECT_THAT(error->message(), HasSubstr("constraint one_a"));
  EXPECT_THAT(error->message() + error->detail(), Not(HasSubstr("secret")));
}

TEST(Session, ShowDataShowsTheRow) {
  const TestDatabase database;
  const auto connection =
      pg::connect({.dsn = database.dsn(), .show_data = true});
  const auto error = error_of(*connection.session, "SELECT 'abc'::int");
  ASSERT_TRUE(error);
  EXPECT_THAT(error->message(), HasSubstr("abc"));
}

TEST(Session, ALockThatIsNotGrantedIsItsOwnKind) {
  const TestDatabase database;
  database.exec("CREATE TABLE t (a int)");
  const auto holder = database.session();
  const pg::Transaction held(*holder, {});
  holder->run(sql_text("LOCK TABLE public.t"));
  const auto session = database.session();
  const pg::Transaction waiting(*session,
                                {.lock = std::chrono::milliseconds{1}});
  const auto error = error_of(*session, "LOCK TABLE public.t");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::lock_timeout);
  EXPECT_EQ(error->sqlstate(), "55P03");
}

TEST(Session, ARaiseOfClass08IsNotALostLink) {
  const TestDatabase database;
  const auto session = database.session();
  const auto error = error_of(*session,
                              "DO $$BEGIN RAISE 'far away' USING ERRCODE = "
                              "'08006'; END$$");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::database);
  EXPECT_TRUE(session->is_open());
}

TEST(Session, ATerminatedBackendIsALostConnectionForGood) {
  const TestDatabase database;
  const auto session = database.session();
  database.exec(fmt::format("SELECT pg_terminate_backend({}, 5000)",
                            session->backend_pid()));
  for (int call = 0; call < 2; ++call) {
    const auto error = error_of(*session, "SELECT 1");
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::connection);
    EXPECT_THAT(error->message(), HasSubstr("due to administrator command"));
  }
  EXPECT_FALSE(session->is_open());
  EXPECT_FALSE(session->in_transaction());
}

TEST(Session, ALostLinkSaysWhatTheServerHadAgainstIt) {
  const TestDatabase database;
  const auto session = database.session();
  session->run(sql_text("BEGIN"));
  session->run(
      sql_text("SET LOCAL idle_in_transaction_session_timeout = '1ms'"));
  database.exec(fmt::format(
      "DO $$BEGIN WHILE EXISTS (SELECT FROM pg_stat_activity WHERE pid = {})"
      " LOOP PERFORM pg_stat_clear_snapshot(), pg_sleep(0.01);"
      " END LOOP; END$$",
      session->backend_pid()));
  for (int call = 0; call < 2; ++call) {
    const auto error = error_of(*session, "SELECT 1");
    ASSERT_TRUE(error);
    EXPECT_THAT(error->message(), HasSubstr("idle-in-transaction timeout"));
    EXPECT_EQ(error->sqlstate(), "25P03");
  }
}

TEST(Session, CancelEndsTheStatementAndKeepsTheSession) {
  const TestDatabase database;
  const auto session = database.session();
  auto canceller =
      when_busy(database, session->backend_pid(), [&] { session->cancel(); });
  const auto error = error_of(*session, "SELECT pg_sleep(60)");
  canceller.join();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->sqlstate(), "57014");
  EXPECT_EQ(session->run(sql_text("SELECT 1")).single(), "1");
}

TEST(Session, ShutDownEndsAHungCall) {
  const TestDatabase database;
  const auto session = database.session();
  auto helper = when_busy(database, session->backend_pid(),
                          [&] { session->shut_down(); });
  const auto error = error_of(*session, "SELECT pg_sleep(60)");
  helper.join();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::connection);
  EXPECT_THAT(error->message(), HasSubstr("server closed the connection"));
}

TEST(Session, NoticesAreTakenOnce) {
  const TestDatabase database;
  const auto session = database.session();
  session->run(sql_text("DO $$BEGIN RAISE WARNING 'look'; END$$"));
  const auto notices = session->take_notices();
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].severity, "WARNING");
  EXPECT_EQ(notices[0].message, "look");
  EXPECT_TRUE(session->take_notices().empty());
}

TEST(Session, AReadOnlySessionCannotWrite) {
  const TestDatabase database;
  const auto connection =
      pg::connect({.dsn = database.dsn(), .read_only = true});
  const auto error =
      error_of(*connection.session, "CREATE TABLE public.t (a int)");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->sqlstate(), "25006");
}

TEST(Transaction, SetsItsTimeoutsAndLeavesNoneBehind) {
  const TestDatabase database;
  const auto session = database.session();
  {
    pg::Transaction transaction(*session,
                                {.lock = std::chrono::milliseconds{123},
                                 .statement = std::chrono::milliseconds{456}});
    EXPECT_TRUE(session->in_transaction());
    EXPECT_EQ(setting(*session, "lock_timeout"), "123ms");
    EXPECT_EQ(setting(*session, "statement_timeout"), "456ms");
    transaction.commit();
  }
  EXPECT_FALSE(session->in_transaction());
  EXPECT_EQ(setting(*session, "lock_timeout"), "300ms");
}

TEST(Transaction, RollsBackWhenItGoesOutOfScope) {
  TestDatabase database;
  const auto session = database.session();
  {
    const pg::Transaction transaction(*session, {});
    session->run(sql_text("CREATE TABLE public.t (a int)"));
  }
  EXPECT_EQ(database.query_one("SELECT to_regclass('public.t')"), std::nullopt);
}

TEST(Transaction, ACommitAnsweredWithRollbackThrows) {
  const TestDatabase database;
  const auto session = database.session();
  pg::Transaction transaction(*session, {});
  EXPECT_TRUE(error_of(*session, "SELECT 1/0"));
  const auto error = error_of_commit(transaction);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), "pg.commit-rolled-back");
  EXPECT_FALSE(session->in_transaction());
}

TEST(Transaction, ALinkLostDuringCommitIsInDoubt) {
  const TestDatabase database;
  database.exec(
      "CREATE TABLE t (a int);"
      "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
      "PERFORM pg_terminate_backend(pg_backend_pid()); "
      "PERFORM pg_sleep(60); RETURN NULL; END$$;"
      "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON t DEFERRABLE INITIALLY "
      "DEFERRED FOR EACH ROW EXECUTE FUNCTION die()");
  const auto session = database.session();
  pg::Transaction transaction(*session, {});
  session->run(sql_text("INSERT INTO public.t VALUES (1)"));
  const auto error = error_of_commit(transaction);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::in_doubt);
}

TEST(Transaction, ACommitOnADeadLinkIsNotInDoubt) {
  const TestDatabase database;
  const auto session = database.session();
  pg::Transaction transaction(*session, {});
  database.exec(fmt::format("SELECT pg_terminate_backend({}, 5000)",
                            session->backend_pid()));
  EXPECT_TRUE(error_of(*session, "SELECT 1"));
  const auto error = error_of_commit(transaction);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::connection);
}

TEST(Connect, AnUnreadableDsnIsNotEchoed) {
  const auto error = error_of_connect("host=h passwort=hunter2");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::usage);
  EXPECT_EQ(error->code(), "pg.bad-dsn");
  EXPECT_THAT(error->message() + error->hint(), Not(HasSubstr("hunter2")));
}

TEST(Connect, ASecretIsNotEchoedWhenTheServerIsAway) {
  for (const char* dsn : {"host=/nonexistent password=hunter2 dbname=d",
                          "postgresql://u:hunter2@127.0.0.1:1/hunter2",
                          "postgresql://u:p@hunter2@127.0.0.1:1/d",
                          "postgresql://u:hunter2/x@127.0.0.1/d"}) {
    const auto error = error_of_connect(dsn);
    ASSERT_TRUE(error) << dsn;
    EXPECT_THAT(error->message() + error->hint() + error->detail(),
                Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace pgexpand::testing
