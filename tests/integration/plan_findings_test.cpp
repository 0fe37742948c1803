// What cannot work is found by plan, not by apply, and the way back loses
// nothing that was written while it began.
#include "integration/flow.hpp"
#include "pgexpand/pg/catalog_reader.hpp"

#include <fmt/format.h>

#include <chrono>
#include <future>
#include <thread>

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class PlanFindings : public Flow {
 protected:
  void write(const std::string& operations) const {
    line_.write("migrations/1_m.yaml", "operations:\n" + operations);
  }

  /// plan and apply both refuse it, and apply leaves the database as it was.
  void expect_found(int code, const std::string& finding) {
    const std::string before = schema_dump(database_.dsn(), "");
    for (const char* command : {"plan", "apply"}) {
      EXPECT_EQ(run({command}), code) << line_.out << line_.err;
      EXPECT_THAT(line_.err, HasSubstr("[" + finding + "]"));
    }
    EXPECT_EQ(schema_dump(database_.dsn(), ""), before);
  }

  void expect_ok(const std::vector<std::string>& words) {
    EXPECT_EQ(run(words), 0) << line_.err << line_.out;
  }
};

TEST_F(PlanFindings, OneNameForTwoIndexes) {
  database_.exec("CREATE TABLE t (id int PRIMARY KEY, a text, b text)");
  write(
      "  - create_index: {table: t, name: i, columns: [a]}\n"
      "  - create_index: {table: t, name: i, columns: [b]}\n");
  expect_found(2, "operation.repeated");
  EXPECT_THAT(line_.err, HasSubstr("1_m.yaml:3:"));
}

TEST_F(PlanFindings, NullForbiddenTwice) {
  database_.exec("CREATE TABLE t (id int PRIMARY KEY, a text)");
  write(
      "  - set_not_null: {table: t, column: a}\n"
      "  - set_not_null: {table: t, column: a}\n");
  expect_found(2, "operation.repeated");
}

TEST_F(PlanFindings, AFunctionThatTheSwitchMayNotAlter) {
  const std::string role = database_.name() + "_deployer";
  database_.exec(fmt::format(
      "CREATE ROLE {0} LOGIN; GRANT CREATE ON DATABASE {1} TO {0};"
      "CREATE SCHEMA shop AUTHORIZATION {0}; CREATE TABLE shop.t"
      " (id int PRIMARY KEY, n int, at timestamptz);"
      "ALTER TABLE shop.t OWNER TO {0};"
      "CREATE FUNCTION shop.stamp() RETURNS trigger LANGUAGE plpgsql AS"
      " 'BEGIN NEW.at := now(); RETURN NEW; END';"
      "CREATE TRIGGER a_stamp BEFORE INSERT ON shop.t FOR EACH ROW EXECUTE"
      " FUNCTION shop.stamp(); INSERT INTO shop.t VALUES (1, 1), (2, 2)",
      role, database_.name()));
  std::string dsn = database_.dsn();
  const std::string superuser = "user=postgres";
  line_.variables["PGEXPAND_DSN"] =
      dsn.replace(dsn.find(superuser), superuser.size(), "user=" + role);
  write("  - alter_column: {table: shop.t, column: n, type: bigint}\n");
  expect_found(7, "rights.trigger-function");
  EXPECT_THAT(line_.err, AllOf(HasSubstr("shop.stamp()"), HasSubstr("postgres"),
                               HasSubstr("ALTER FUNCTION shop.stamp() OWNER TO"
                                         " \"" +
                                         role + "\"")));
  database_.exec("ALTER FUNCTION shop.stamp() OWNER TO " + role);
  expect_ok({"apply", "--through", "contract"});
  EXPECT_EQ(one("SELECT pg_typeof(n) FROM shop.t LIMIT 1"), "bigint");
}

TEST_F(PlanFindings, AForeignKeyWhoseOtherSideStays) {
  database_.exec(
      "CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1);"
      "CREATE TABLE c (id int PRIMARY KEY, p_id int REFERENCES p);"
      "INSERT INTO c VALUES (1, 1)");
  write("  - alter_column: {table: c, column: p_id, type: numeric}\n");
  expect_found(7, "column.key-not-comparable");
  write(
      "  - alter_column: {table: p, column: id, type: text, down: id::int}\n");
  expect_found(7, "column.key-not-comparable");
  EXPECT_THAT(line_.err, AllOf(HasSubstr("c_p_id_fkey"), HasSubstr("integer"),
                               HasSubstr("text")));
  write("  - alter_column: {table: p, column: id, type: numeric}\n");
  expect_ok({"apply", "--through", "contract"});
}

