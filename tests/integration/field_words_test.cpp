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

}  // namespace
}  // namespace pgexpand::testing
