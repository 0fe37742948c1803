// Syntax that the server has and the built-in grammar perhaps has not: what it
// stands in is carried or refused by its name, and never left out.
#include "integration/carry_fixture.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;

constexpr int is_json = 16;     ///< The release that has the syntax.
constexpr int json_value = 17;  ///< With its RETURNING, written or not.

class NewerSyntax : public CarryTest {
 protected:
  [[nodiscard]] int server() {
    return database_.session()->server_version_num();
  }
  [[nodiscard]] bool is_readable() {
    return !sql::is_newer_than_grammar(server());
  }
  /// The reason a test on this server is skipped; empty: it is not.
  [[nodiscard]] std::string missing(int since) {
    return server() / 10'000 >= since
               ? ""
               : fmt::format("needs PostgreSQL {}, this is {}", since,
                             server() / 10'000);
  }
  static std::string grammar() {
    return fmt::format("grammar of PostgreSQL {}", sql::grammar_version());
  }
  void expect_refused(int exit_code, const std::string& what) {
    EXPECT_EQ(run({"apply"}), exit_code) << line_.err << line_.out;
    EXPECT_THAT(line_.err, HasSubstr(what));
    EXPECT_THAT(line_.err, HasSubstr(grammar()));
  }
};

constexpr const char* table =
    "CREATE TABLE t (id int PRIMARY KEY, n int, d jsonb, j text);"
    "INSERT INTO t SELECT g, g, jsonb_build_object('email', g), '1'"
    " FROM generate_series(1, 100) g;";

// --- What stands on a column that moves --------------------------------------

class OnAMovedColumn : public NewerSyntax,
                       public ::testing::WithParamInterface<Carried> {};

TEST_P(OnAMovedColumn, IsCarriedOrRefusedByName) {
  Carried carried = GetParam();
  if (const auto why = missing(carried.since); !why.empty()) {
    GTEST_SKIP() << why;
  }
  carried.setup = table + carried.setup;
  if (is_readable()) {
    expect_carried(carried);
    return;
  }
  set_up(carried.setup);
  const std::string before = schema();
  write_migration(carried.operations);
  expect_refused(7, "its_name of public.t cannot be built again");
  EXPECT_THAT(line_.err, HasSubstr("refused[column.unreadable-object]"));
  EXPECT_EQ(schema(), before);
}

constexpr const char* rename_d =
    "  - rename_column: {table: t, from: d, to: e}\n";
constexpr const char* rename_n =
    "  - rename_column: {table: t, from: n, to: m}\n";
constexpr const char* plain_d = "ALTER TABLE t RENAME d TO e";
constexpr const char* plain_n = "ALTER TABLE t RENAME n TO m";

INSTANTIATE_TEST_SUITE_P(
    Objects,
    OnAMovedColumn,
    ::testing::Values(
        since(json_value,
              {"UniqueIndex",
               "CREATE UNIQUE INDEX its_name ON t (json_value(d, '$.email'))",
               rename_d, plain_d}),
        since(is_json,
              {"IndexOfAnObject",
               "CREATE UNIQUE INDEX its_name ON t (n, (j IS JSON))",
               "  - rename_column: {table: t, from: j, to: k}\n",
               "ALTER TABLE t RENAME j TO k"}),
        since(is_json,
              {"Predicate", "CREATE INDEX its_name ON t (n) WHERE j IS JSON",
               rename_n, plain_n}),
        since(is_json,
              {"KeyBesides",
               "CREATE INDEX its_name ON t ((j IS JSON SCALAR), n)", rename_n,
               plain_n}),
        since(is_json,
              {"Statistics",
               "CREATE STATISTICS its_name ON (j IS JSON), n"
               " FROM t",
               rename_n, plain_n}),
        since(is_json,
              {"Check",
               "ALTER TABLE t ADD CONSTRAINT its_name CHECK"
               " (j IS JSON OR n > 0)",
               rename_n, plain_n})),
    name_of);

TEST_F(NewerSyntax, WhatGoesWithADroppedColumnIsNamed) {
  if (const auto why = missing(is_json); !why.empty()) {
    GTEST_SKIP() << why;
  }
  set_up(std::string(table) +
         "CREATE INDEX its_index ON t (n) WHERE j IS JSON;"
         "ALTER TABLE t ADD CONSTRAINT its_check CHECK (j IS JSON)");
  write_migration("  - drop_column: {table: t, column: j}\n");
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("index its_index, check its_check"));
}

TEST_F(NewerSyntax, AnIndexedConditionIsNotChangedUnderItsIndex) {
  if (const auto why = missing(is_json); !why.empty()) {
    GTEST_SKIP() << why;
  }
  set_up(
      "CREATE TABLE t (id int PRIMARY KEY, c varchar(20));"
      "CREATE INDEX its_name ON t (id) WHERE c IS JSON");
  write_migration(alter("t", "c", "varchar(50)"));
  if (!is_readable()) {
    expect_refused(7, "index its_name of public.t");
    return;
  }
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_THAT(one("SELECT pg_get_indexdef('its_name'::regclass)"),
              HasSubstr("IS JSON"));
}

