// From PostgreSQL 18 on NOT NULL is a constraint with a name, and a constraint
// may be NOT ENFORCED. Before, the server forgets such a name.
#include "carry_fixture.hpp"

namespace pgexpand::testing {
namespace {

constexpr const char* with_names =
    "CREATE TABLE t (id integer PRIMARY KEY, big integer CONSTRAINT mine NOT"
    " NULL, free integer);"
    "INSERT INTO t SELECT g, g, g FROM generate_series(1, 50) AS g;";

class NotNullName : public CarryTest {
 protected:
  bool has_names() {
    return one("SHOW server_version_num") >= std::string("180000");
  }
};

TEST_F(NotNullName, IsTheOldColumnsAfterAChangeOfType) {
  const std::string comment =
      has_names() ? "COMMENT ON CONSTRAINT mine ON t IS 'why';" : "";
  expect_carried({.name = "",
                  .setup = with_names + comment,
                  .operations = alter("t", "big", "bigint"),
                  .plain = "ALTER TABLE t ALTER big TYPE bigint",
                  .writes = "INSERT INTO t (id, big) SELECT max(id) + 1, 1"
                            " FROM t"});
}

TEST_F(NotNullName, IsTheUsualOneOfAColumnThatHadNone) {
  expect_carried(
      {.name = "",
       .setup = with_names,
       .operations =
           alter("t", "free", "bigint",
                 "      nullable: false\n      up: coalesce(free, 0)\n"
                 "      down: free\n"),
       .plain = "ALTER TABLE t ALTER free TYPE bigint, ALTER free SET NOT NULL",
       .writes = "UPDATE t SET free = 1"});
}

TEST_F(NotNullName, ComesBackWithNotNull) {
  set_up(with_names);
  const std::string before = schema();
  write_migration("  - drop_not_null: {table: t, column: big}\n");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  EXPECT_NE(schema(), before);
  ASSERT_NO_FATAL_FAILURE(roll_back());
  EXPECT_EQ(schema(), before);
}

TEST_F(NotNullName, WhatIsNotEnforcedIsNotEnforcedOnTheNewColumn) {
  if (!has_names()) {
    GTEST_SKIP() << "NOT ENFORCED needs PostgreSQL 18";
  }
  expect_carried(
      {.name = "",
       .setup =
           "CREATE TABLE parent (id integer PRIMARY KEY);"
           "CREATE TABLE t (id integer PRIMARY KEY, big integer"
           " REFERENCES parent NOT ENFORCED CONSTRAINT c CHECK (big > 100) NOT"
           " ENFORCED); INSERT INTO t SELECT g, g FROM generate_series(1, 50)"
           " AS g;",
       .operations = alter("t", "big", "bigint"),
       .plain = "ALTER TABLE t ALTER big TYPE bigint",
       .writes = "UPDATE t SET big = 7"});
}

}  // namespace
}  // namespace pgexpand::testing
