// rename_column and alter_column of one column in one file are one change: one
// new column with both, beside the old one until contract.
#include "integration/carry_fixture.hpp"

#include <fmt/format.h>

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* table =
    "CREATE TABLE t (id bigint PRIMARY KEY, n int, other int, s varchar(20));"
    "INSERT INTO t SELECT g, g * 3, g % 7, 's' || g % 50"
    " FROM generate_series(1, 300) g; UPDATE t SET n = NULL WHERE id = 4;";

constexpr const char* rename_n =
    "  - rename_column: {table: t, from: n, to: m}\n";

/// Objects on t.n, which becomes m, a bigint.
Carried on_n(const std::string& name,
             const std::string& objects,
             const std::string& operations) {
  return {.name = name,
          .setup = table + objects,
          .operations = operations,
          .plain =
              "ALTER TABLE t RENAME n TO m; ALTER TABLE t ALTER m TYPE"
              " bigint",
          .writes =
              "INSERT INTO t (id, $column, s) SELECT max(id) + 1,"
              " 5000 + max(id), 'new' FROM t; UPDATE t SET $column ="
              " $column + 9000 WHERE id = 10; UPDATE t SET $column = NULL"
              " WHERE id = 11; DELETE FROM t WHERE id ="
              " (SELECT min(id) FROM t)",
          .old_name = "n",
          .new_name = "m"};
}

const Carried cases[] = {
    on_n("Indexes",
         "CREATE INDEX a ON t (n DESC); CREATE INDEX b ON t (other) WHERE n >"
         " 3; CREATE UNIQUE INDEX c ON t (n, id)",
         rename_n + alter("t", "n", "bigint")),
    on_n("TypeFirstByTheNewName",
         "ALTER TABLE t ADD CHECK (n > -10 OR other > 2); CREATE INDEX a ON t"
         " ((n + 1)); COMMENT ON COLUMN t.n IS 'it''s n'",
         alter("t", "m", "bigint") + rename_n),
    on_n("DefaultAndRights",
         "ALTER TABLE t ALTER n SET DEFAULT 7, ALTER n SET STATISTICS 99;"
         "GRANT SELECT (n), UPDATE (n) ON t TO carry_reader",
         alter("t", "n", "bigint") + rename_n),
    on_n(
        "WithUpAndDown",
        "CREATE INDEX a ON t (n)",
        rename_n +
            alter("t", "m", "bigint", "      up: n + 0\n      down: m::int\n")),
    {.name = "WhatAloneWouldBeMetadataOnly",
     .setup = std::string(table) + "CREATE INDEX a ON t (s)",
     .operations = "  - rename_column: {table: t, from: s, to: label}\n" +
                   alter("t", "s", "varchar(50)"),
     .plain = "ALTER TABLE t RENAME s TO label;"
              "ALTER TABLE t ALTER label TYPE varchar(50)",
     .writes = "UPDATE t SET $column = $column || 'x' WHERE id = 10",
     .old_name = "s",
     .new_name = "label"},
    {.name = "SameType",
     .setup = table,
     .operations = rename_n + alter("t", "n", "int"),
     .plain = "ALTER TABLE t RENAME n TO m",
     .writes = "UPDATE t SET $column = $column + 1 WHERE id = 10",
     .old_name = "n",
     .new_name = "m"},
    {.name = "KeyWithItsForeignKey",
     .setup = "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY"
              " KEY, n int); INSERT INTO t (n) SELECT g FROM"
              " generate_series(1, 50) g; CREATE TABLE c (t_id int REFERENCES"
              " t); INSERT INTO c SELECT g FROM generate_series(1, 9) g",
     .operations = "  - rename_column: {table: t, from: id, to: key}\n" +
                   alter("t", "id", "bigint"),
     .plain = "ALTER TABLE t RENAME id TO key;"
              "ALTER TABLE t ALTER key TYPE bigint",
     .writes = "INSERT INTO t (n) VALUES (9)"},
};

class RenamedAndRetyped : public CarryTest,
                          public ::testing::WithParamInterface<Carried> {};

TEST_P(RenamedAndRetyped, KeepsWhatHungOnIt) { expect_carried(GetParam()); }

TEST_P(RenamedAndRetyped, IsInTheEndTheSameInViews) {
  const Carried& carried = GetParam();
  TestDatabase plain;
  plain.exec(carried.setup);
  plain.exec(carried.plain);
  set_up(carried.setup);
  line_.write("pgexpand.yaml", "versions: views\n");
  const std::string before = schema();
  const std::string rows = all_rows(database_);
  write_migration(carried.operations);
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  ASSERT_NO_FATAL_FAILURE(roll_back());
  EXPECT_EQ(schema(), before);
  EXPECT_EQ(all_rows(database_), rows);
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  database_.exec("DROP SCHEMA public_1_move CASCADE");
  EXPECT_EQ(schema(), sorted_schema(plain));
  EXPECT_EQ(all_rows(database_), all_rows(plain));
}

INSTANTIATE_TEST_SUITE_P(All,
                         RenamedAndRetyped,
                         ::testing::ValuesIn(cases),
                         name_of);

class BothNames : public CarryTest {
 protected:
  void begin() {
    set_up(table);
    write_migration(rename_n + alter("t", "n", "text",
                                     "      up: n::text\n"
                                     "      down: m::int\n"));
  }
  std::string row(int id) {
    return one(fmt::format("SELECT n || ' ' || m FROM t WHERE id = {}", id));
  }
};

TEST_F(BothNames, AreKeptInStepWithTheirTypes) {
  begin();
  for (const std::string phase : {"expand", "backfill", "verify", "switch"}) {
    ASSERT_NO_FATAL_FAILURE(go_through(phase));
    database_.exec("UPDATE t SET n = n + 1 WHERE id = 20");
    EXPECT_EQ(row(20), one("SELECT n || ' ' || n FROM t WHERE id = 20"));
    database_.exec("UPDATE t SET m = '77' WHERE id = 21");
    EXPECT_EQ(row(21), "77 77");
    database_.exec(
        "DELETE FROM t WHERE id > 900;"
        "INSERT INTO t (id, n) VALUES (901, 5);"
        "INSERT INTO t (id, m) VALUES (902, '6')");
    EXPECT_EQ(row(901), "5 5");
    EXPECT_EQ(row(902), "6 6");
  }
  EXPECT_EQ(run({"apply"}), 0) << line_.err;  // switched: nobody noticed
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_EQ(one("SELECT m FROM t WHERE id = 902"), "6");
}

TEST_F(BothNames, AreNoticedByNobody) {
  begin();
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_THAT(line_.out, Not(HasSubstr("visible")));
  EXPECT_EQ(one("SELECT max(completed) FROM pgexpand.migration"), "switch");
}

TEST_F(BothNames, CannotLoseValues) {
  set_up(table);
  write_migration(rename_n + alter("t", "n", "text",
                                   "      up: n::text\n      down: m::int\n"
                                   "      allow: [lossy]\n"));
  EXPECT_EQ(run({"plan"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("column.lossy-rename"));
}

TEST_F(BothNames, MustBeFree) {
  set_up(table);
  write_migration("  - rename_column: {table: t, from: n, to: other}\n" +
                  alter("t", "n", "bigint"));
  EXPECT_EQ(run({"plan"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("catalog.column-exists"));
}

}  // namespace
}  // namespace pgexpand::testing
