// Partitioned tables: the change reaches every partition, also one that is
// attached meanwhile, and rows that move between them stay in step.
#include "partitions_fixture.hpp"
#include "writers.hpp"

#include <fmt/format.h>

#include <regex>

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;

// From 18 on NOT NULL has a name, and a partition gets it from its parent.
std::string with_nameless_not_null(const std::string& dump) {
  return std::regex_replace(dump, std::regex(R"( CONSTRAINT \w+ NOT NULL)"),
                            " NOT NULL");
}

TEST_F(Partitions, AColumnIsAddedFilledAndKeptInStepInEachOfThem) {
  const auto days = [](const std::string& sql) {
    return sql + " WHERE day IN (5, 15, 22, 23, 31)";
  };
  add_status_copy();
  EXPECT_EQ(run({"plan"}), 0) << said();
  EXPECT_THAT(said(), HasSubstr("4,000 rows"));
  ASSERT_EQ(apply(), 0) << said();
  EXPECT_EQ(wrong(), "0");
  database_.exec(days("UPDATE orders SET status = 'x' || day") +
                 "; UPDATE third_even SET status = 'leaf' WHERE day = 24;"
                 "INSERT INTO second (day, status) VALUES (11, 'leaf')");
  EXPECT_EQ(wrong(), "0");
  ASSERT_EQ(run({"contract"}), 0) << said();
  EXPECT_EQ(wrong(), "0");
  EXPECT_EQ(leftovers(), "0");
  EXPECT_EQ(members("fresh", "true"), "7");
}

TEST_F(Partitions, ARollbackLeavesNothingInAnyOfThem) {
  const std::string before = dump();
  add_status_copy();
  ASSERT_EQ(apply(), 0) << said();
  ASSERT_EQ(run({"rollback", "1_m"}), 0) << said();
  EXPECT_EQ(dump(), before);
}

TEST_F(Partitions, OneThatIsAttachedWhileARunIsInterruptedIsFilledToo) {
  add_status_copy();
  auto process =
      database_.spawn_pgexpand({"apply", "--dir", line_.folder() / "migrations",
                                "--batch-rows", "100", "--pause", "20ms"});
  wait_for_rows(process, 500);
  (void)process.kill();
  EXPECT_NE(wrong(), "0");
  attach();
  ASSERT_EQ(run({"apply"}), 0) << said();
  EXPECT_EQ(wrong(), "0");
  EXPECT_EQ(count("fresh = 'LATE'"), "300");
}

TEST_F(Partitions, OneThatIsAttachedInTheMiddleOfAFillIsFilledToo) {
  add_status_copy();
  auto process =
      database_.spawn_pgexpand({"apply", "--dir", line_.folder() / "migrations",
                                "--batch-rows", "100", "--pause", "20ms"});
  wait_for_rows(process, 500);
  attach();
  const auto ran = process.wait();
  EXPECT_EQ(ran.exit_code, 0) << ran.err << ran.out;
  EXPECT_EQ(wrong(), "0");
  EXPECT_EQ(count("fresh = 'LATE'"), "300");
}

TEST_F(Partitions, WhatThePartitionManagerAttachesBetweenPhasesIsNoDrift) {
  add_status_copy();
  int day = 100;
  for (const std::string phase : {"expand", "backfill", "verify"}) {
    ASSERT_EQ(apply(phase), 0) << said();
    database_.exec(fmt::format(
        "CREATE TABLE {0} PARTITION OF orders FOR VALUES FROM ({1}) TO ({2})"
        " PARTITION BY LIST (day); CREATE TABLE {0}_all PARTITION OF {0}"
        " DEFAULT; CREATE INDEX ON {0}_all (status, fresh);"
        "CREATE TRIGGER keep BEFORE UPDATE OF status ON {0}_all FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger();"
        "INSERT INTO orders (day, status) VALUES ({1}, 'new')",
        phase, day, day + 10));
    day += 10;
  }
  ASSERT_EQ(apply(), 0) << said();
  EXPECT_EQ(line_.err.find("drift"), std::string::npos) << line_.err;
  ASSERT_EQ(run({"contract"}), 0) << said();
  EXPECT_EQ(wrong(), "0");
  EXPECT_EQ(count("fresh = 'NEW'"), "3");
}

