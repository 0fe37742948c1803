// drop_index and create_index of one name in one file: the index is replaced,
// and at no time is there none.
#include "integration/carry_fixture.hpp"

#include <fmt/format.h>

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* table =
    "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b text);"
    "CREATE TABLE other (id int PRIMARY KEY, c int);"
    "INSERT INTO t SELECT g, g, 'x' || g FROM generate_series(1, 60) AS g;";

std::string replace_by(const std::string& fields,
                       const std::string& index = "t_i") {
  return "  - drop_index: {index: " + index + "}\n  - create_index: {" +
         fields + "}\n";
}

class ReplacedIndex : public CarryTest,
                      public ::testing::WithParamInterface<Carried> {};

TEST_P(ReplacedIndex, IsInTheEndWhatDropAndCreateLeave) {
  expect_carried(GetParam());
}

const Carried cases[] = {
    {.name = "OtherColumns",
     .setup = std::string(table) + "CREATE INDEX t_i ON t (a);"
                                   "COMMENT ON INDEX t_i IS 'old';",
     .operations = replace_by("table: t, name: t_i, columns: [b, a]"),
     .plain = "DROP INDEX t_i; CREATE INDEX t_i ON t (b, a)"},
    {.name = "CreatedFirst",
     .setup = std::string(table) + "CREATE INDEX t_i ON t (a);",
     .operations =
         "  - create_index: {table: t, name: t_i, columns: [a], where: a > 3}\n"
         "  - drop_index: {index: t_i}\n",
     .plain = "DROP INDEX t_i; CREATE INDEX t_i ON t (a) WHERE a > 3"},
    {.name = "NameOfTheServersChoice",
     .setup = std::string(table) + "CREATE INDEX ON t (a, b);",
     .operations =
         replace_by("table: t, columns: [a], include: [b]", "public.t_a_b_idx"),
     .plain = "DROP INDEX t_a_b_idx; CREATE INDEX ON t (a) INCLUDE (b)"},
    {.name = "OfAnotherTable",
     .setup = std::string(table) + "CREATE INDEX t_i ON t (a);",
     .operations = replace_by("table: other, name: t_i, columns: [c]"),
     .plain = "DROP INDEX t_i; CREATE INDEX t_i ON other (c)"},
    {.name = "UniqueNow",
     .setup = std::string(table) + "CREATE INDEX t_i ON t (a);",
     .operations =
         replace_by("table: t, name: t_i, columns: [a], unique: true"),
     .plain = "DROP INDEX t_i; CREATE UNIQUE INDEX t_i ON t (a)"},
    {.name = "NoMoreUnique",
     .setup = std::string(table) + "CREATE UNIQUE INDEX t_i ON t (a);",
     .operations = replace_by("table: t, name: t_i, columns: [a]"),
     .plain = "DROP INDEX t_i; CREATE INDEX t_i ON t (a)"},
    {.name = "OnAColumnOfAnotherType",
     .setup = std::string(table) + "CREATE INDEX t_i ON t (a);",
     .operations = alter("t", "a", "bigint") +
                   replace_by("table: t, name: t_i, columns: [a, b]"),
     .plain = "DROP INDEX t_i; ALTER TABLE t ALTER a TYPE bigint;"
              "CREATE INDEX t_i ON t (a, b)"},
    {.name = "OnAColumnOfAnotherName",
     .setup = std::string(table) + "CREATE INDEX t_i ON t (a);",
     .operations = "  - rename_column: {table: t, from: a, to: n}\n" +
                   replace_by("table: t, name: t_i, columns: [n, b]"),
     .plain = "DROP INDEX t_i; ALTER TABLE t RENAME a TO n;"
              "CREATE INDEX t_i ON t (n, b)"},
};
INSTANTIATE_TEST_SUITE_P(All,
                         ReplacedIndex,
                         ::testing::ValuesIn(cases),
                         name_of);

class ReplacedIndexPhases : public CarryTest {
 protected:
  /// What has the name, if it answers queries.
  std::string standing() {
    return one(
        "SELECT string_agg(a.attname, ' ' ORDER BY a.attnum) FROM pg_index i"
        " JOIN pg_attribute a ON a.attrelid = i.indexrelid"
        " WHERE i.indexrelid = 't_i'::regclass AND i.indisvalid");
  }
  std::string count() {
    return one(
        "SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass"
        " AND indisvalid AND NOT indisprimary");
  }
};

