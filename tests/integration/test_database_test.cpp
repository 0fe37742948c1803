#include "support/test_database.hpp"

#include "pgexpand/sandbox/sandbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(TestDatabaseTest, EachOneIsEmptyAndItsOwn) {
  TestDatabase one;
  TestDatabase other;
  one.exec("CREATE TABLE orders (id int); INSERT INTO orders VALUES (7);");
  EXPECT_EQ(one.query_one("SELECT id FROM orders"), "7");
  EXPECT_EQ(other.query_one("SELECT to_regclass('orders')"), std::nullopt);
}

TEST(TestDatabaseTest, ItIsDroppedWithItsConnections) {
  TestDatabase witness;
  std::unique_ptr<pg::Session> left_open;
  std::string name;
  {
    const TestDatabase database;
    name = database.name();
    left_open = database.session();
  }
  EXPECT_EQ(witness.query_one("SELECT count(*) FROM pg_database WHERE "
                              "datname = '" +
                              name + "'"),
            "0");
}

TEST(TestDatabaseTest, ItIsUsableAfterACrashOfTheServer) {
  TestDatabase database;
  database.exec("CREATE TABLE orders (id int); INSERT INTO orders VALUES (7);");
  const auto session = database.session();
  shared_server().crash_and_restart();
  EXPECT_THROW(session->run(sql::Statement::verbatim("SELECT 1")), Error);
  EXPECT_EQ(database.query_one("SELECT id FROM orders"), "7");
}

TEST(TestDatabaseTest, TwoDumpsOfOneSchemaAreEqual) {
  TestDatabase database;
  database.exec("CREATE TABLE orders (id int); CREATE SCHEMA pgexpand;");
  const auto dump = schema_dump(database.dsn());
  EXPECT_THAT(dump, HasSubstr("CREATE TABLE public.orders"));
  EXPECT_THAT(dump, Not(HasSubstr("pgexpand")));
  EXPECT_EQ(dump, schema_dump(database.dsn()));
}

TEST(ProcessTest, OutputAndExitCodeAreCaptured) {
  const auto result =
      run_process({"sh", "-c", "cat; echo bad >&2; exit 3"}, {}, "good");
  EXPECT_EQ(result.out, "good");
  EXPECT_EQ(result.err, "bad\n");
  EXPECT_EQ(result.exit_code, 3);
}

TEST(ProcessTest, AKilledProcessIsReaped) {
  Process process({"sleep", "60"});
  EXPECT_TRUE(process.is_running());
  EXPECT_EQ(process.kill().exit_code, 128 + SIGKILL);
  EXPECT_FALSE(process.is_running());
}

}  // namespace
}  // namespace pgexpand::testing
