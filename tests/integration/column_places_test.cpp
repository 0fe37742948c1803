// An INSERT without a column list goes by the places of the columns: it must
// do what it does in a database where the plain statements ran.
#include "integration/carry_fixture.hpp"

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ColumnPlaces : public CarryTest {
 protected:
  ColumnPlaces() { line_.write("pgexpand.yaml", "column_order: ask\n"); }

  [[nodiscard]] std::string columns() {
    return one(
        "SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped");
  }
  /// id, a and b of row `id`.
  [[nodiscard]] std::string row(int id) {
    return one("SELECT concat_ws('|', id, a, b) FROM t WHERE id = " +
               std::to_string(id));
  }
};

constexpr const char* plain_table =
    "CREATE TABLE t (id int PRIMARY KEY, a text, b text);"
    "INSERT INTO t SELECT g, 'a' || g, 'b' || g FROM generate_series(1, 50) g;";

TEST_F(ColumnPlaces, ARenamedColumnKeepsItsPlace) {
  set_up(plain_table);
  write_migration("  - rename_column: {table: t, from: a, to: c}\n");
  for (const char* phase : {"expand", "switch"}) {
    ASSERT_NO_FATAL_FAILURE(go_through(phase));
    set_up("INSERT INTO t SELECT max(id) + 1, 'new', 'b' FROM t");
    EXPECT_EQ(one("SELECT a || c || b FROM t ORDER BY id DESC LIMIT 1"),
              "newnewb");
  }
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_EQ(columns(), "id,c,b");
  set_up("INSERT INTO t SELECT max(id) + 1, 'last', 'b' FROM t");
  EXPECT_EQ(one("SELECT c || b FROM t ORDER BY id DESC LIMIT 1"), "lastb");
}