TEST_F(ReplacedIndexPhases, OneOfTheTwoHasTheNameAtAnyTime) {
  set_up(std::string(table) + "CREATE INDEX t_i ON t (a);");
  write_migration(replace_by("table: t, name: t_i, columns: [b]"));
  go_through("backfill");
  EXPECT_EQ(standing(), "a");
  EXPECT_EQ(count(), "2");
  go_through("switch");
  EXPECT_EQ(standing(), "b");
  EXPECT_EQ(count(), "2");
  roll_back();
  EXPECT_EQ(standing(), "a");
  EXPECT_EQ(count(), "1");
  EXPECT_EQ(run({"apply"}), 0) << line_.err;  // nobody can notice
  EXPECT_EQ(standing(), "b");
  go_through("contract");
  EXPECT_EQ(standing(), "b");
  EXPECT_EQ(count(), "1");
}

TEST_F(ReplacedIndexPhases, AnInvalidOneIsReplacedToo) {
  set_up(std::string(table) + "UPDATE t SET b = 'same';");
  EXPECT_THROW(database_.exec("CREATE UNIQUE INDEX CONCURRENTLY t_i ON t (b)"),
               std::exception);
  write_migration(replace_by("table: t, name: t_i, columns: [b]"));
  go_through("contract");
  EXPECT_EQ(standing(), "b");
  EXPECT_EQ(count(), "1");
}

TEST_F(ReplacedIndexPhases, APromiseThatStandsAlreadyIsNotVisible) {
  set_up(std::string(table) + "CREATE UNIQUE INDEX t_i ON t (a);");
  write_migration(replace_by(
      "table: t, name: t_i, columns: [a], include: [b], unique: true"));
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_EQ(standing(), "a b");
}

TEST_F(ReplacedIndexPhases, ANewPromiseIsVisible) {
  set_up(std::string(table) + "CREATE UNIQUE INDEX t_i ON t (a, b);");
  write_migration(
      replace_by("table: t, name: t_i, columns: [a], unique: true"));
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_EQ(standing(), "a b");
  EXPECT_EQ(run({"switch", "1_move"}), 0) << line_.err;
  EXPECT_EQ(standing(), "a");
}

TEST_F(ReplacedIndexPhases, VersionSchemasAreNoneOfItsBusiness) {
  line_.write("pgexpand.yaml", "versions: views\n");
  set_up(std::string(table) + "CREATE INDEX t_i ON t (a);");
  const std::string before = schema();
  write_migration(replace_by("table: t, name: t_i, columns: [b]"));
  go_through("switch");
  EXPECT_EQ(standing(), "b");
  roll_back();
  EXPECT_EQ(schema(), before);
  go_through("contract");
  EXPECT_EQ(standing(), "b");
  EXPECT_EQ(count(), "1");
}

TEST_F(ReplacedIndexPhases, ANameThatIsTakenIsReplacedOnRequest) {
  set_up(std::string(table) + "CREATE INDEX t_i ON t (a);");
  write_migration("  - create_index: {table: t, name: t_i, columns: [b]}\n");
  EXPECT_EQ(run({"plan"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("add `drop_index: {index: public.t_i}`"));
  write_migration("  - create_index: {table: t, name: t_pkey, columns: [b]}\n");
  EXPECT_EQ(run({"plan"}), 2);
  EXPECT_THAT(line_.err, Not(HasSubstr("drop_index")));
}

TEST_F(ReplacedIndexPhases, TheNextFileFindsTheNewOne) {
  set_up(std::string(table) + "CREATE INDEX t_i ON t (a);");
  write_migration(replace_by("table: t, name: t_i, columns: [b]"));
  line_.write("migrations/2_again.yaml",
              "operations:\n  - drop_index: {index: t_i}\n");
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  go_through("contract");
  EXPECT_EQ(count(), "0");
}

}  // namespace
}  // namespace pgexpand::testing
