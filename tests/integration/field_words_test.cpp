// What is said of a fault that people met in the field: the thing is named, and
// so is what helps.
#include "integration/carry_fixture.hpp"

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class FieldWords : public CarryTest {
 protected:
  int plan() {
    const int code = run({"plan"});
    said_ = line_.out + line_.err;
    return code;
  }

  std::string said_;
};

// --- Defaults ----------------------------------------------------------------

constexpr const char* with_default =
    "CREATE TABLE t (id int PRIMARY KEY, a text DEFAULT 'pending');"
    "INSERT INTO t VALUES (1, '7'), (2, '8');";

TEST_F(FieldWords, ADefaultThatCannotBeCastIsNamed) {
  set_up(with_default);
  EXPECT_THROW(
      database_.query("ALTER TABLE t ALTER a TYPE int USING length(a)"), Error);
  write_migration(alter("t", "a", "int", "      up: length(a)\n"));
  EXPECT_EQ(plan(), 2);
  EXPECT_THAT(said_, AllOf(HasSubstr("column.default-not-castable"),
                           HasSubstr("'pending'"), HasSubstr("integer"),
                           HasSubstr("add `default:`")));
}

TEST_F(FieldWords, ADefaultOfTheNewTypeIsTheWayOut) {
  set_up(with_default);
  write_migration(alter("t", "a", "int",
                        "      up: \"a::int\"\n      down: \"a::text\"\n"
                        "      default: \"0\"\n"));
  EXPECT_EQ(plan(), 0) << said_;
  go_through("contract");
  EXPECT_EQ(one("INSERT INTO t VALUES (3) RETURNING a"), "0");
}

TEST_F(FieldWords, NoDefaultIsTheOtherWayOut) {
  set_up(with_default);
  write_migration(alter("t", "a", "int",
                        "      up: \"a::int\"\n      down: \"a::text\"\n"
                        "      default: null\n"));
  EXPECT_EQ(plan(), 0) << said_;
  go_through("contract");
  EXPECT_EQ(one("INSERT INTO t (id) VALUES (3) RETURNING a"), "NULL");
}

// --- Leftovers ---------------------------------------------------------------

class Leftover : public FieldWords {
 protected:
  Leftover() {
    set_up(
        "CREATE TABLE t (id int PRIMARY KEY, a int);"
        "INSERT INTO t VALUES (1, 7), (2, 7);");
    write_migration(
        "  - create_index: {table: t, columns: [a], name: t_a_idx}\n");
  }
  void leave_one() {
    EXPECT_THROW(
        database_.query("CREATE UNIQUE INDEX CONCURRENTLY t_a_idx ON t (a)"),
        Error);
  }
};

TEST_F(Leftover, OfAConcurrentBuildIsCalledThat) {
  leave_one();
  EXPECT_EQ(plan(), 2);
  EXPECT_THAT(
      said_, AllOf(HasSubstr("index.leftover"), HasSubstr("INVALID"),
                   HasSubstr(R"(DROP INDEX CONCURRENTLY "public"."t_a_idx")")));
  database_.query(R"(DROP INDEX CONCURRENTLY "public"."t_a_idx")");
  EXPECT_EQ(plan(), 0) << said_;
}

TEST_F(Leftover, ThatComesAfterThePlanIsCalledThatToo) {
  go_through("expand");
  leave_one();
  EXPECT_EQ(run({"apply", "--accept-drift"}), 7);
  EXPECT_THAT(line_.err, AllOf(HasSubstr("index.leftover"),
                               HasSubstr("DROP INDEX CONCURRENTLY")));
}

TEST_F(Leftover, IsWhatAGoodIndexIsNot) {
  database_.query("CREATE INDEX t_a_idx ON t (a)");
  EXPECT_EQ(plan(), 2);
  EXPECT_THAT(
      said_, AllOf(HasSubstr("catalog.name-taken"), Not(HasSubstr("INVALID"))));
}

// --- What goes with a column -------------------------------------------------

TEST_F(FieldWords, AForeignKeyThatGoesWithAColumnIsNamed) {
  set_up(
      "CREATE TABLE p (x int, y int, PRIMARY KEY (x, y));"
      "CREATE TABLE t (id int PRIMARY KEY, x int, y int,"
      " CONSTRAINT t_p_fk FOREIGN KEY (x, y) REFERENCES p);");
  write_migration("  - drop_column: {table: t, column: x}\n");
  EXPECT_EQ(plan(), 0) << said_;
  EXPECT_THAT(said_, AllOf(HasSubstr("column.takes-along"),
                           HasSubstr("foreign key t_p_fk to public.p")));
  database_.query("ALTER TABLE t DROP COLUMN x");
  EXPECT_EQ(one("SELECT count(*) FROM pg_constraint WHERE contype = 'f'"), "0");
}

// --- What a batch violates ---------------------------------------------------

