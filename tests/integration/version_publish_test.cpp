// What a published version looks like: its views, their rights and their
// defaults.
#include "integration/version_fixture.hpp"

#include <chrono>

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class VersionPublish : public VersionFixture {};

TEST_F(VersionPublish, TheViewsShowTheNewShapeUnderItsNames) {
  exec(
      "CREATE TABLE orders (id integer PRIMARY KEY, status text, note text,"
      " price integer, pgexpand_status_1 integer,"
      " total integer);"
      "CREATE TABLE other (a integer)");
  note_and_publish("1",
                   R"({"schema": "public", "table": "orders",
          "made": ["pgexpand_status_1", "total"], "gone": ["status"],
          "names": {"pgexpand_status_1": "status", "note": "remark"}})");
  EXPECT_EQ(columns("public_1.orders"), "id, status, remark, price, total");
  EXPECT_EQ(columns("public_1.other"), "a");
  exec("INSERT INTO public_1.orders VALUES (1, 3, 'r', 2, 4)");
  EXPECT_EQ(one("SELECT orders::text FROM orders"), "(1,,r,2,3,4)");
}

TEST_F(VersionPublish, WhatAnotherMigrationPreparesIsHidden) {
  exec("CREATE TABLE t (id integer, old text, fresh text, mine text)");
  note("prepares", R"({"schema": "public", "table": "t", "made": ["fresh"],
                       "gone": ["old"], "names": {"id": "number"},
                       "defaults": {"mine": "'no'::text"}})");
  note_and_publish("1", R"({"schema": "public", "table": "t",
                            "made": ["mine"]})");
  EXPECT_EQ(columns("public_1.t"), "id, old, mine");
  exec("INSERT INTO public_1.t (id) VALUES (1)");
  EXPECT_EQ(one("SELECT mine FROM t"), "NULL");
}

TEST_F(VersionPublish, TwoMigrationsOnOneTableShowTheStateOfEach) {
  exec(
      "CREATE TABLE t (id integer, a text, pgexpand_a integer, b text,"
      " pgexpand_b integer)");
  note("1", R"({"schema": "public", "table": "t", "made": ["pgexpand_a"],
                "gone": ["a"], "names": {"pgexpand_a": "a"}})");
  note("2", R"({"schema": "public", "table": "t", "made": ["pgexpand_b"],
                "gone": ["b"], "names": {"pgexpand_b": "b"}})");
  publish("2");
  publish("1");
  const std::string types =
      "SELECT string_agg(format_type(atttypid, -1), ' ' ORDER BY attname) FROM"
      " pg_attribute WHERE attnum > 0 AND attrelid = ";
  EXPECT_EQ(one(types + "'public_2.t'::regclass"), "text integer integer");
  EXPECT_EQ(one(types + "'public_1.t'::regclass"), "integer integer integer");
  // Contract of 2: its names are physical, its version has them too.
  call("retire_versions('2')");
  exec(
      "ALTER TABLE t DROP COLUMN b; ALTER TABLE t RENAME pgexpand_b TO b;"
      "INSERT INTO t (id, b) VALUES (1, 2)");
  EXPECT_EQ(one("SELECT b FROM public_2.t"), "2");
  EXPECT_EQ(one("SELECT b FROM public_1.t"), "2");
  note_and_publish("3");
  EXPECT_EQ(columns("public_3.t"), "id, a, b");
}

TEST_F(VersionPublish, DefaultsAreTheNewShapesEvenWhenNull) {
  exec(
      "CREATE TABLE t (id integer DEFAULT 1, a text DEFAULT 'old',"
      " b varchar(9) DEFAULT 'old', c text DEFAULT 'kept',"
      " d integer GENERATED ALWAYS AS (id + 1) STORED,"
      " e bigint GENERATED ALWAYS AS IDENTITY)");
  note_and_publish("1", R"({"schema": "public", "table": "t",
                            "names": {"a": "title"},
                            "defaults": {"title": "'it''s'::text",
                                         "b": null}})");
  exec(
      "INSERT INTO public_1.t DEFAULT VALUES;"
      "INSERT INTO public_1.t (title, b, e) VALUES (DEFAULT, DEFAULT, DEFAULT);"
      "INSERT INTO t DEFAULT VALUES");
  EXPECT_EQ(one("SELECT string_agg(t::text, ' ' ORDER BY e) FROM t"),
            "(1,it's,,kept,2,1) (1,it's,,kept,2,2) (1,old,old,kept,2,3)");
}