/// The server's own answer is the measure.
TEST_F(PlanFindings, KeysAreComparableWhereTheServerTakesThem) {
  database_.exec(
      "CREATE DOMAIN d AS bigint; CREATE TYPE e AS ENUM ('a');"
      "CREATE TYPE other AS ENUM ('a'); CREATE TYPE r AS (a int);");
  const std::vector<std::string> types{
      "smallint", "int",          "bigint", "numeric", "real",   "text",
      "varchar",  "character(3)", "name",   "date",    "uuid",   "timestamp",
      "d",        "timestamptz",  "e",      "other",   "int[]",  "bigint[]",
      "cidr",     "inet",         "r",      "oid",     "text[]", "int4range",
      "bytea",    "varchar(5)[]", "jsonb"};
  auto connection = database_.connect();
  const auto catalog =
      pg::read_catalog(*connection.session, connection.arrival, {});
  int accepted = 0;
  for (const std::string& to : types) {
    database_.exec(fmt::format(
        "DROP TABLE IF EXISTS p; CREATE TABLE p (x {} PRIMARY KEY)", to));
    for (const std::string& from : types) {
      const auto answer =
          pg::ask(*connection.session, catalog,
                  {.types = {},
                   .expressions = {},
                   .keys = {{"k",
                             {.from = {.table = {},
                                       .column = {},
                                       .type = from,
                                       .is_user_type = true},
                              .to = {.table = {sql::Identifier("public"),
                                               sql::Identifier("p")},
                                     .column = sql::Identifier("x"),
                                     .type = {}}}}}})
              .keys.at("k");
      bool is_taken = true;
      try {
        database_.query("CREATE TABLE c (x " + from + " REFERENCES p)");
        database_.query("DROP TABLE c");
      } catch (const Error&) {
        is_taken = false;
      }
      accepted += is_taken ? 1 : 0;
      EXPECT_EQ(answer.is_comparable, is_taken) << from << " -> " << to;
    }
  }
  EXPECT_GT(accepted, 30);
}

TEST_F(PlanFindings, ARowWrittenWhileTheWayBackBeginsIsNotLost) {
  database_.exec(
      "CREATE TABLE t (id int PRIMARY KEY, n int);"
      "INSERT INTO t SELECT g, g FROM generate_series(1, 50) AS g");
  const std::string before = dump();
  write(
      "  - alter_column: {table: t, column: n, type: bigint, allow: "
      "[lossy]}\n");
  expect_ok({"apply", "--through", "switch"});
  std::future<int> done;  // ends after the writer, whatever happens
  const auto writer = database_.application();
  writer->run(sql::Statement::verbatim("BEGIN"));
  writer->run(sql::Statement::verbatim(
      "INSERT INTO t (id, n) VALUES (99, 5000000000)"));
  // The gate cannot see the row yet, and the undo waits for its writer.
  done = std::async(std::launch::async, [this] {
    return run({"rollback", "1_m"});
  });
  const std::string status =
      "SELECT count(*) FROM pgexpand.migration WHERE status = 'rolling_back'";
  for (int tries = 0; tries < 300 && one(status) == "0"; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(one(status), "1");
  writer->run(sql::Statement::verbatim("COMMIT"));
  EXPECT_EQ(done.get(), 7) << line_.err << line_.out;
  EXPECT_THAT(line_.err, AllOf(HasSubstr("[rollback.lossy]"),
                               HasSubstr("run pgexpand rollback 1_m again")));
  EXPECT_EQ(one("SELECT n FROM t WHERE id = 99"), "5000000000");
  EXPECT_THROW(
      database_.query("INSERT INTO t (id, n) VALUES (100, 6000000000)"), Error);
  database_.query("UPDATE t SET n = 5 WHERE id = 99");
  expect_ok({"rollback", "1_m"});
  EXPECT_EQ(dump(), before);
  EXPECT_EQ(one("SELECT n FROM t WHERE id = 99"), "5");
}

TEST_F(PlanFindings, TheCatalogIsReadInTheTransactionThatIsOpen) {
  auto connection = database_.connect();
  pg::Session& session = *connection.session;
  const catalog::Request request{
      .tables = {{sql::Identifier("public"), sql::Identifier("t")}},
      .indexes = {}};
  pg::Transaction transaction(session, {});
  session.run(sql::Statement::verbatim("CREATE TABLE public.t (id int)"));
  EXPECT_EQ(
      pg::read_catalog(session, connection.arrival, request).tables.size(), 1U);
  EXPECT_TRUE(session.in_transaction());
  session.run(sql::Statement::verbatim("INSERT INTO public.t VALUES (1)"));
  transaction.commit();
  EXPECT_EQ(one("SELECT count(*) FROM public.t"), "1");
}

}  // namespace
}  // namespace pgexpand::testing
