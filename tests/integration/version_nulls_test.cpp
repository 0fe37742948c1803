// With version schemas: what the new shape calls NOT NULL is so for new code
// from the switch on, what it no longer calls so has a value for old readers,
// and a column keeps its place.
#include "integration/carry_fixture.hpp"

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class VersionNulls : public CarryTest {
 protected:
  VersionNulls() { line_.write("pgexpand.yaml", "versions: views\n"); }

  /// What the server answers to it in the new version.
  std::string as_new(const std::string& sql) {
    try {
      database_.query("SET search_path = public_1_move, public");
      database_.query(sql);
      database_.query("RESET search_path");
      return "done";
    } catch (const Error& error) {
      database_.query("RESET search_path");
      return error.sqlstate();
    }
  }
  [[nodiscard]] std::string columns(const std::string& relation) {
    return one(
        "SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = '" +
        relation + "'::regclass AND attnum > 0 AND NOT attisdropped");
  }
};

constexpr const char* notes =
    "CREATE TABLE t (id int PRIMARY KEY, a text, b text);"
    "INSERT INTO t SELECT g, 'a' || g, 'b' || g FROM generate_series(1, 20) g;"
    "UPDATE t SET a = NULL WHERE id = 20;";

TEST_F(VersionNulls, NewCodesNullIsRejectedWhereTheNewShapeSaysSo) {
  for (const char* operation :
       {"  - set_not_null: {table: t, column: a, up: lower(b)}\n",
        "  - alter_column: {table: t, column: a, type: varchar(9), nullable:"
        " false, up: \"coalesce(a, lower(b))\"}\n"}) {
    SCOPED_TRACE(operation);
    set_up(std::string("DROP SCHEMA IF EXISTS pgexpand, public_1_move CASCADE;"
                       "DROP TABLE IF EXISTS t;") +
           notes);
    if (std::string(operation).find("alter") != std::string::npos) {
      set_up("UPDATE t SET a = 'a20' WHERE id = 20");
    }
    write_migration(operation);
    ASSERT_NO_FATAL_FAILURE(go_through("switch"));
    EXPECT_EQ(as_new("INSERT INTO t VALUES (21, NULL, 'b21')"), "23502");
    EXPECT_EQ(as_new("INSERT INTO t (id, b) VALUES (22, 'b22')"), "23502");
    EXPECT_EQ(as_new("UPDATE t SET a = NULL WHERE id = 1"), "23502");
    EXPECT_EQ(as_new("UPDATE t SET b = 'x' WHERE id = 1"), "done");
    EXPECT_EQ(as_new("INSERT INTO t VALUES (23, 'a23', 'b23')"), "done");
    // Old code may, and new code then sees what up makes of it.
    set_up("INSERT INTO t VALUES (24, NULL, 'B24')");
    EXPECT_EQ(one("SELECT a FROM public_1_move.t WHERE id = 24"), "b24");
    ASSERT_NO_FATAL_FAILURE(go_through("contract"));
    EXPECT_EQ(one("SELECT attnotnull FROM pg_attribute WHERE attrelid ="
                  " 't'::regclass AND attname = 'a'"),
              "t");
  }
}

TEST_F(VersionNulls, ContractNamesTheRowsThatHaveNoValue) {
  set_up(notes);
  write_migration(
      "  - add_column: {table: t, column: c, type: text, nullable: false, up:"
      " \"a || 'x'\"}\n");
  set_up("UPDATE t SET a = 'a20' WHERE id = 20");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  set_up("UPDATE t SET a = NULL WHERE id = 7");
  EXPECT_EQ(run({"contract", "1_move"}), 7) << line_.err;
  EXPECT_THAT(line_.err, AllOf(HasSubstr("c is not NULL"), HasSubstr("7")));
  set_up("UPDATE t SET a = 'a7' WHERE id = 7");
  EXPECT_EQ(run({"contract", "1_move"}), 0) << line_.err;
}

TEST_F(VersionNulls, OldReadersSeeDownWhereNewCodeWritesNull) {
  set_up(
      "CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL DEFAULT 'd', b"
      " text); CREATE INDEX i ON t (a);"
      "INSERT INTO t SELECT g, 'a' || g FROM generate_series(1, 20) g;");
  const std::string before = schema();
  write_migration(
      "  - drop_not_null: {table: t, column: a, down: \"'none of ' || id\"}\n");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  EXPECT_EQ(as_new("INSERT INTO t VALUES (21, NULL, 'b')"), "done");
  EXPECT_EQ(as_new("UPDATE t SET a = NULL WHERE id = 1"), "done");
  EXPECT_EQ(as_new("INSERT INTO t (id) VALUES (22)"), "done");
  set_up("INSERT INTO t (id, a) VALUES (23, 'old')");
  const char* old_side =
      "SELECT string_agg(a, ', ' ORDER BY id) FROM t WHERE id IN (1, 2, 21,"
      " 22, 23)";
  EXPECT_EQ(one(old_side), "none of 1, a2, none of 21, d, old");
  EXPECT_EQ(one("SELECT string_agg(coalesce(a, 'NULL'), ', ' ORDER BY id) FROM"
                " public_1_move.t WHERE id IN (1, 2, 21, 22, 23)"),
            "NULL, a2, NULL, d, old");
  ASSERT_NO_FATAL_FAILURE(roll_back());
  EXPECT_EQ(schema(), before);
  EXPECT_EQ(one(old_side), "none of 1, a2, none of 21, d, old");
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_EQ(one("SELECT attnotnull FROM pg_attribute WHERE attrelid ="
                " 't'::regclass AND attname = 'a'"),
            "f");
  EXPECT_EQ(one("SELECT pg_get_indexdef('i'::regclass)"),
            "CREATE INDEX i ON public.t USING btree (a)");
}

TEST_F(VersionNulls, AColumnKeepsItsPlaceInEveryVersion) {
  set_up(notes);
  write_migration(alter("t", "a", "varchar(50)") +
                  "  - rename_column: {table: t, from: b, to: c}\n"
                  "  - add_column: {table: t, column: d, type: int}\n");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  EXPECT_EQ(columns("public_1_move.t"), "id,a,c,d");
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  line_.write("migrations/2_more.yaml",
              "operations:\n" + alter("t", "c", "varchar(50)") +
                  "  - add_column: {table: t, column: e, type: int}\n");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  EXPECT_EQ(columns("public_2_more.t"), "id,a,c,d,e");
}

}  // namespace
}  // namespace pgexpand::testing