Shape moving(const std::string& column, const std::string& seen) {
  return {.insert = "INSERT INTO orders (day, " + column +
                    ") VALUES ((random() * 34)::int, $1) RETURNING id, " + seen,
          .update = "UPDATE orders SET " + column +
                    " = $2, day = (day + 7) % 35 WHERE id = $1"
                    " RETURNING id, " +
                    seen,
          .remove = "DELETE FROM orders WHERE id = $1"};
}

TEST_F(Partitions, WritersThatMoveRowsLoseNothingBesideAnAddedColumn) {
  const std::string rows = "SELECT id, status, 0 FROM orders ORDER BY id";
  add_status_copy();
  Writers writers(database_, rows, moving("status", "status"));
  ASSERT_EQ(apply(), 0) << said();
  EXPECT_EQ(wrong(), "0");
  writers.use({moving("status", "lower(fresh)")});
  writers.await(100);
  EXPECT_EQ(wrong(), "0");
  writers.use({moving("status", "status")});
  ASSERT_EQ(run({"contract"}), 0) << said();
  EXPECT_EQ(writers.stop_and_compare(rows), "");
  EXPECT_EQ(leftovers(), "0");
}

TEST_F(Partitions, WritersThatMoveRowsLoseNothingBesideARename) {
  write_spec("1_m", "rename_column",
             {"table: orders", "from: status", "to: state"});
  Writers writers(database_, "SELECT id, status, 0 FROM orders ORDER BY id",
                  moving("status", "status"));
  ASSERT_EQ(apply(), 0) << said();
  writers.use({moving("status", "state"), moving("state", "status")});
  writers.await(100);
  EXPECT_EQ(count("status IS DISTINCT FROM state"), "0");
  writers.use({moving("state", "state")});
  ASSERT_EQ(run({"contract"}), 0) << said();
  EXPECT_EQ(
      writers.stop_and_compare("SELECT id, state, 0 FROM orders ORDER BY id"),
      "");
  EXPECT_EQ(leftovers(), "0");
  EXPECT_EQ(members("state", "attnotnull"), "7");
}

TEST_F(Partitions, ANullOfNewCodesSurvivesARowsMove) {
  add_status_copy();
  ASSERT_EQ(apply(), 0) << said();
  database_.exec(
      "UPDATE orders SET fresh = NULL WHERE id = 1;"
      "UPDATE orders SET day = 25 WHERE id = 1;"
      "UPDATE orders SET fresh = NULL, day = 15 WHERE id = 2;"
      "UPDATE orders SET status = 'moved', day = 22 WHERE id = 3;"
      "INSERT INTO orders (id, day, status) VALUES (90001, 25, 'old code')");
  EXPECT_EQ(one("SELECT string_agg(coalesce(fresh, '-'), ' ' ORDER BY id)"
                " FROM orders WHERE id IN (1, 2, 3, 90001)"),
            "- - MOVED OLD CODE");
}

TEST_F(Partitions, AFinerOldValueSurvivesARowsMove) {
  database_.exec(
      "ALTER TABLE orders ADD COLUMN price numeric(8,2);"
      "UPDATE orders SET price = 1.25");
  write_spec(
      "1_m", "alter_column",
      {"table: orders", "column: price", "type: integer", "up: price::integer",
       "down: price::numeric(8,2)", "allow: [lossy]"});
  ASSERT_EQ(apply(), 0) << said();
  database_.exec("UPDATE orders SET day = 25 WHERE id = 1");
  ASSERT_EQ(run({"rollback", "1_m"}), 0) << said();
  EXPECT_EQ(count("price IS DISTINCT FROM 1.25"), "0");
}