TEST_F(FieldWords, TheCheckThatABatchViolatesIsNamed) {
  set_up(
      "CREATE TABLE t (id int PRIMARY KEY, a text);"
      "INSERT INTO t SELECT g, g::text FROM generate_series(1, 50) AS g;"
      "ALTER TABLE t ADD CONSTRAINT small CHECK (id < 49) NOT VALID;");
  write_migration(
      "  - add_column: {table: t, column: b, type: int, up: \"a::int\"}\n");
  EXPECT_EQ(run({"apply", "--pause", "0ms"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("2 by constraint small"));
  EXPECT_EQ(one("SELECT string_agg(concat(key, ' ', sqlstate, ' ',"
                " constraint_name), ', ' ORDER BY key)"
                " FROM pgexpand.quarantine"),
            "49 23514 small, 50 23514 small");
}

TEST_F(FieldWords, ANameThatNoConstraintHasIsNotBelieved) {
  set_up(
      "CREATE TABLE t (id int PRIMARY KEY, a text);"
      "INSERT INTO t VALUES (1, 'secret');"
      "CREATE FUNCTION forged(text) RETURNS boolean LANGUAGE plpgsql AS $$"
      " BEGIN RAISE check_violation USING CONSTRAINT = $1; END $$;"
      "ALTER TABLE t ADD CHECK (forged(a)) NOT VALID;");
  write_migration(
      "  - add_column: {table: t, column: b, type: text, up: lower(a)}\n");
  EXPECT_EQ(run({"apply", "--pause", "0ms"}), 7);
  EXPECT_THAT(line_.err, AllOf(HasSubstr("1 with SQLSTATE 23514"),
                               Not(HasSubstr("secret"))));
}

// --- Lossy -------------------------------------------------------------------

class Lossy : public FieldWords {
 protected:
  /// Four numbers; two do not come back from an integer.
  void set_up_numbers() {
    set_up(
        "CREATE TABLE t (id int PRIMARY KEY, n numeric(6,1));"
        "INSERT INTO t VALUES (1, 1), (2, 1.5), (3, 7.2), (4, 8), (5, NULL);");
  }
  void write(const std::string& more = "") {
    write_migration(alter("t", "n", "int", more));
  }
};

TEST_F(Lossy, RowsThatDoNotComeBackAreCountedInPlan) {
  set_up_numbers();
  EXPECT_EQ(one("SELECT count(*) FROM t"
                " WHERE n::int::numeric(6,1) IS DISTINCT FROM n"),
            "2");
  write();
  EXPECT_EQ(plan(), 0) << said_;
  EXPECT_THAT(said_, AllOf(HasSubstr("column.does-not-come-back"),
                           HasSubstr("in 2 of 5 sampled rows n"),
                           HasSubstr("add `allow: [lossy]`")));
  EXPECT_EQ(run({"apply", "--pause", "0ms"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("2 of 5 rows"));
}

TEST_F(Lossy, WhatIsAllowedIsSaidToo) {
  set_up_numbers();
  write("      allow: [lossy]\n");
  EXPECT_EQ(plan(), 0) << said_;
  EXPECT_THAT(said_, AllOf(HasSubstr("in 2 of 5 sampled rows n"),
                           HasSubstr("accepts that")));
  go_through("contract");
  EXPECT_EQ(one("SELECT string_agg(n::text, ' ' ORDER BY id) FROM t"),
            "1 2 7 8");
}

TEST_F(Lossy, RowsThatAllComeBackAreNotMentioned) {
  set_up_numbers();
  set_up("UPDATE t SET n = round(n);");
  write();
  EXPECT_EQ(plan(), 0) << said_;
  EXPECT_THAT(said_, Not(HasSubstr("does-not-come-back")));
}

TEST_F(Lossy, ADownThatFailsIsOneThatDoesNotComeBack) {
  set_up(
      "CREATE TABLE t (id int PRIMARY KEY, n int, s text);"
      "INSERT INTO t VALUES (1, 1, 'x'), (2, 2, '3');");
  write_migration(
      alter("t", "n", "text", "      up: s\n      down: \"n::int\"\n"));
  EXPECT_EQ(plan(), 0) << said_;
  EXPECT_THAT(said_, HasSubstr("in 2 of 2 sampled rows n"));
}

TEST_F(Lossy, ADownMayReadOtherColumns) {
  set_up(
      "CREATE TABLE t (id int PRIMARY KEY, n int, rest int);"
      "INSERT INTO t VALUES (1, 17, 7), (2, 25, 4);");
  write_migration(alter("t", "n", "text",
                        "      up: (n / 10)::text\n"
                        "      down: \"n::int * 10 + rest\"\n"));
  EXPECT_EQ(plan(), 0) << said_;
  EXPECT_THAT(said_, HasSubstr("in 1 of 2 sampled rows n"));
}

/// `up` fills NULL; a number that is too large for `down` is lost.
class LossyRollback : public Lossy {
 protected:
  LossyRollback() {
    set_up(
        "CREATE TABLE t (id int PRIMARY KEY, n int);"
        "INSERT INTO t VALUES (1, 1), (2, NULL), (3, 3);");
    write_migration(alter("t", "n", "bigint",
                          "      up: \"coalesce(n, 0)\"\n      down: n\n"
                          "      allow: [lossy]\n"));
    go_through("switch");
    EXPECT_EQ(numbers(), "1 0 3");
  }
  std::string numbers() {
    return one(
        "SELECT string_agg(coalesce(n::text, '-'), ' ' ORDER BY id)"
        " FROM t");
  }
};

TEST_F(LossyRollback, GivesBackTheNullsThatUpFilled) {
  roll_back();
  EXPECT_EQ(numbers(), "1 - 3");
}

TEST_F(LossyRollback, KeepsWhatNewCodeWrote) {
  database_.query("INSERT INTO t (id, n) VALUES (4, 44)");
  database_.query("UPDATE t SET n = 22 WHERE id = 2");
  roll_back();
  EXPECT_EQ(numbers(), "1 22 3 44");
}

TEST_F(LossyRollback, IsRefusedForAValueThatIsGone) {
  database_.query("UPDATE t SET n = 5000000000 WHERE id = 3");
  EXPECT_EQ(run({"rollback", "1_move"}), 7);
  EXPECT_THAT(line_.err, AllOf(HasSubstr("rollback.lossy"),
                               HasSubstr("1 rows of public.t")));
  database_.query("UPDATE t SET n = 5 WHERE id = 3");
  roll_back();
  EXPECT_EQ(numbers(), "1 - 5");
}

}  // namespace
}  // namespace pgexpand::testing
