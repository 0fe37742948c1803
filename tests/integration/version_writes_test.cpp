// Between switch and contract: a statement through either version, or on the
// tables as old code knows them, does what it does to a table without pgexpand,
// answers the same, and the other version shows what up or down make of it.
#include "cli/command_line.hpp"
#include "support/test_database.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace pgexpand::testing {
namespace {

using sql::Statement;

// Columns for a change of type with and without up and down, a new default,
// one that goes, a new name, a column to drop; label is added. Each stands in
// the new version where it stood.
constexpr const char* tables = R"(
CREATE TABLE public.orders (id bigint PRIMARY KEY, status text DEFAULT 's1',
  amount integer NOT NULL DEFAULT 5, tag text DEFAULT 'old',
  kept text DEFAULT 'k', note text, code integer NOT NULL);
INSERT INTO orders SELECT g, 's' || g, g * 10, 't' || g, 'k' || g, 'n' || g, g
FROM generate_series(1, 20) AS g;
UPDATE orders SET status = NULL, note = NULL WHERE id = 20;
CREATE SCHEMA plain_old;
CREATE TABLE plain_old.orders (LIKE public.orders INCLUDING ALL);
INSERT INTO plain_old.orders SELECT * FROM orders;
CREATE SCHEMA plain_new;
CREATE TABLE plain_new.orders (id bigint PRIMARY KEY, status integer DEFAULT 7,
  amount bigint NOT NULL DEFAULT 5, tag text DEFAULT 'new',
  kept text, remark text, label text);
INSERT INTO plain_new.orders SELECT id, substr(status, 2)::int, amount, tag,
  kept, note, status || '/' || amount FROM orders;
)";

constexpr const char* migration = R"(
operations:
  - alter_column: {table: orders, column: status, type: integer, default: '7',
      up: 'substr(status, 2)::int', down: "'s' || status"}
  - alter_column: {table: orders, column: amount, type: bigint}
  - alter_column: {table: orders, column: tag, default: "'new'"}
  - alter_column: {table: orders, column: kept, default: null}
  - rename_column: {table: orders, from: note, to: remark}
  - drop_column: {table: orders, column: code, down: '0'}
  - add_column: {table: orders, column: label, type: text,
      up: "status || '/' || amount"}
)";

/// What each version shows, and what the other one must make of it.
constexpr const char* old_rows =
    "SELECT id, status, amount, tag, kept, note, code FROM {}.orders";
constexpr const char* new_rows =
    "SELECT id, status, amount, tag, kept, remark, label FROM {}.orders";
constexpr const char* up_rows =
    "SELECT id, substr(status, 2)::int, amount, tag, kept, note,"
    " status || '/' || amount FROM {}.orders";
// New code leaves code as it is, and 0 in rows of its own.
constexpr const char* down_rows =
    "SELECT id, 's' || status, amount::integer, tag, kept, remark,"
    " CASE WHEN id <= 20 THEN id WHEN id > 1000 THEN id - 1000 ELSE 0 END"
    " FROM {}.orders";

struct World {
  World() {
    database.exec(tables);
    line.variables["PGEXPAND_DSN"] = database.dsn();
    line.write("pgexpand.yaml", "versions: views\n");
    line.write("migrations/0_base.yaml",
               "operations:\n  - create_index: {table: orders, columns:"
               " [tag]}\n");
    line.write("migrations/1_change.yaml", migration);
    run({"apply", "0_base"});
    run({"contract", "0_base"});
    run({"apply", "1_change", "--through", "switch"});
    session = database.application();
  }
  void run(const std::vector<std::string>& words) {
    if (line.run(words) != 0) {
      throw std::runtime_error(line.err + line.out);
    }
  }
  TestDatabase database;
  cli::CommandLine line;
  std::unique_ptr<pg::Session> session;
};