TEST_F(VersionPublish, AnUpdateToTheDefaultFindsTheTablesOwn) {
  exec("CREATE TABLE t (a text DEFAULT 'own'); INSERT INTO t VALUES ('a')");
  note_and_publish("1", R"({"schema": "public", "table": "t",
                            "names": {"a": "b"}})");
  exec("UPDATE public_1.t SET b = DEFAULT");
  EXPECT_EQ(one("SELECT a FROM t"), "own");
}

TEST_F(VersionPublish, NamesOfEveryKindAreCopied) {
  const std::string wide(62, 'w');
  const std::string table = "Ünï \"" + std::string(54, 'x') + "'";
  const std::string id = "7_" + std::string(70, 'i') + "é";
  exec(fmt::format(
      R"(CREATE SCHEMA "My ""S"; CREATE TABLE "My ""S".{} ("{}X" text,
         "select" text, "%I {{}}" text))",
      sql::quote_identifier(table), wide));
  note(id);
  publish(id, R"("My \"S")");
  const std::string schema = sql::shorten_name("My \"S_" + id);
  ASSERT_EQ(schema.size(), sql::max_name_bytes);
  EXPECT_EQ(columns(sql::quote_identifier(schema) + "." +
                    [&] {
                      std::string quoted = sql::quote_identifier(table);
                      return quoted.insert(quoted.find('\''), "'");
                    }()),
            wide + "X, select, %I {}");
}

TEST_F(VersionPublish, ALongNameIsCutAsTheProgramCutsIt) {
  for (const std::string& name :
       {std::string("short"), std::string(63, 'a'), std::string(64, 'a'),
        std::string(53, 'a') + "éééééé", std::string(52, 'a') + "日本語日本"}) {
    EXPECT_EQ(one("SELECT pgexpand.short_name('" + name + "')"),
              sql::shorten_name(name));
  }
}

// Only what a migration under way lists as its own is left out, whatever it is
// called.
TEST_F(VersionPublish, WhatIsOnlyCalledLikeOursIsShown) {
  exec(
      "CREATE TABLE t (id integer, pgexpand_state text, pgexpand_new_b text,"
      " pgexpand_new_c text); CREATE TABLE pgexpand_users (a integer)");
  exec(
      "INSERT INTO pgexpand.migration (id, status, plan) VALUES"
      " ('now', 'in_progress', '{\"own\": [\"pgexpand_new_c\"], \"tables\":"
      " [{\"name\": {\"schema\": \"public\", \"name\": \"t\"}}]}'),"
      " ('then', 'contracted', '{\"own\": [\"pgexpand_new_b\"], \"tables\":"
      " [{\"name\": {\"schema\": \"public\", \"name\": \"t\"}}]}')");
  note_and_publish("1");
  EXPECT_EQ(columns("public_1.t"), "id, pgexpand_state, pgexpand_new_b");
  EXPECT_EQ(columns("public_1.pgexpand_users"), "a");
}

TEST_F(VersionPublish, PartitionsAreLeftOut) {
  exec(
      "CREATE TABLE parted (id integer) PARTITION BY RANGE (id);"
      "CREATE TABLE part_1 PARTITION OF parted FOR VALUES FROM (0) TO (9);"
      "CREATE TABLE parent (a integer); CREATE TABLE child () INHERITS"
      " (parent);"
      "CREATE TABLE nothing (); CREATE VIEW a_view AS SELECT 1;");
  note_and_publish("1");
  EXPECT_EQ(one("SELECT string_agg(relname, ' ' ORDER BY relname) FROM"
                " pg_class WHERE relnamespace = 'public_1'::regnamespace"),
            "child parent parted");
  exec("INSERT INTO public_1.parted VALUES (3)");
  EXPECT_EQ(one("SELECT id FROM part_1"), "3");
}

