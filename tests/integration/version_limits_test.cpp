// What a view cannot do that a table can, measured through a published version:
// docs/version-schemas-limits.md says so line by line. Each test first shows
// that the table can, so it fails when a server learns it.
#include "cli/command_line.hpp"
#include "support/test_database.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace pgexpand::testing {
namespace {

using sql::Statement;

struct Server {
  Server() {
    database.exec(
        "CREATE TABLE orders (id serial CONSTRAINT orders_key PRIMARY KEY,"
        " number bigint GENERATED ALWAYS AS IDENTITY, status text NOT NULL"
        " DEFAULT 'new', note text);"
        "INSERT INTO orders (status) SELECT 's' || g"
        " FROM generate_series(1, 9) AS g");
    cli::CommandLine line;
    line.variables["PGEXPAND_DSN"] = database.dsn();
    line.write("pgexpand.yaml", "versions: views\n");
    line.write("migrations/1_index.yaml",
               "operations:\n  - create_index: {table: orders, columns:"
               " [status]}\n  - rename_column: {table: orders, from: note, to:"
               " remark}\n");
    if (line.run({"apply", "1_index", "--through", "switch"}) != 0) {
      throw std::runtime_error(line.err);
    }
    session = database.application();
  }
  TestDatabase database;
  std::unique_ptr<pg::Session> session;
};

class VersionLimits : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server() = std::make_unique<Server>(); }
  static void TearDownTestSuite() { server().reset(); }
  static std::unique_ptr<Server>& server() {
    static std::unique_ptr<Server> one;
    return one;
  }
  void SetUp() override { say("BEGIN"); }
  void TearDown() override { say("ROLLBACK"); }

  pg::Result say(const std::string& sql) {
    return server()->session->run(Statement::verbatim(sql));
  }
  std::string one(const std::string& query) {
    return say(query).single().value_or("NULL");
  }
  /// SQLSTATE of the statement's error, or "" if it worked. Leaves nothing.
  std::string error_of(const std::string& sql) {
    say("SAVEPOINT here");
    std::string state;
    try {
      say(sql);
    } catch (const Error& error) {
      state = error.sqlstate();
    }
    say("ROLLBACK TO here");
    return state;
  }
  /// `pattern` with {} for the relation: fine for the table, `sqlstate` for
  /// the view.
  void expect_only_table(const std::string& pattern,
                         const std::string& sqlstate) {
    const auto of = [&](const char* relation) {
      return error_of(fmt::format(fmt::runtime(pattern), relation));
    };
    EXPECT_EQ(of("public.orders"), "") << pattern;
    EXPECT_EQ(of("public_1_index.orders"), sqlstate) << pattern;
  }
  void expect_both(const std::string& pattern) {
    expect_only_table(pattern, "");
  }
};

constexpr const char* wrong_object = "42809";
constexpr const char* undefined_column = "42703";
constexpr const char* not_supported = "0A000";

TEST_F(VersionLimits, CopyFromNeedsATriggerInsteadOfInsert) {
  const std::string copy = "COPY {} (status) FROM PROGRAM 'echo copied'";
  expect_only_table(copy, wrong_object);
  say("CREATE FUNCTION public.put() RETURNS trigger LANGUAGE plpgsql AS $$"
      "BEGIN INSERT INTO public.orders (status) VALUES (NEW.status);"
      " RETURN NEW; END $$");
  say("CREATE TRIGGER put INSTEAD OF INSERT ON public_1_index.orders"
      " FOR EACH ROW EXECUTE FUNCTION public.put()");
  say("COPY public_1_index.orders (status) FROM PROGRAM 'echo copied'");
  EXPECT_EQ(one("SELECT count(*) FROM public.orders WHERE status = 'copied'"),
            "1");
}

// Why pgexpand does not make such a trigger itself.
TEST_F(VersionLimits, ATriggerInsteadOfInsertEndsUpserts) {
  const std::string upsert =
      "INSERT INTO {} (id, status) VALUES (1, 'x')"
      " ON CONFLICT (id) DO UPDATE SET status = 'x'";
  expect_both(upsert);
  say("CREATE FUNCTION public.put() RETURNS trigger LANGUAGE plpgsql AS $$"
      "BEGIN RETURN NEW; END $$");
  say("CREATE TRIGGER put INSTEAD OF INSERT ON public_1_index.orders"
      " FOR EACH ROW EXECUTE FUNCTION public.put()");
  expect_only_table(upsert, "42P10");
}

TEST_F(VersionLimits, CopyToNeedsAQuery) {
  expect_only_table("COPY {} (id) TO PROGRAM 'cat > /dev/null'", wrong_object);
  expect_both("COPY (SELECT id FROM {}) TO PROGRAM 'cat > /dev/null'");
}

TEST_F(VersionLimits, TruncateIsForTables) {
  expect_only_table("TRUNCATE {}", wrong_object);
  expect_both("DELETE FROM {}");
}

TEST_F(VersionLimits, SerialSequencesHangOnTheTable) {
  EXPECT_EQ(one("SELECT pg_get_serial_sequence('public.orders', 'id')"),
            "public.orders_id_seq");
  EXPECT_EQ(one("SELECT pg_get_serial_sequence('public_1_index.orders', 'id')"),
            "NULL");
  say("SET LOCAL search_path = public_1_index, public");
  EXPECT_EQ(one("SELECT pg_get_serial_sequence('orders', 'number')"), "NULL");
  const std::string id =
      one("INSERT INTO orders (status) VALUES ('x') RETURNING number");
  EXPECT_EQ(one("SELECT lastval()"), id);
  EXPECT_NE(one("SELECT nextval('orders_id_seq')"), "NULL");
}

