// The switch of a changed column: it is visible, its enforce steps may fail,
// and values may not fit on the way back.
#include "integration/carry_fixture.hpp"

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TypeSwitch : public CarryTest {
 protected:
  TypeSwitch() {
    set_up(
        "CREATE TABLE t (id bigint PRIMARY KEY, big bigint NOT NULL, s text);"
        "INSERT INTO t SELECT g, g, 's' || g FROM generate_series(1, 200) g");
  }
  void alter(const std::string& column, const std::string& fields) {
    write_migration("  - alter_column: {table: t, column: " + column + ", " +
                    fields + "}\n");
  }
  bool fails(const std::string& sql) {
    try {
      set_up(sql);
      return false;
    } catch (const std::runtime_error&) {
      return true;
    }
  }
  /// The switch fails and leaves nothing behind; after `mend` it works.
  void expect_failed_switch(const std::string& break_it,
                            const std::string& mend) {
    ASSERT_NO_FATAL_FAILURE(go_through("verify"));
    const std::string verified = schema();
    set_up(break_it);
    EXPECT_EQ(run({"switch", "1_move"}), 1) << line_.out << line_.err;
    EXPECT_EQ(schema(), verified);
    EXPECT_EQ(one("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
    EXPECT_EQ(run({"status"}), 0);
    EXPECT_THAT(line_.out, HasSubstr("verified, switch is visible"));
    set_up(mend);
    ASSERT_EQ(run({"switch", "1_move"}), 0) << line_.err;
    ASSERT_EQ(run({"contract", "1_move"}), 0) << line_.err;
  }
};

TEST_F(TypeSwitch, AVisibleSwitchIsLeftToAPersonAndPlanSaysSo) {
  alter("big", "type: numeric");
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("visible"));
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("pgexpand switch 1_move"));
  EXPECT_EQ(one("SELECT pg_typeof(big) FROM t LIMIT 1"), "bigint");
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT pg_typeof(big) FROM t LIMIT 1"), "bigint");
  EXPECT_EQ(run({"switch", "1_move"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT pg_typeof(big) FROM t LIMIT 1"), "numeric");
}

TEST_F(TypeSwitch, DuplicatesUnderANewUniqueIndexLeaveItVerified) {
  set_up("CREATE UNIQUE INDEX u ON t (s)");
  alter("s", "type: varchar(40), up: lower(s)");
  expect_failed_switch("INSERT INTO t VALUES (1001, 1, 'S7')",
                       "DELETE FROM t WHERE id = 1001");
  EXPECT_TRUE(fails("INSERT INTO t VALUES (1002, 1, 's7')"));
}

TEST_F(TypeSwitch, DuplicatesUnderANewUniqueConstraintLeaveItVerified) {
  set_up("ALTER TABLE t ADD CONSTRAINT u UNIQUE (s)");
  alter("s", "type: varchar(40), up: lower(s)");
  expect_failed_switch("INSERT INTO t VALUES (1001, 1, 'S7')",
                       "DELETE FROM t WHERE id = 1001");
}

TEST_F(TypeSwitch, ARowThatBreaksACarriedCheckLeavesItVerified) {
  set_up(
      "ALTER TABLE t ADD CONSTRAINT c CHECK (s <> 'bad');"
      "CREATE INDEX i ON t (s)");
  alter("s", "type: varchar(40), up: lower(s)");
  expect_failed_switch("INSERT INTO t VALUES (1001, 1, 'BAD')",
                       "DELETE FROM t WHERE id = 1001");
  EXPECT_TRUE(fails("INSERT INTO t VALUES (1002, 1, 'bad')"));
}

TEST_F(TypeSwitch, ARowThatBreaksANewCheckLeavesItVerified) {
  alter("s", "type: varchar(40), check: {name: c, expression: s <> 'bad'}");
  expect_failed_switch("INSERT INTO t VALUES (1001, 1, 'bad')",
                       "UPDATE t SET s = 'good' WHERE id = 1001");
  EXPECT_TRUE(fails("INSERT INTO t VALUES (1002, 1, 'bad')"));
}

TEST_F(TypeSwitch, AnOrphanUnderACarriedForeignKeyLeavesItVerified) {
  set_up(
      "CREATE TABLE p (s varchar(40) PRIMARY KEY); INSERT INTO p SELECT s"
      " FROM t; INSERT INTO p VALUES ('S1'); ALTER TABLE t ADD CONSTRAINT f"
      " FOREIGN KEY (s) REFERENCES p; CREATE INDEX i ON t (s)");
  alter("s", "type: varchar(40), up: upper(s), down: lower(s)");
  set_up("UPDATE t SET s = 's1'");
  expect_failed_switch("INSERT INTO t VALUES (1001, 1, 's7')",
                       "DELETE FROM t WHERE id = 1001");
}

TEST_F(TypeSwitch, ExpressionsKeepTheirCollation) {
  alter("s",
        "type: varchar(40), up: 'upper(s COLLATE \"tr-x-icu\")', down:"
        " 'lower(s COLLATE \"tr-x-icu\")', check: {name:"
        " c, expression: 's COLLATE \"C\" <> chr(1)'}");
  set_up("UPDATE t SET s = 'i'");
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_EQ(one("SELECT DISTINCT s FROM t"), "\u0130");
  EXPECT_EQ(one("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE"
                " conname = 'c'"),
            "CHECK ((((s)::text COLLATE \"C\") <> chr(1)))");
}

TEST_F(TypeSwitch, AFailingUpIsFoundByVerify) {
  alter("s", "type: varchar(4)");
  ASSERT_EQ(run({"apply", "--through", "backfill"}), 0) << line_.err;
  set_up("INSERT INTO t VALUES (1001, 1, 'too long')");
  EXPECT_EQ(run({"apply"}), 7) << line_.out << line_.err;
  EXPECT_EQ(one("SELECT s FROM t WHERE id = 1001"), "too long");
  set_up("UPDATE t SET s = 'ok' WHERE id = 1001");
  EXPECT_EQ(run({"verify", "1_move", "--repair"}), 0) << line_.err;
  EXPECT_EQ(run({"switch", "1_move"}), 0) << line_.err;
}

TEST_F(TypeSwitch, AValueThatDoesNotFitTheOldTypeFailsTheWrite) {
  alter("big", "type: numeric");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  EXPECT_TRUE(fails("INSERT INTO t (id, big, s) VALUES (1001, 1e30, 'x')"));
  EXPECT_EQ(one("SELECT count(*) FROM t"), "200");
  ASSERT_NO_FATAL_FAILURE(roll_back());
}

TEST_F(TypeSwitch, ALossyChangeCountsSuchRowsAndIsNotTakenBack) {
  const std::string before = schema();
  alter("big", "type: numeric, allow: [lossy]");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  set_up(
      "INSERT INTO t (id, big, s) VALUES (1001, 1e30, 'x'), (1002, 5, 'y');"
      "UPDATE t SET big = 1e31 WHERE id = 7");
  EXPECT_EQ(one("SELECT count(*) FROM t WHERE pgexpand_old_big IS NULL"), "2");
  EXPECT_EQ(run({"rollback", "1_move"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("error[rollback.lossy]"));
  EXPECT_THAT(line_.err, HasSubstr("2 rows of public.t"));
  set_up("UPDATE t SET big = id WHERE big > 1e20");
  ASSERT_NO_FATAL_FAILURE(roll_back());
  EXPECT_EQ(schema(), before);
  EXPECT_EQ(one("SELECT sum(big) FROM t WHERE id > 1000"), "1006");
}

TEST_F(TypeSwitch, ALossyNarrowingKeepsTheOldValueUntilItIsWritten) {
  alter("big", "type: integer, down: big, allow: [lossy]");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  EXPECT_TRUE(
      fails("INSERT INTO t (id, big, s) VALUES (1001, 3000000000, 'x')"));
  set_up("INSERT INTO t (id, big, s) VALUES (1001, 2000000000, 'x')");
  ASSERT_NO_FATAL_FAILURE(roll_back());
  EXPECT_EQ(one("SELECT big FROM t WHERE id = 1001"), "2000000000");
}

TEST_F(TypeSwitch, ALossyPrimaryKeyGoesThereAndBack) {
  const std::string before = schema();
  alter("id", "type: numeric, allow: [lossy]");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  set_up("INSERT INTO t (id, big, s) VALUES (1e30, 1, 'x')");
  EXPECT_EQ(run({"rollback", "1_move"}), 7);
  set_up("DELETE FROM t WHERE id = 1e30");
  ASSERT_NO_FATAL_FAILURE(roll_back());
  EXPECT_EQ(schema(), before);
}

TEST_F(TypeSwitch, ALossyIdentityLivesBeyondItsOldTypeAndComesBack) {
  set_up(
      "CREATE TABLE i (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n"
      " int); INSERT INTO i (n) VALUES (1); ALTER TABLE i REPLICA IDENTITY"
      " USING INDEX i_pkey; CREATE TABLE c (i_id int REFERENCES i)");
  const std::string before = schema();
  write_migration(
      "  - alter_column: {table: i, column: id, type: bigint, allow: [lossy]}"
      "\n");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  set_up("SELECT setval('i_id_seq', 2147483647); INSERT INTO i (n) VALUES (2)");
  EXPECT_EQ(one("SELECT max(id) FROM i WHERE pgexpand_old_id IS NULL"),
            "2147483648");
  EXPECT_EQ(run({"rollback", "1_move"}), 7);
  set_up("DELETE FROM i WHERE n = 2");
  ASSERT_NO_FATAL_FAILURE(roll_back());
  EXPECT_EQ(schema(), before);
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  set_up("SELECT setval('i_id_seq', 2147483647); INSERT INTO i (n) VALUES (3)");
}

TEST_F(TypeSwitch, ASerialThatRanBeyondItsOldTypeComesBackExhausted) {
  set_up(
      "CREATE TABLE r (id serial PRIMARY KEY, n int);"
      "INSERT INTO r (n) VALUES (1); CREATE TABLE i (id int GENERATED ALWAYS"
      " AS IDENTITY PRIMARY KEY, n int); INSERT INTO i (n) VALUES (1)");
  const std::string before = schema();
  write_migration(
      "  - alter_column: {table: r, column: id, type: bigint}\n"
      "  - alter_column: {table: i, column: id, type: bigint}\n");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  for (const std::string name : {"r", "i"}) {
    set_up("SELECT setval('" + name + "_id_seq', 2147483647)");
    EXPECT_TRUE(fails("INSERT INTO " + name + " (n) VALUES (2)"));
  }
  ASSERT_NO_FATAL_FAILURE(roll_back());
  EXPECT_EQ(schema(), before);
  for (const std::string name : {"r", "i"}) {
    EXPECT_TRUE(fails("INSERT INTO " + name + " (n) VALUES (2)"));
    EXPECT_EQ(one("SELECT last_value FROM " + name + "_id_seq"), "2147483647");
  }
}

}  // namespace
}  // namespace pgexpand::testing