TEST_F(ColumnPlaces, WhatWasWrittenPastTheTriggerStopsContract) {
  set_up(plain_table);
  write_migration("  - rename_column: {table: t, from: a, to: c}\n");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  set_up(
      "ALTER TABLE t DISABLE TRIGGER USER;"
      "UPDATE t SET c = 'past' WHERE id = 3; ALTER TABLE t ENABLE ALWAYS"
      " TRIGGER \"~pgexpand_1_move\"");
  EXPECT_EQ(run({"contract", "1_move"}), 7) << line_.err;
  EXPECT_EQ(one("SELECT a || c FROM t WHERE id = 3"), "a3past");
  ASSERT_EQ(run({"verify", "1_move", "--repair"}), 0) << line_.err;
  ASSERT_EQ(run({"contract", "1_move"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT c FROM t WHERE id = 3"), "past");
}

TEST_F(ColumnPlaces, AnInsertWithoutAListIsOfTheOldShapeUntilContract) {
  for (const char* a :
       {"a varchar(100)", "a varchar(100) NOT NULL",
        "a varchar(100) DEFAULT 'none'", "a char(9) NOT NULL DEFAULT 'none'"}) {
    SCOPED_TRACE(a);
    TestDatabase database;
    line_.variables["PGEXPAND_DSN"] = database.dsn();
    database.exec(std::string("CREATE TABLE t (id int PRIMARY KEY, ") + a +
                  ", b text); INSERT INTO t VALUES (1, 'a1', 'b1')");
    write_migration(alter("t", "a", "varchar(50)"));
    ASSERT_NO_FATAL_FAILURE(go_through("switch"));
    database.exec("INSERT INTO t VALUES (2, 'a2', 'b2')");
    database.exec("INSERT INTO t (id, a, b) VALUES (3, 'a3', 'b3')");
    database.exec("CREATE TABLE copy AS SELECT * FROM t WHERE id = 3");
    database.exec("UPDATE copy SET id = 4; INSERT INTO t SELECT * FROM copy");
    EXPECT_EQ(database.query_one("SELECT string_agg(rtrim(a) || b, ' ' ORDER "
                                 "BY id) FROM t"),
              "a1b1 a2b2 a3b3 a3b3");
    ASSERT_EQ(run({"verify", "1_move"}), 0) << line_.err;
    ASSERT_NO_FATAL_FAILURE(roll_back());
    EXPECT_EQ(database.query_one("SELECT string_agg(rtrim(a) || b, ' ' ORDER "
                                 "BY id) FROM t"),
              "a1b1 a2b2 a3b3 a3b3");
  }
}

TEST_F(ColumnPlaces, ContractAsksBeforeAColumnGoesToTheEnd) {
  set_up(plain_table);
  write_migration(alter("t", "a", "varchar(50)"));
  ASSERT_EQ(run({"plan"}), 0);
  EXPECT_THAT(line_.out, HasSubstr("in the order id, b, a, not id, a, b"));
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  EXPECT_EQ(run({"contract", "1_move"}), 7);
  EXPECT_THAT(line_.err, AllOf(HasSubstr("contract.column-order"),
                               HasSubstr("column_order: free")));
  set_up("INSERT INTO t VALUES (51, 'a51', 'b51')");
  EXPECT_EQ(row(51), "51|a51|b51");
  line_.write("pgexpand.yaml", "column_order: free\n");
  EXPECT_EQ(run({"contract", "1_move"}), 0) << line_.err;
  EXPECT_EQ(columns(), "id,b,a");
}

TEST_F(ColumnPlaces, ContractDoesNotAskWhereTheSpecAllowsIt) {
  set_up(plain_table);
  write_migration(
      alter("t", "a", "varchar(50)", "      allow: [column_order]\n"));
  ASSERT_EQ(run({"plan"}), 0);
  EXPECT_THAT(line_.out, Not(HasSubstr("in the order")));
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
}

TEST_F(ColumnPlaces, ContractDoesNotAskWhereTheOrderStays) {
  set_up(plain_table);
  write_migration(alter("t", "a", "varchar(50)") +
                  alter("t", "b", "varchar(50)") +
                  "  - add_column: {table: t, column: c, type: int}\n");
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_EQ(columns(), "id,a,b,c");
}

// --- Several columns on either side ------------------------------------------

constexpr const char* people =
    "CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL DEFAULT 'unknown');"
    "INSERT INTO t SELECT g, 'First' || g || ' Last' || g"
    " FROM generate_series(1, 50) g;";
constexpr const char* split =
    "  - add_column: {table: t, column: first, type: text,"
    " up: \"split_part(name, ' ', 1)\"}\n"
    "  - add_column: {table: t, column: last, type: text,"
    " up: \"split_part(name, ' ', 2)\"}\n"
    "  - drop_column: {table: t, column: name,"
    " down: \"concat_ws(' ', first, last)\"}\n";

class SplitColumn : public CarryTest {
 protected:
  [[nodiscard]] std::string person(int id) {
    return one(
        "SELECT concat_ws('|', name, first, coalesce(last, 'NULL'))"
        " FROM t WHERE id = " +
        std::to_string(id));
  }
};

TEST_F(SplitColumn, EitherSideFollowsTheOther) {
  set_up(people);
  write_migration(split);
  int id = 60;
  for (const char* phase : {"expand", "switch"}) {
    SCOPED_TRACE(phase);
    ASSERT_NO_FATAL_FAILURE(go_through(phase));
    const auto insert = [&](const std::string& rest) {
      set_up("INSERT INTO t (id, " + rest);
      return person(id);
    };
    const auto key = [&] { return "(" + std::to_string(++id); };
    EXPECT_EQ(insert("name) VALUES " + key() + ", 'Old Code')"),
              "Old Code|Old|Code");
    EXPECT_EQ(insert("first, last) VALUES " + key() + ", 'New', 'Code')"),
              "New Code|New|Code");
    EXPECT_EQ(insert("first) VALUES " + key() + ", 'Only')"), "Only|Only|NULL");
    EXPECT_EQ(insert("name, first) VALUES " + key() + ", 'Old', 'New')"),
              "New|New|NULL");
    set_up("UPDATE t SET name = 'Changed Name' WHERE id = 2");
    EXPECT_EQ(person(2), "Changed Name|Changed|Name");
    set_up("UPDATE t SET first = 'Another' WHERE id = 2");
    EXPECT_EQ(person(2), "Another Name|Another|Name");
    set_up("UPDATE t SET last = NULL WHERE id = 2");
    EXPECT_EQ(person(2), "Another|Another|NULL");
  }
  ASSERT_NO_FATAL_FAILURE(roll_back());
  EXPECT_EQ(one("SELECT string_agg(name, ', ' ORDER BY id) FROM t"
                " WHERE id IN (2, 3, 62)"),
            "Another, First3 Last3, New Code");
}

TEST_F(SplitColumn, AChangeOfAnOldInputIsFollowedByNewCodeAlone) {
  set_up(
      "CREATE TABLE t (id int PRIMARY KEY, cents int, euros numeric);"
      "INSERT INTO t VALUES (1, 100, 7), (2, 100, 7)");
  write_migration(
      "  - drop_column: {table: t, column: euros, down: \"cents / 100.0\"}\n");
  ASSERT_NO_FATAL_FAILURE(go_through("expand"));
  set_up("UPDATE t SET cents = 300 WHERE id = 1");  // there is no new code yet
  EXPECT_EQ(one("SELECT euros FROM t WHERE id = 1"), "7");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  set_up(
      "UPDATE t SET cents = 500 WHERE id = 1;"
      "UPDATE t SET cents = 600, euros = 1 WHERE id = 2");
  EXPECT_EQ(one("SELECT string_agg(trunc(euros)::text, ' ' ORDER BY id)"
                " FROM t"),
            "5 1");
}

}  // namespace
}  // namespace pgexpand::testing