class VersionWrites : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { world() = std::make_unique<World>(); }
  static void TearDownTestSuite() { world().reset(); }
  static std::unique_ptr<World>& world() {
    static std::unique_ptr<World> one;
    return one;
  }

  void SetUp() override { say("BEGIN"); }
  void TearDown() override { say("ROLLBACK"); }

  pg::Result say(const std::string& sql) {
    return world()->session->run(Statement::verbatim(sql));
  }
  pg::Result say_in(const std::string& search_path, const std::string& sql) {
    say("SET LOCAL search_path = " + search_path);
    return say(sql);
  }
  std::string one(const std::string& query) {
    return say(query).single().value_or("NULL");
  }
  /// status in both versions, and tag.
  std::string shown_of_101() {
    return one(
        "SELECT ROW(o.status, n.status, n.tag) FROM public_0_base.orders"
        " AS o JOIN public_1_change.orders AS n USING (id)"
        " WHERE id = 101");
  }
  /// "" if the two queries give the same rows.
  std::string differences(const std::string& there, const std::string& here) {
    return one(fmt::format(
        "SELECT coalesce(string_agg(d::text, '; '), '') FROM"
        " ((SELECT 'too much', * FROM (({0}) EXCEPT ALL ({1})) AS a) UNION ALL"
        " (SELECT 'missing', * FROM (({1}) EXCEPT ALL ({0})) AS b)) AS d",
        there, here));
  }

  /// Runs `statement` by `door`, a search_path, and on the plain table of
  /// schema `plain`, and compares everything. Then takes all of it back.
  void expect_as_plain(const std::string& door,
                       const std::string& plain,
                       const std::string& statement) {
    const bool is_new = plain == "plain_new";
    say("SAVEPOINT here");
    pg::Result got = say_in(door, statement);
    pg::Result wanted = say_in(plain, statement);
    // The backfill has moved rows: they come in another order.
    std::ranges::sort(got.rows);
    std::ranges::sort(wanted.rows);
    EXPECT_EQ(got.rows, wanted.rows);
    EXPECT_EQ(got.columns, wanted.columns);
    EXPECT_EQ(got.column_types, wanted.column_types);
    EXPECT_EQ(got.affected_rows, wanted.affected_rows);
    const auto rows = [](const char* query, const std::string& schema) {
      return fmt::format(fmt::runtime(query), schema);
    };
    EXPECT_EQ(differences(rows(old_rows, "public_0_base"),
                          rows(is_new ? down_rows : old_rows, plain)),
              "")
        << "the old version shows";
    EXPECT_EQ(differences(rows(new_rows, "public_1_change"),
                          rows(is_new ? new_rows : up_rows, plain)),
              "")
        << "the new version shows";
    EXPECT_EQ(
        differences(rows(old_rows, "public_0_base"), rows(old_rows, "public")),
        "")
        << "the table shows";
    say("ROLLBACK TO here");
  }
};

// $all: every column that the version knows.
const std::vector<std::string> old_writes{
    "INSERT INTO orders (id, code) VALUES (101, 1) RETURNING $all",
    "INSERT INTO orders VALUES (101, 's3', 9, 't', 'k', 'n', 4)"
    " RETURNING $all",
    "INSERT INTO orders (id, status, amount, code) VALUES (101, DEFAULT,"
    " DEFAULT, 1), (102, NULL, 8, 2), (103, 's9', 5, 3) RETURNING $all",
    "INSERT INTO orders (id, status, tag, kept, note, code)"
    " VALUES (101, NULL, NULL, NULL, NULL, 1) RETURNING $all",
    "INSERT INTO orders (id, note, code) SELECT id + 100, upper(note), code"
    " FROM orders WHERE id < 9 RETURNING status, id",
    "UPDATE orders SET status = 's77' WHERE id = 3 RETURNING $all",
    "UPDATE orders SET status = NULL, note = NULL WHERE id < 5",
    "UPDATE orders SET status = DEFAULT, amount = DEFAULT, kept = DEFAULT"
    " RETURNING $all",
    "UPDATE orders SET amount = amount + 1, code = code * 2",
    "UPDATE orders SET status = status",
    "UPDATE orders AS o SET status = 's' || v.n, note = o.note || v.n"
    " FROM (VALUES (2, 5), (3, 6)) AS v (id, n) WHERE o.id = v.id"
    " RETURNING o.id, v.n, o.status",
    "UPDATE orders SET (status, amount) = (SELECT max(status), max(amount)"
    " FROM orders) WHERE id = 7",
    "UPDATE orders SET id = id + 1000 WHERE id < 4 RETURNING id, code",
    "DELETE FROM orders WHERE status = 's4' RETURNING $all",
    "DELETE FROM orders AS o USING (VALUES (1), (2)) AS v (id)"
    " WHERE o.id = v.id RETURNING o.note",
    "INSERT INTO orders (id, status, code) VALUES (3, 's300', 1),"
    " (103, 's103', 2) ON CONFLICT (id) DO UPDATE SET status ="
    " excluded.status, amount = orders.amount + excluded.amount RETURNING $all",
    "INSERT INTO orders (id, status, code) VALUES (3, 's300', 1)"
    " ON CONFLICT (id) DO UPDATE SET status = 'never' WHERE orders.amount > 99",
    "INSERT INTO orders (id, code) VALUES (3, 1), (104, 2)"
    " ON CONFLICT DO NOTHING RETURNING id",
    "WITH gone AS (DELETE FROM orders WHERE id < 6 RETURNING $all)"
    " INSERT INTO orders SELECT id + 100, status, amount + 1, tag, kept, note,"
    " code FROM gone RETURNING $all",
    "SELECT $all FROM orders WHERE amount > 100 ORDER BY id FOR UPDATE",
    "LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE"};