TEST_F(NewerSyntax, ADefaultIsCarriedWhoeverReadsIt) {
  if (const auto why = missing(is_json); !why.empty()) {
    GTEST_SKIP() << why;
  }
  set_up(
      "CREATE TABLE t (id int PRIMARY KEY,"
      " c text DEFAULT json_array(1, 2 RETURNING text));");
  write_migration(alter("t", "c", "varchar(50)"));
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  database_.exec("INSERT INTO t VALUES (1)");
  EXPECT_EQ(one("SELECT c FROM t"), "[1, 2]");
}

// --- What the user writes ----------------------------------------------------

TEST_F(NewerSyntax, AnUpIsReadOrRefusedBeforeAnythingIsChanged) {
  if (const auto why = missing(json_value); !why.empty()) {
    GTEST_SKIP() << why;
  }
  set_up(table);
  write_migration(
      "  - add_column: {table: t, column: y, type: text, up: \"json_value(d,"
      " '$.email')\"}\n");
  if (!is_readable()) {
    expect_refused(2, "error[sql.unreadable]");
    write_migration(
        "  - add_column: {table: t, column: y, type: text, up: \"CASE WHEN j IS"
        " JSON THEN j END\"}\n");
    expect_refused(2, "error[sql.syntax]");
    return;
  }
  ASSERT_NO_FATAL_FAILURE(go_through("verify"));
  database_.exec("INSERT INTO t VALUES (101, 1, '{\"email\": \"a\"}')");
  database_.exec("UPDATE t SET d = '{\"email\": \"b\"}' WHERE id = 1");
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_EQ(one("SELECT string_agg(y, ' ' ORDER BY id) FROM t WHERE id IN"
                " (1, 2, 101)"),
            "b 2 a");
}

TEST_F(NewerSyntax, WhatGoesIntoDdlIsTheServersToRead) {
  if (const auto why = missing(is_json); !why.empty()) {
    GTEST_SKIP() << why;
  }
  set_up(table);
  write_migration(
      "  - create_index: {table: t, name: i, where: j IS JSON ARRAY, columns:"
      " [n, {expression: j IS JSON}]}\n"
      "  - add_column: {table: t, column: a, type: text, default:"
      " \"json_array(1 RETURNING text)\", check: {name: c, expression: a IS"
      " JSON}}\n"
      "  - add_column: {table: t, column: g, type: boolean, generated:"
      " j IS JSON}\n");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  ASSERT_NO_FATAL_FAILURE(roll_back());
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  database_.exec("INSERT INTO t (id, j) VALUES (101, '{')");
  EXPECT_EQ(one("SELECT a || g FROM t WHERE id = 101"), "[1]false");
  TestDatabase plain;
  plain.exec(std::string(table) +
             "CREATE INDEX i ON t (n, (j IS JSON)) WHERE j IS JSON ARRAY;"
             "ALTER TABLE t ADD a text DEFAULT json_array(1 RETURNING text);"
             "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS JSON);");
  plain.exec("ALTER TABLE t ADD g boolean GENERATED ALWAYS AS (j IS JSON)" +
             std::string(server() >= 180000 ? "" : " STORED"));
  EXPECT_EQ(schema(), sorted_schema(plain));
}

TEST_F(NewerSyntax, TextForTheServerIsExactlyOneExpression) {
  if (const auto why = missing(is_json); !why.empty()) {
    GTEST_SKIP() << why;
  }
  set_up(table);
  for (const char* text :
       {"j IS JSON, n", "j IS JSON) = (j IS JSON", "j IS JSON; SELECT 1",
        "j IS JSON AS x", "j IS JSON) FROM t WHERE (true", "j IS JASON"}) {
    write_migration(fmt::format(
        "  - create_index: {{table: t, columns: [{{expression: \"{}\"}}]}}\n",
        text));
    EXPECT_EQ(run({"plan"}), 2) << text << line_.out << line_.err;
  }
}

TEST_F(NewerSyntax, WhatReadsColumnsWithOtherNamesIsReadByUs) {
  if (const auto why = missing(is_json); !why.empty()) {
    GTEST_SKIP() << why;
  }
  set_up(table);
  write_migration(std::string(rename_n) +
                  "  - create_index: {table: t, name: i, columns:"
                  " [{expression: j IS JSON}]}\n");
  if (!is_readable()) {
    expect_refused(2, "error[sql.unreadable]");
    return;
  }
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_THAT(one("SELECT pg_get_indexdef('i'::regclass)"),
              HasSubstr("IS JSON"));
}

}  // namespace
}  // namespace pgexpand::testing
