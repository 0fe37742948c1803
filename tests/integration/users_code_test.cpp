// Users' own text and code: definitions that plain SQL leaves, and functions
// under the path they run under today.
#include "integration/carry_fixture.hpp"

#include <fmt/format.h>

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* shop =
    "CREATE SCHEMA app; CREATE TYPE app.color AS ENUM ('red', 'blue');"
    "CREATE FUNCTION app.squash(text) RETURNS text IMMUTABLE LANGUAGE sql AS"
    " 'SELECT replace($1, chr(32), chr(45))';"
    "DO $do$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app,"
    " public', current_database()); END $do$; SET search_path = app, public;"
    "CREATE TABLE public.t (id int PRIMARY KEY, s text, n int,"
    " processed boolean, at timestamptz);"
    "INSERT INTO public.t SELECT g, 's ' || g, g, g % 2 = 0 FROM"
    " generate_series(1, 50) AS g;";

Carried defined(const std::string& name,
                const std::string& operations,
                const std::string& plain) {
  return {.name = name,
          .setup = shop,
          .operations = operations,
          .plain = "SET search_path = app, public; " + plain,
          .writes = "SELECT 1"};
}

Carried index_where(const std::string& name, const std::string& where) {
  return defined(name,
                 "  - create_index: {table: t, columns: [id], name: i, where: "
                 "\"" +
                     where + "\"}\n",
                 "CREATE INDEX i ON t (id) WHERE " + where);
}
Carried index_key(const std::string& name, const std::string& key) {
  return defined(name,
                 "  - create_index: {table: t, columns: [{expression: \"" +
                     key + "\"}], name: i}\n",
                 "CREATE INDEX i ON t ((" + key + "))");
}
Carried check(const std::string& name, const std::string& condition) {
  return defined(name,
                 "  - alter_column: {table: t, column: s, check: {name: c, "
                 "expression: \"" +
                     condition + "\"}}\n",
                 "ALTER TABLE t ADD CONSTRAINT c CHECK (" + condition + ")");
}
Carried default_of(const std::string& name,
                   const std::string& type,
                   const std::string& value) {
  return defined(name,
                 "  - add_column: {table: t, column: d, type: \"" + type +
                     "\", default: \"" + value + "\"}\n",
                 "ALTER TABLE t ADD COLUMN d " + type + " DEFAULT " + value);
}

std::vector<Carried> definitions() {
  return {
      index_where("False", "processed = FALSE"),
      index_where("IsNotTrue", "processed IS NOT TRUE AND NOT processed"),
      index_where("NoList", "s = ANY (ARRAY[]::text[])"),
      index_where("Sum", "n > 1 + 1 AND n IN (1, 2, 3)"),
      index_where("Moment", "at > '2026-01-02 03:04:05+00'"),
      index_where("Comment", "n > 1 -- one"),
      index_key("Constants", "s || ('a' || 'b')"),
      index_key("Inlined", "squash(s)"),
      index_key("Case", "CASE WHEN true THEN s ELSE 'x' END"),
      check("Between", "n BETWEEN 0 AND 100 + 1"),
      check("UsersFunction", "squash(s) <> 'a' || 'b'"),
      check("Qualified", "t.s LIKE 's%' OR t.n IS NULL"),
      default_of("EnumOfText", "color", "('re' || 'd')::text::color"),
      default_of("Enum", "color", "'blue'"),
      default_of("NoElements", "text[]", "ARRAY[]::text[]"),
      default_of("Sum_", "int", "1 + 1"),
      default_of("Or", "boolean", "(true OR false)"),
      default_of("Now", "timestamptz", "now() + interval '1 day'"),
      default_of("Volatile", "text", "squash(gen_random_uuid()::text)"),
      defined("Changed",
              "  - alter_column: {table: t, column: s, default: \"squash('a b'"
              ")\"}\n",
              "ALTER TABLE t ALTER s SET DEFAULT squash('a b')"),
      defined("OfARenamedColumn",
              "  - rename_column: {table: t, from: n, to: m}\n"
              "  - create_index: {table: t, columns: [{expression: \"m + (1 + "
              "1)\"}], name: i, where: \"m > 1 + 1\"}\n",
              "ALTER TABLE t RENAME n TO m;"
              "CREATE INDEX i ON t ((m + (1 + 1))) WHERE m > 1 + 1"),
      since(18, defined("Generated",
                        "  - add_column: {table: t, column: g, type: text, "
                        "generated: \"s || ('a' || 'b')\"}\n",
                        "ALTER TABLE t ADD g text GENERATED ALWAYS AS (s || "
                        "('a' || 'b'))")),
      defined("Stored",
              "  - add_column: {table: t, column: g, type: text, generated: "
              "\"squash(s) || ('a' || 'b')\"}\n",
              "ALTER TABLE t ADD g text GENERATED ALWAYS AS (squash(s) ||"
              " ('a' || 'b')) STORED"),
  };
}

class Definitions : public CarryTest,
                    public ::testing::WithParamInterface<Carried> {};