const std::vector<std::string> new_writes{
    "INSERT INTO orders (id) VALUES (101) RETURNING $all",
    "INSERT INTO orders VALUES (101, 3, 9, 't', 'k', 'r', 'l') RETURNING *",
    "INSERT INTO orders (id, status, amount) VALUES (101, DEFAULT, DEFAULT),"
    " (102, NULL, 8), (103, 7, 5), (104, 1, 5) RETURNING *",
    "INSERT INTO orders (id, status, tag, kept, remark, label)"
    " VALUES (101, NULL, NULL, NULL, NULL, NULL) RETURNING *",
    "INSERT INTO orders (id, label) VALUES (101, 'mine') RETURNING *",
    "INSERT INTO orders (id, remark) SELECT id + 100, upper(remark)"
    " FROM orders WHERE id < 9 RETURNING status, id",
    "UPDATE orders SET status = 77 WHERE id = 3 RETURNING id, status",
    "UPDATE orders SET label = 'by hand' WHERE id < 5 RETURNING *",
    "UPDATE orders SET status = NULL, remark = NULL, label = NULL"
    " WHERE id < 5",
    "UPDATE orders SET status = DEFAULT, amount = DEFAULT, kept = DEFAULT,"
    " tag = DEFAULT RETURNING *",
    "UPDATE orders SET amount = amount + 1, label = label || amount",
    "UPDATE orders SET status = status",
    "UPDATE orders AS o SET status = v.n, remark = o.remark || v.n"
    " FROM (VALUES (2, 5), (3, 6)) AS v (id, n) WHERE o.id = v.id"
    " RETURNING o.id, v.n, o.status",
    "UPDATE orders SET (status, amount) = (SELECT max(status), max(amount)"
    " FROM orders) WHERE id = 7",
    "UPDATE orders SET id = id + 1000 WHERE id < 4 RETURNING id",
    "DELETE FROM orders WHERE status = 4 RETURNING *",
    "DELETE FROM orders AS o USING (VALUES (1), (2)) AS v (id)"
    " WHERE o.id = v.id RETURNING o.remark",
    "INSERT INTO orders (id, status) VALUES (3, 300), (103, 103)"
    " ON CONFLICT (id) DO UPDATE SET status = excluded.status,"
    " amount = orders.amount + excluded.amount RETURNING *",
    "INSERT INTO orders (id) VALUES (3), (104) ON CONFLICT (id) DO UPDATE SET"
    " (status, tag, label) = (excluded.status, excluded.tag, excluded.label)"
    " RETURNING *",
    "INSERT INTO orders (id) VALUES (3), (104) ON CONFLICT DO NOTHING"
    " RETURNING id",
    "SELECT * FROM orders WHERE amount > 100 ORDER BY id FOR UPDATE",
    "LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE"};

std::string with_columns(std::string statement, const std::string& columns) {
  const auto at = statement.find("$all");
  if (at == std::string::npos) {
    return statement;
  }
  return with_columns(statement.replace(at, 4, columns), columns);
}

constexpr const char* all_old = "id, status, amount, tag, kept, note, code";
constexpr const char* old_door = "public_0_base, public";
constexpr const char* new_door = "public_1_change, public";

TEST_F(VersionWrites, ThroughTheOldVersionAgreeWithAPlainTable) {
  for (const std::string& pattern : old_writes) {
    const std::string statement = with_columns(pattern, "*");
    SCOPED_TRACE(statement);
    expect_as_plain(old_door, "plain_old",
                    statement.starts_with("WITH")
                        ? with_columns(pattern, all_old)
                        : statement);
  }
}

TEST_F(VersionWrites, OnTheTablesAgreeWithAPlainTable) {
  for (const std::string& pattern : old_writes) {
    const std::string statement = with_columns(pattern, all_old);
    SCOPED_TRACE(statement);
    expect_as_plain("public", "plain_old", statement);
  }
}

TEST_F(VersionWrites, ThroughTheNewVersionAgreeWithAPlainTable) {
  for (const std::string& pattern : new_writes) {
    const std::string statement = with_columns(pattern, "*");
    SCOPED_TRACE(statement);
    expect_as_plain(new_door, "plain_new", statement);
  }
}