TEST_F(VersionPublish, CommentsAreCopied) {
  exec(
      "CREATE TABLE t (a text, b text); COMMENT ON TABLE t IS 'it''s %I';"
      "COMMENT ON COLUMN t.b IS 'line\nline'");
  note_and_publish("1", R"({"schema": "public", "table": "t",
                            "names": {"b": "c"}})");
  EXPECT_EQ(one("SELECT obj_description('public_1.t'::regclass)"), "it's %I");
  EXPECT_EQ(one("SELECT col_description('public_1.t'::regclass, 2)"),
            "line\nline");
  EXPECT_EQ(one("SELECT col_description('public_1.t'::regclass, 1)"), "NULL");
}

class VersionRights : public VersionFixture {
 protected:
  VersionRights() {
    exec(fmt::format(
        "CREATE ROLE {0}; CREATE ROLE {1}; CREATE ROLE {2}; CREATE ROLE {3}"
        " LOGIN; GRANT {0} TO {3}; GRANT CREATE ON DATABASE {4} TO {3};"
        "CREATE SCHEMA shop AUTHORIZATION {0};"
        "GRANT USAGE ON SCHEMA shop TO {1};"
        "GRANT USAGE ON SCHEMA shop TO {2} WITH GRANT OPTION;"
        "SET ROLE {0}; CREATE TABLE shop.t (id integer, a text, b text);"
        "CREATE TABLE shop.plain (id integer);"
        "GRANT SELECT ON shop.t TO {1} WITH GRANT OPTION;"
        "GRANT INSERT, DELETE, TRUNCATE ON shop.t TO {1};"
        "GRANT SELECT (a), UPDATE (b) ON shop.t TO {2};"
        "GRANT REFERENCES (b) ON shop.t TO {2} WITH GRANT OPTION;"
        "GRANT SELECT ON shop.t TO PUBLIC; SET ROLE {1};"
        "GRANT SELECT ON shop.t TO {2}; SET ROLE {0};"
        "REVOKE DELETE ON shop.t FROM {0}",
        role("owner"), role("reader"), role("some"), role("deployer"),
        database_.name()));
  }
  /// Before 15 a view reads with its owner's rights.
  [[nodiscard]] bool views_heed_readers() const {
    return session_->server_version_num() >= 150000;
  }
  void publish_as(const std::string& user) {
    database_.query(fmt::format("SET ROLE {}", user));
    note("1", R"({"schema": "shop", "table": "t", "names": {"b": "c"}})");
    publish("1", "shop");
    database_.query("RESET ROLE");
  }
  std::string replaced(std::string text,
                       const std::string& from,
                       const std::string& to) {
    for (auto at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
    return text;
  }
  std::string owner(const std::string& what) {
    return one("SELECT pg_get_userbyid(" + what + ")");
  }
  std::string schema_rights(const std::string& schema) {
    return one(fmt::format(
        "SELECT string_agg(format('%s:%s', grantee::regrole, is_grantable),"
        " ' ' ORDER BY grantee::regrole::text) FROM pg_namespace,"
        " aclexplode(coalesce(nspacl, acldefault('n', nspowner))) WHERE"
        " nspname = '{}' AND privilege_type = 'USAGE'",
        schema));
  }
  void expect_same_rights() {
    EXPECT_EQ(rights("shop_1.t"), replaced(rights("shop.t"), "b.", "c."));
    EXPECT_THAT(
        rights("shop_1.t"),
        AllOf(HasSubstr("c." + role("some") + ":UPDATE:f"),
              HasSubstr("-:SELECT:f"), HasSubstr(role("reader") + ":SELECT:t"),
              Not(HasSubstr(role("owner") + ":DELETE"))));
    EXPECT_EQ(rights("shop_1.plain"), rights("shop.plain"));
    EXPECT_EQ(schema_rights("shop_1"), schema_rights("shop"));
    const std::string relowner =
        "(SELECT relowner FROM pg_class WHERE oid = 'shop_1.{}'::regclass)";
    for (const char* view : {"t", "plain"}) {
      EXPECT_EQ(owner(fmt::format(fmt::runtime(relowner), view)),
                role("owner"));
    }
    EXPECT_EQ(owner("(SELECT nspowner FROM pg_namespace WHERE nspname ="
                    " 'shop_1')"),
              role("owner"));
  }
};

TEST_F(VersionRights, RightsAndOwnersAreThoseOfTheTables) {
  publish_as("postgres");
  expect_same_rights();
}

TEST_F(VersionRights, DefaultPrivilegesAddNothing) {
  exec(fmt::format(
      "CREATE ROLE {0}; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO {0};"
      "ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO {0}",
      role("nosy")));
  publish_as("postgres");
  expect_same_rights();
}

TEST_F(VersionRights, NoSuperuserIsNeeded) {
  exec(fmt::format(
      "GRANT ALL ON SCHEMA pgexpand TO {0}; GRANT ALL ON ALL TABLES IN SCHEMA"
      " pgexpand TO {0}; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgexpand"
      " TO {0}",
      role("deployer")));
  publish_as(role("deployer"));
  expect_same_rights();
  database_.query("SET ROLE " + role("deployer"));
  call("withdraw_version('1')");
  database_.query("RESET ROLE");
  EXPECT_EQ(schemas_like("shop%"), "shop");
}

TEST_F(VersionRights, TheSchemaStaysOursWhereItsOwnerIsAStranger) {
  exec(fmt::format(
      "GRANT CREATE ON SCHEMA public TO {0}; SET ROLE {0}; CREATE TABLE u"
      " (a integer); RESET ROLE; GRANT ALL ON SCHEMA pgexpand TO {0};"
      "GRANT ALL ON ALL TABLES IN SCHEMA pgexpand TO {0};"
      "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgexpand TO {0}",
      role("deployer")));
  database_.query("SET ROLE " + role("deployer"));
  note_and_publish("1");
  EXPECT_EQ(owner("(SELECT nspowner FROM pg_namespace WHERE nspname ="
                  " 'public_1')"),
            role("deployer"));
  EXPECT_THAT(schema_rights("public_1"), HasSubstr("-:f"));
  EXPECT_THAT(
      schema_rights("public_1"),
      HasSubstr(owner("(SELECT nspowner FROM pg_namespace WHERE nspname ="
                      " 'public')") +
                ":f"));
  call("withdraw_version('1')");
  EXPECT_EQ(schemas_like("public%"), "public");
}

TEST_F(VersionRights, ATableOfAnotherOwnerIsShownWithItsReadersRights) {
  exec(fmt::format(
      "CREATE TABLE shop.strange (id integer); GRANT SELECT ON shop.strange"
      " TO {1}; GRANT ALL ON SCHEMA pgexpand TO {0}; GRANT ALL ON ALL TABLES"
      " IN SCHEMA pgexpand TO {0}; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA"
      " pgexpand TO {0}",
      role("deployer"), role("reader")));
  publish_as(role("deployer"));
  if (!views_heed_readers()) {
    EXPECT_EQ(one("SELECT to_regclass('shop_1.strange')"), "NULL");
    return;
  }
  exec(
      fmt::format("SET ROLE {}; SELECT * FROM shop_1.strange", role("reader")));
  EXPECT_THROW(exec(fmt::format("SET ROLE {}; SELECT * FROM shop_1.strange",
                                role("some"))),
               std::runtime_error);
}

TEST_F(VersionRights, NobodyElseMayCallTheFunctions) {
  exec("GRANT USAGE ON SCHEMA pgexpand TO " + role("reader"));
  EXPECT_THROW(exec(fmt::format("SET ROLE {}; SELECT pgexpand.short_name('a')",
                                role("reader"))),
               std::runtime_error);
}

TEST_F(VersionRights, RowSecurityHoldsThroughTheView) {
  exec(
      fmt::format("INSERT INTO shop.t VALUES (1, 'a', 'b'), (2, 'a', 'b');"
                  "ALTER TABLE shop.t ENABLE ROW LEVEL SECURITY;"
                  "CREATE POLICY odd ON shop.t TO {} USING (id % 2 = 1)",
                  role("reader")));
  if (!views_heed_readers()) {
    note("1");
    EXPECT_THAT(error_of("publish_version('1', '{shop}', NULL)"),
                AllOf(HasSubstr("shop.t"), HasSubstr("0A000")));
    return;
  }
  publish_as("postgres");
  database_.query("SET ROLE " + role("reader"));
  EXPECT_EQ(one("SELECT string_agg(id::text, ' ') FROM shop_1.t"), "1");
}

TEST_F(VersionRights, SoftenedNobodyHasARightAndRestoredAllDo) {
  publish_as("postgres");
  const std::string before = rights("shop_1.t");
  const std::string plain = rights("shop_1.plain");
  note("2");
  publish("2", "shop");
  call("soften_versions('2')");
  EXPECT_EQ(rights("shop_1.t") + rights("shop_1.plain"), "");
  EXPECT_TRUE(versions().at(0).is_softened);
  EXPECT_FALSE(versions().at(1).is_softened);
  EXPECT_THROW(
      exec(fmt::format("SET ROLE {}; SELECT a FROM shop_1.t", role("owner"))),
      std::runtime_error);
  call("soften_versions('2')");
  exec("GRANT SELECT ON shop_1.t TO " + role("some"));
  call("restore_versions('2')");
  EXPECT_EQ(rights("shop_1.t"), before);
  EXPECT_EQ(rights("shop_1.plain"), plain);
  EXPECT_FALSE(versions().at(0).is_softened);
  call("soften_versions('2')");
  call("withdraw_version('2')");
  EXPECT_EQ(rights("shop_1.t"), before);
}

TEST_F(VersionRights, ARoleDroppedMeanwhileDoesNotStopTheRestoring) {
  exec(fmt::format("CREATE ROLE {0}; GRANT SELECT ON shop.plain TO {0}",
                   role("gone")));
  publish_as("postgres");
  note("2");
  publish("2", "shop");
  call("soften_versions('2')");
  exec(fmt::format("DROP OWNED BY {0}; DROP ROLE {0}", role("gone")));
  call("restore_versions('2')");
  EXPECT_EQ(rights("shop_1.plain"), rights("shop.plain"));
}

TEST_F(VersionPublish, AThousandTablesTakeNoTime) {
  exec(fmt::format(
      "CREATE ROLE {0}; DO $$ BEGIN FOR n IN 1 .. 1000 LOOP EXECUTE format("
      "'CREATE TABLE t%s (a integer PRIMARY KEY, b text DEFAULT 1, c text,"
      " d text, e text, f text, g date, h bigint); GRANT SELECT, INSERT ON"
      " t%1$s TO {0}; COMMENT ON COLUMN t%1$s.b IS ''x''', n); END LOOP;"
      " END $$",
      role("reader")));
  note("1", R"({"schema": "public", "table": "t7", "gone": ["c"]})");
  const auto start = std::chrono::steady_clock::now();
  publish("1");
  const auto taken = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  RecordProperty("publish_ms", static_cast<int>(taken.count()));
  EXPECT_LT(taken, std::chrono::seconds{20});
  EXPECT_EQ(one("SELECT count(*) FROM pg_views WHERE schemaname = 'public_1'"),
            "1000");
  EXPECT_EQ(columns("public_1.t7"), "a, b, d, e, f, g, h");
  EXPECT_EQ(rights("public_1.t999"), rights("public.t999"));
  call("withdraw_version('1')");
  EXPECT_EQ(schemas_like("public%"), "public");
}

}  // namespace
}  // namespace pgexpand::testing