TEST_P(Definitions, AreThoseThatPlainSqlLeaves) {
  if (database_.session()->server_version_num() / 10'000 < GetParam().since) {
    GTEST_SKIP() << "needs PostgreSQL " << GetParam().since;
  }
  const bool rewrites = GetParam().name == "Stored";
  if (rewrites && database_.session()->server_version_num() >= 180000) {
    GTEST_SKIP() << "is virtual there";
  }
  TestDatabase plain;
  plain.exec(GetParam().setup);
  plain.exec(GetParam().plain);
  set_up(GetParam().setup);
  const std::string before = schema();
  write_migration(GetParam().operations);
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  ASSERT_NO_FATAL_FAILURE(roll_back());
  EXPECT_EQ(schema(), before);
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_EQ(schema(), sorted_schema(plain));
}

INSTANTIATE_TEST_SUITE_P(Texts,
                         Definitions,
                         ::testing::ValuesIn(definitions()),
                         name_of);

// --- Functions under their path ----------------------------------------------

/// A function that finds `dict` by the path, and what calls it.
constexpr const char* dictionary =
    "CREATE SCHEMA app; DO $do$ BEGIN EXECUTE format('ALTER DATABASE %I SET"
    " search_path = app, public', current_database()); END $do$;"
    "SET search_path = app, public; CREATE TABLE app.dict (word text);"
    "INSERT INTO dict SELECT 'w' || g FROM generate_series(1, 60) AS g;"
    "CREATE FUNCTION app.known(text) RETURNS boolean STABLE LANGUAGE plpgsql AS"
    " $$ BEGIN RETURN EXISTS (SELECT FROM dict WHERE word = $1); END $$;"
    "CREATE FUNCTION app.place(text) RETURNS int STABLE LANGUAGE plpgsql AS"
    " $$ BEGIN RETURN (SELECT count(*) FROM dict WHERE word <= $1); END $$;"
    "CREATE FUNCTION app.fixed(text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS"
    " $$ BEGIN RETURN place($1); END $$;"
    "CREATE TABLE public.t (id int PRIMARY KEY, a text);"
    "INSERT INTO public.t SELECT g, 'w' || g FROM generate_series(1, 50) AS g;";

class UsersCode : public CarryTest {
 protected:
  void set_up_dictionary(const std::string& more) { set_up(dictionary + more); }
  [[nodiscard]] std::string filled() {
    return one("SELECT count(*) FROM t WHERE b IS NOT NULL");
  }
};

TEST_F(UsersCode, ACheckFindsItsTables) {
  set_up_dictionary("ALTER TABLE t ADD CHECK (known(a));");
  write_migration(
      "  - add_column: {table: t, column: b, type: text, up: upper(a)}\n");
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_EQ(filled(), "50");
  EXPECT_EQ(one("SELECT count(*) FROM pgexpand.quarantine"), "0");
}

TEST_F(UsersCode, AnIndexAndAGeneratedColumnFindTheirTables) {
  if (database_.session()->server_version_num() >= 170000) {
    GTEST_SKIP() << "from 17 on no index is built under a user's path";
  }
  set_up_dictionary(
      "ALTER TABLE t ADD g int GENERATED ALWAYS AS (fixed(a)) STORED;"
      "CREATE INDEX i ON t (fixed(a));");
  write_migration("  - rename_column: {table: t, from: a, to: b}\n");
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_EQ(filled(), "50");
}

TEST_F(UsersCode, ATriggerThatIsAllowedFindsItsTables) {
  set_up_dictionary(
      "CREATE FUNCTION app.look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
      " IF NOT EXISTS (SELECT FROM dict WHERE word = NEW.a) THEN RAISE 'no'; "
      "END IF; RETURN NEW; END $$; CREATE TRIGGER look BEFORE UPDATE ON t FOR"
      " EACH ROW EXECUTE FUNCTION app.look();"
      "ALTER TABLE t ENABLE ALWAYS TRIGGER look;");
  write_migration(
      "  - add_column: {table: t, column: b, type: text, up: upper(a), allow:"
      " [user_triggers]}\n");
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_EQ(filled(), "50");
}

TEST_F(UsersCode, AnUpFindsItsTablesWhoeverWrites) {
  set_up_dictionary("");
  write_migration(
      "  - add_column: {table: t, column: b, type: int, up: place(a), allow:"
      " [volatile]}\n");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  EXPECT_EQ(one("SELECT count(*) FROM t WHERE b = app.place(a)"), "50");
  set_up("SET search_path = ''; INSERT INTO public.t VALUES (51, 'w51')");
  EXPECT_EQ(one("SELECT b = app.place(a) FROM t WHERE id = 51"), "t");
}

TEST_F(UsersCode, ASchemaThatIsOpenToAllIsLeftOut) {
  set_up_dictionary(
      "GRANT CREATE ON SCHEMA app TO PUBLIC;"
      "ALTER TABLE t ADD CHECK (known(a));");
  write_migration(
      "  - add_column: {table: t, column: b, type: text, up: upper(a)}\n");
  EXPECT_EQ(run({"apply", "--through", "backfill"}), 1);
  EXPECT_THAT(line_.err, HasSubstr("42P01"));
  EXPECT_THAT(line_.err, HasSubstr("pgexpand doctor"));
  (void)run({"doctor"});
  EXPECT_THAT(line_.out,
              HasSubstr("REVOKE CREATE ON SCHEMA \"app\" FROM PUBLIC"));
  set_up("REVOKE CREATE ON SCHEMA app FROM PUBLIC");
}

}  // namespace
}  // namespace pgexpand::testing