TEST_F(VersionLimits, AnIdentityIsNoDefaultForAnUpdate) {
  expect_only_table("UPDATE {} SET number = DEFAULT", "428C9");
  expect_both("INSERT INTO {} (number) VALUES (DEFAULT)");
}

TEST_F(VersionLimits, ConstraintsHaveNoNamesThere) {
  expect_only_table(
      "INSERT INTO {} (id) VALUES (1) ON CONFLICT ON CONSTRAINT orders_key"
      " DO NOTHING",
      "42704");
  expect_both("INSERT INTO {} (id) VALUES (1) ON CONFLICT (id) DO NOTHING");
}

TEST_F(VersionLimits, ForeignKeysReferToTables) {
  expect_only_table("CREATE TABLE public.items (o integer REFERENCES {})",
                    wrong_object);
}

TEST_F(VersionLimits, MergeIsForTablesBefore17) {
  const int version = server()->session->server_version_num();
  if (version < 150000) {
    GTEST_SKIP() << "PostgreSQL 14 has no MERGE";
  }
  expect_only_table(
      "MERGE INTO {} AS o USING (VALUES (1)) AS v (id) ON o.id = v.id"
      " WHEN MATCHED THEN DELETE",
      version < 170000 ? not_supported : "");
}

TEST_F(VersionLimits, ThereAreNoSystemColumns) {
  for (const char* column : {"ctid", "xmin", "tableoid"}) {
    expect_only_table(fmt::format("SELECT {} FROM {{}}", column),
                      undefined_column);
  }
}

TEST_F(VersionLimits, ACursorsRowCannotBeNamed) {
  say("DECLARE here CURSOR FOR SELECT * FROM public.orders FOR UPDATE");
  say("FETCH here");
  EXPECT_EQ(error_of("DELETE FROM public.orders WHERE CURRENT OF here"), "");
  say("DECLARE there CURSOR FOR SELECT * FROM public_1_index.orders FOR "
      "UPDATE");
  say("FETCH there");
  EXPECT_EQ(error_of("DELETE FROM public_1_index.orders WHERE CURRENT OF"
                     " there"),
            not_supported);
}

TEST_F(VersionLimits, SamplesAreTakenOfTables) {
  expect_only_table("SELECT * FROM {} TABLESAMPLE SYSTEM (10)", not_supported);
}

// The key is known to make the other columns unique; of a view nobody knows.
TEST_F(VersionLimits, GroupByKeyDoesNotCoverTheOtherColumns) {
  expect_only_table("SELECT id, status FROM {} GROUP BY id", "42803");
  expect_both("SELECT id, status FROM {} GROUP BY id, status");
}

TEST_F(VersionLimits, AFunctionOfTheTablesRowTypeTakesNoRowOfIt) {
  say("CREATE FUNCTION public.shout(public.orders) RETURNS text LANGUAGE sql"
      " AS $$ SELECT upper($1.status) $$");
  expect_only_table("SELECT public.shout(o) FROM {} AS o", "42883");
}

TEST_F(VersionLimits, IndexesAndTablesTriggersAreMadeOnTables) {
  expect_only_table("CREATE INDEX ON {} (status)", wrong_object);
  expect_only_table(
      "CREATE TRIGGER t BEFORE UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION"
      " suppress_redundant_updates_trigger()",
      wrong_object);
  expect_only_table("ALTER TABLE {} ADD COLUMN more text", wrong_object);
}

// Programs that read the catalog find no key, and NULL allowed everywhere.
TEST_F(VersionLimits, TheCatalogTellsLessOfAView) {
  const auto told = [&](const std::string& schema) {
    return one(fmt::format(
        "SELECT ROW(is_nullable, column_default IS NULL, (SELECT count(*) FROM"
        " information_schema.table_constraints WHERE table_schema = '{0}' AND"
        " constraint_type = 'PRIMARY KEY')) FROM information_schema.columns"
        " WHERE table_schema = '{0}' AND table_name = 'orders' AND column_name"
        " = 'status'",
        schema));
  };
  EXPECT_EQ(told("public"), "(NO,f,1)");
  EXPECT_EQ(told("public_1_index"), "(YES,f,0)");
}

TEST_F(VersionLimits, WhatAViewCanDoToo) {
  for (const char* pattern :
       {"LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
        "SELECT * FROM {} WHERE id = 3 FOR NO KEY UPDATE SKIP LOCKED",
        "INSERT INTO {} (number) OVERRIDING SYSTEM VALUE VALUES (99)",
        "INSERT INTO {} DEFAULT VALUES RETURNING *",
        "INSERT INTO {} (id) VALUES (DEFAULT)",
        "UPDATE {} SET status = DEFAULT",
        "WITH w AS (UPDATE {} SET status = 'x' RETURNING *) SELECT FROM w",
        "DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT * FROM {}"}) {
    expect_both(pattern);
  }
}

}  // namespace
}  // namespace pgexpand::testing