TEST_F(Partitions, NullIsForbiddenInAllOfThem) {
  write_spec("1_m", "set_not_null",
             {"table: orders", "column: note", "up: \"'filled'\""});
  ASSERT_EQ(apply("expand"), 0) << said();
  attach("early");
  ASSERT_EQ(apply(), 0) << said();
  ASSERT_EQ(run({"contract"}), 0) << said();
  EXPECT_EQ(count("note IS NULL"), "0");
  EXPECT_EQ(count("note = 'filled'"), std::to_string(300 + table_rows / 3));
  EXPECT_EQ(members("note", "attnotnull"), "8");
  EXPECT_EQ(leftovers(), "0");
}

TEST_F(Partitions, OneThatIsAttachedAfterTheFillIsFoundByVerifyAndMended) {
  add_status_copy();
  ASSERT_EQ(apply("backfill"), 0) << said();
  attach();
  EXPECT_EQ(apply(), 7) << said();
  EXPECT_THAT(said(), HasSubstr("300 of 4,300 rows"));
  ASSERT_EQ(run({"verify", "1_m", "--repair"}), 0) << said();
  ASSERT_EQ(apply(), 0) << said();
  EXPECT_EQ(wrong(), "0");
}

TEST_F(Partitions, OneThatIsAttachedAfterVerifyShutsTheSwitchUntilMended) {
  add_status_copy();
  ASSERT_EQ(apply("verify"), 0) << said();
  attach();
  EXPECT_EQ(apply(), 7) << said();
  EXPECT_THAT(said(), HasSubstr("error[switch.new-partition]"));
  ASSERT_EQ(run({"verify", "1_m", "--repair"}), 0) << said();
  ASSERT_EQ(apply(), 0) << said();
  EXPECT_EQ(wrong(), "0");
}

TEST_F(Partitions, OneThatIsAttachedAfterSwitchShutsContractUntilMended) {
  add_status_copy();
  ASSERT_EQ(apply(), 0) << said();
  attach();
  EXPECT_EQ(run({"contract", "1_m"}), 7) << said();
  EXPECT_THAT(said(), HasSubstr("error[contract.new-partition]"));
  database_.exec("UPDATE orders SET fresh = upper(status)");
  ASSERT_EQ(run({"contract", "1_m"}), 0) << said();
  EXPECT_EQ(wrong(), "0");
}

TEST_F(Partitions, NullIsAllowedInAllOfThemAndForbiddenAgain) {
  const std::string before = with_nameless_not_null(dump());
  write_spec("1_m", "drop_not_null", {"table: orders", "column: status"});
  ASSERT_EQ(apply(), 0) << said();
  EXPECT_EQ(members("status", "attnotnull"), "0");
  database_.exec("UPDATE orders SET status = NULL WHERE day = 22");
  EXPECT_NE(run({"rollback", "1_m"}), 0);
  EXPECT_THAT(said(), HasSubstr("hold NULL in status"));
  database_.exec("UPDATE orders SET status = '' WHERE day = 22");
  ASSERT_EQ(run({"rollback", "1_m"}), 0) << said();
  EXPECT_EQ(with_nameless_not_null(dump()), before);
}

TEST_F(Partitions, ATypeChangesInAllOfThemWithTheirChecks) {
  const std::string before = dump();
  write_spec("1_m", "alter_column",
             {"table: orders", "column: amount", "type: bigint"});
  ASSERT_EQ(apply(), 0) << said();
  EXPECT_EQ(members("amount", "atttypid = 'bigint'::regtype"), "7");
  database_.exec(
      "UPDATE orders SET amount = amount + 1, day = (day + 9) % 35"
      " WHERE id % 5 = 0");
  ASSERT_EQ(run({"rollback", "1_m"}), 0) << said();
  EXPECT_EQ(dump(), before);
  EXPECT_EQ(count("amount <> id % 100 + (id % 5 = 0)::int"), "0");
  ASSERT_EQ(apply(), 0) << said();
  ASSERT_EQ(run({"contract"}), 0) << said();
  EXPECT_EQ(count("amount <> id % 100 + (id % 5 = 0)::int"), "0");
  EXPECT_EQ(one("SELECT count(*) FROM pg_constraint WHERE conname = 'positive'"
                " AND convalidated"),
            "7");
  EXPECT_EQ(leftovers(), "0");
}