TEST_F(VersionWrites, CopyIntoTheTablesAgreesWithAPlainTable) {
  expect_as_plain("public", "plain_old",
                  "COPY orders (id, status, amount, note, code) FROM PROGRAM"
                  " 'echo 101,s3,4,n,5; echo 102,,6,,7' (FORMAT csv)");
}

// A view takes no COPY; a table of one's own in between does.
TEST_F(VersionWrites, CopyBesideAVersionAndInsertAgreeWithAPlainTable) {
  say_in(new_door, "CREATE TEMP TABLE loaded (LIKE orders)");
  say("COPY loaded (id, status, remark) FROM PROGRAM"
      " 'echo 101,3,r; echo 102,,' (FORMAT csv)");
  expect_as_plain(new_door, "plain_new",
                  "INSERT INTO orders (id, status, remark) SELECT id, status,"
                  " remark FROM loaded RETURNING *");
}

TEST_F(VersionWrites, MergeIntoTheTablesAgreesWithAPlainTable) {
  const std::string merge =
      "MERGE INTO orders AS o USING (VALUES (3, 's33'), (101, 's1')) AS v"
      " (id, s) ON o.id = v.id WHEN MATCHED THEN UPDATE SET status = v.s WHEN"
      " NOT MATCHED THEN INSERT (id, status, code) VALUES (v.id, v.s, 1)";
  if (world()->session->server_version_num() >= 150000) {
    expect_as_plain("public", "plain_old", merge);
  }
  if (world()->session->server_version_num() >= 170000) {
    expect_as_plain(old_door, "plain_old", merge);
  }
}

TEST_F(VersionWrites, ThatATableRefusesAreRefusedByBothVersionsTheSameWay) {
  const auto state_of = [&](const std::string& path, const std::string& sql) {
    say("SAVEPOINT here");
    std::string state = "none";
    try {
      say_in(path, sql);
    } catch (const Error& error) {
      state = error.sqlstate();
    }
    say("ROLLBACK TO here");
    return state;
  };
  for (const char* statement :
       {"INSERT INTO orders (id, amount) VALUES (101, NULL)",
        "INSERT INTO orders SELECT * FROM orders WHERE id = 7",
        "UPDATE orders SET amount = NULL",
        "UPDATE orders SET id = 5 WHERE id = 6",
        "INSERT INTO orders (id, amount) VALUES (101, 'x')",
        "INSERT INTO orders (id, pgexpand_x) VALUES (101, 1)"}) {
    SCOPED_TRACE(statement);
    const std::string of_new = state_of("plain_new", statement);
    EXPECT_NE(of_new, "none");
    EXPECT_EQ(state_of(new_door, statement), of_new);
    EXPECT_EQ(state_of(old_door, statement), state_of("plain_old", statement));
  }
}

// All that the row is given are NULLs and defaults: only the schemas of the
// writer tell that new code means NULL, and old code the default.
constexpr const char* nothing_given =
    "INSERT INTO public_1_change.orders (id, status) VALUES (101, NULL)";

TEST_F(VersionWrites, OfNullsAreTheNewSidesWhereverItsSchemaStands) {
  say("CREATE SCHEMA \"Other, one\"");
  for (const char* path :
       {"public_1_change", "public_1_change, public", "public, public_1_change",
        "\"Other, one\", \"public_1_change\"", "pg_temp, public_1_change",
        "\"$user\", nobody, public_1_change, pg_catalog"}) {
    SCOPED_TRACE(path);
    say("SAVEPOINT here");
    say_in(path, nothing_given);
    EXPECT_EQ(shown_of_101(), "(,,new)");
    say("ROLLBACK TO here");
  }
}

TEST_F(VersionWrites, OfNullsAreTheOldSidesWhenOnlyTheViewIsNamed) {
  say_in("public", nothing_given);
  EXPECT_EQ(shown_of_101(), "(s1,1,new)");
}

TEST_F(VersionWrites, OfAFunctionAreThoseOfItsOwnSearchPath) {
  const auto expect =
      [&](const std::string& of_function, const std::string& of_caller,
          const std::string& columns, const std::string& shown) {
        say("SAVEPOINT here");
        say(
            fmt::format("CREATE FUNCTION public.order_now() RETURNS void"
                        " LANGUAGE plpgsql SET search_path = {} AS $$ BEGIN"
                        " INSERT INTO orders ({}) VALUES (101, NULL); END $$",
                        of_function, columns));
        say_in(of_caller, "SELECT public.order_now()");
        EXPECT_EQ(shown_of_101(), shown);
        say("ROLLBACK TO here");
      };
  expect(new_door, old_door, "id, status", "(,,new)");
  expect(old_door, new_door, "id, note", "(s1,1,old)");
}

}  // namespace
}  // namespace pgexpand::testing