TEST_F(Partitions, AColumnIsDroppedFromAllOfThem) {
  write_spec("1_m", "drop_column",
             {"table: orders", "column: status", "down: \"'none'\""});
  ASSERT_EQ(apply(), 0) << said();
  database_.exec("INSERT INTO orders (day) VALUES (5), (15), (22), (50)");
  EXPECT_EQ(count("status = 'none'"), "4");
  ASSERT_EQ(run({"contract"}), 0) << said();
  EXPECT_EQ(members("status", "true"), "0");
  EXPECT_EQ(leftovers(), "0");
}

TEST_F(Partitions, WhoHoldsOneOfThemIsWaitedForAndNamed) {
  add_status_copy();
  const auto holder = database_.application();
  holder->run(sql::Statement::of("BEGIN"));
  holder->run(sql::Statement::of("SELECT count(*) FROM third_even"));
  std::this_thread::sleep_for(std::chrono::seconds(1));
  EXPECT_EQ(run({"apply", "--lock-budget", "1s"}), 4) << said();
  EXPECT_THAT(said(), HasSubstr("held by pid"));
  holder->run(sql::Statement::of("COMMIT"));
  ASSERT_EQ(run({"apply"}), 0) << said();
  EXPECT_EQ(wrong(), "0");
}

TEST_F(Partitions, HashPartitionsWork) {
  database_.exec(
      "CREATE TABLE hashed (id bigint PRIMARY KEY, status text)"
      " PARTITION BY HASH (id);"
      "CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2,"
      " REMAINDER 0); CREATE TABLE hashed_1 PARTITION OF hashed"
      " FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
      "INSERT INTO hashed SELECT g, 's' FROM generate_series(1, 500) AS g");
  write_spec("1_m", "add_column",
             {"table: hashed", "column: fresh", "type: text", "nullable: false",
              "up: \"coalesce(status, 'none')\"", "default: \"'d'\"",
              "check: {expression: \"fresh <> 'x'\"}"});
  ASSERT_EQ(apply(), 0) << said();
  ASSERT_EQ(run({"contract"}), 0) << said();
  EXPECT_EQ(one("SELECT count(*) FROM hashed WHERE fresh = 's'"), "500");
  EXPECT_EQ(one("SELECT count(*) FROM pg_attribute WHERE attname = 'fresh' AND"
                " attnotnull AND atthasdef"),
            "3");
  EXPECT_EQ(one("SELECT count(*) FROM pg_constraint WHERE conname ="
                " 'hashed_fresh_check' AND convalidated"),
            "3");
}

TEST_F(Partitions, RowsAreBackfilledInAllOfThem) {
  write_spec(
      "1_m", "backfill",
      {"table: orders", "set: {note: \"'none'\"}", "where: note IS NULL"});
  ASSERT_EQ(apply(), 0) << said();
  EXPECT_EQ(count("note IS NULL"), "0");
  EXPECT_EQ(count("note = 'none'"), std::to_string(table_rows / 3));
}

TEST_F(Partitions, ChildrenByInheritsAreBackfilledAndGetDefaults) {
  database_.exec(
      "CREATE TABLE a (n int, m int); CREATE TABLE b (k int) INHERITS (a);"
      "INSERT INTO a SELECT g FROM generate_series(1, 50) AS g;"
      "INSERT INTO b SELECT g FROM generate_series(1, 70) AS g");
  write_spec("1_m", "backfill",
             {"table: a", "set: {m: n + 1}", "where: m IS NULL"});
  write_spec("2_m", "alter_column", {"table: a", "column: m", "default: '7'"});
  ASSERT_EQ(apply(), 8) << said();
  ASSERT_EQ(run({"contract"}), 0) << said();
  ASSERT_EQ(apply(), 0) << said();
  EXPECT_EQ(one("SELECT count(*) FROM a WHERE m = n + 1"), "120");
  database_.exec("INSERT INTO b (n) VALUES (1000)");
  EXPECT_EQ(one("SELECT m FROM b WHERE n = 1000"), "7");
}

}  // namespace
}  // namespace pgexpand::testing
