// A version's life: published, put aside, withdrawn, retired; and which sync
// trigger a writer meets.
#include "integration/version_fixture.hpp"

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class VersionLife : public VersionFixture {
 protected:
  VersionLife() { exec("CREATE TABLE t (id integer, a text)"); }

  /// Which versions the store reads, oldest first.
  std::string published() {
    std::string all;
    for (const auto& version : versions()) {
      all += version.migration + (version.is_contracted() ? "! " : " ");
    }
    return all;
  }
};

TEST_F(VersionLife, WithdrawnNothingIsLeft) {
  note("0");
  const std::string before = schema_dump(database_.dsn());
  note_and_publish("1", R"({"schema": "public", "table": "t",
                            "names": {"a": "b"}})",
                   "'app'");
  EXPECT_NE(schema_dump(database_.dsn()), before);
  call("withdraw_version('1')");
  EXPECT_EQ(schema_dump(database_.dsn()), before);
  EXPECT_EQ(published(), "");
  call("withdraw_version('1')");
  publish("1");
  EXPECT_EQ(columns("public_1.t"), "id, b");
  call("withdraw_version('1')");
  call("forget_version('1')");
  EXPECT_EQ(one("SELECT count(*) FROM pgexpand.version"), "1");
}

TEST_F(VersionLife, RetiredOnlyTheVersionsBeforeGo) {
  for (const char* id : {"1", "2", "3"}) {
    note_and_publish(id);
  }
  EXPECT_EQ(published(), "1 2 3 ");
  call("retire_versions('1')");
  call("retire_versions('2')");
  EXPECT_EQ(published(), "2! 3 ");
  EXPECT_EQ(schemas_like("public%"), "public public_2 public_3");
  call("retire_versions('3')");
  EXPECT_EQ(published(), "3! ");
  EXPECT_EQ(schemas_like("public%"), "public public_3");
}

TEST_F(VersionLife, TheOrderIsKept) {
  note_and_publish("1");
  note_and_publish("2");
  EXPECT_THAT(error_of("retire_versions('2')"),
              AllOf(HasSubstr("1 was published before 2"), HasSubstr("55000")));
  EXPECT_THAT(error_of("withdraw_version('1')"),
              AllOf(HasSubstr("2 was published after 1"), HasSubstr("55000")));
  EXPECT_THAT(error_of("forget_version('1')"), HasSubstr("is published"));
  EXPECT_THAT(error_of("publish_version('1', '{public}', NULL)"),
              HasSubstr("published already"));
  EXPECT_THAT(error_of("publish_version('9', '{public}', NULL)"),
              HasSubstr("was not noted"));
  EXPECT_EQ(published(), "1 2 ");
}

TEST_F(VersionLife, WhatAPersonMadeOfAVersionIsNeverDropped) {
  note_and_publish("1");
  exec("CREATE VIEW on_top AS SELECT id FROM public_1.t");
  EXPECT_THAT(error_of("withdraw_version('1')"), HasSubstr("2BP01"));
  exec("DROP VIEW on_top; CREATE TABLE public_1.mine (a integer)");
  EXPECT_THAT(error_of("withdraw_version('1')"), HasSubstr("2BP01"));
  exec("DROP TABLE public_1.mine; CREATE VIEW public_1.mine AS SELECT 1");
  EXPECT_THAT(error_of("withdraw_version('1')"), HasSubstr("2BP01"));
  exec("DROP VIEW public_1.mine; DROP VIEW public_1.t");
  call("withdraw_version('1')");
  EXPECT_EQ(schemas_like("public%"), "public");
}

TEST_F(VersionLife, ASchemaDroppedByHandIsGone) {
  note_and_publish("1");
  exec("DROP SCHEMA public_1 CASCADE");
  EXPECT_TRUE(versions().at(0).schemas.empty());
  note_and_publish("2");
  call("soften_versions('2')");
  call("restore_versions('2')");
  call("retire_versions('1')");
  call("retire_versions('2')");
  EXPECT_EQ(published(), "2! ");
}

TEST_F(VersionLife, ATakenNameRefusesAndChangesNothing) {
  exec("CREATE SCHEMA public_1");
  note("1");
  EXPECT_THAT(error_of("publish_version('1', '{public}', NULL)"),
              HasSubstr("42P06"));
  EXPECT_EQ(published(), "");
}

TEST_F(VersionLife, TheSchemasOfTheNewestVersionArePublishedAgain) {
  exec(
      "CREATE SCHEMA shop; CREATE TABLE shop.s (a integer);"
      "CREATE SCHEMA later; CREATE TABLE later.l (a integer)");
  note("1");
  publish("1", "shop,public");
  note("2");
  publish("2", "later");
  const auto& schemas = versions().at(1).schemas;
  ASSERT_EQ(schemas.size(), 3);
  EXPECT_EQ(schemas[0].schema, "later_2");
  EXPECT_EQ(schemas[1].base, "shop");
  EXPECT_EQ(schemas[2].schema, "public_2");
}

TEST_F(VersionLife, AnAliasStandsForTheNewestVersion) {
  note_and_publish("1", "", "'app'");
  const std::string first = one("SELECT 'app.t'::regclass::oid");
  note_and_publish("2", R"({"schema": "public", "table": "t",
                            "names": {"a": "b"}})",
                   "'app'");
  EXPECT_EQ(columns("app.t"), "id, b");
  EXPECT_EQ(columns("public_1.t"), "id, a");
  EXPECT_EQ(one("SELECT 'pgexpand_app_1.t'::regclass::oid"), first);
  EXPECT_EQ(versions().at(0).aliases.at(0).schema, "pgexpand_app_1");
  EXPECT_EQ(versions().at(1).alias, "app");
  call("withdraw_version('2')");
  EXPECT_EQ(one("SELECT 'app.t'::regclass::oid"), first);
  EXPECT_EQ(versions().at(0).aliases.at(0).schema, "app");
  publish("2", "public", "'app'");
  call("retire_versions('1')");
  call("retire_versions('2')");
  EXPECT_EQ(schemas_like("%app%"), "app");
}

TEST_F(VersionLife, AnAliasGoesOnStandingForItsSchema) {
  exec("CREATE SCHEMA shop; CREATE TABLE shop.s (a integer)");
  note("1");
  publish("1", "public,shop", "'app'");
  EXPECT_EQ(columns("app_shop.s"), "a");
  note("2");
  publish("2", "shop", "'app'");
  EXPECT_EQ(columns("app.t"), "id, a");
  EXPECT_EQ(columns("app_shop.s"), "a");
}

TEST_F(VersionLife, AVersionWithoutAliasLeavesItWhereItIs) {
  note_and_publish("1", "", "'app'");
  note_and_publish("2");
  EXPECT_EQ(versions().at(0).aliases.at(0).schema, "app");
  note_and_publish("3", "", "'app'");
  EXPECT_EQ(versions().at(0).aliases.at(0).schema, "pgexpand_app_1");
  call("withdraw_version('3')");
  EXPECT_EQ(versions().at(0).aliases.at(0).schema, "app");
}

TEST_F(VersionLife, AStateSchemaOfVersionOneHasNoVersions) {
  exec("DROP TABLE pgexpand.version CASCADE");
  EXPECT_TRUE(versions().empty());
}

/// Two migrations whose sync functions say which side they took a writer for.
class VersionTriggers : public VersionFixture {
 protected:
  VersionTriggers() {
    exec("CREATE TABLE t (id integer, one text, two text)");
    for (const char* id : {"one", "two"}) {
      exec(fmt::format(
          "CREATE FUNCTION pgexpand.sync_{0}() RETURNS trigger LANGUAGE"
          " plpgsql AS $$BEGIN NEW.{0} := CASE WHEN TG_NARGS > 0 THEN"
          " TG_ARGV[0] ELSE 'old' END; RETURN NEW; END$$;"
          "CREATE TRIGGER \"~pgexpand_{0}\" BEFORE INSERT OR UPDATE ON t FOR"
          " EACH ROW WHEN (pg_catalog.current_setting('pgexpand.mode', true)"
          " IS DISTINCT FROM 'backfill') EXECUTE FUNCTION"
          " pgexpand.sync_{0}();"
          "ALTER TABLE t ENABLE ALWAYS TRIGGER \"~pgexpand_{0}\"",
          id));
      note(id, fmt::format(R"({{"schema": "public", "table": "t",
                               "trigger": "~pgexpand_{}",
                               "updates_mind_writer": true}})",
                           id));
    }
  }
  /// What both take a writer with this search_path for, in any table.
  std::string taken_for(const std::string& path,
                        const std::string& table = "public.t",
                        const std::string& mode = "") {
    const auto application = database_.application();
    const auto run = [&](const std::string& statement) {
      return application->run(sql::Statement::verbatim(statement));
    };
    run("SET search_path = " + path);
    run("SET pgexpand.mode = '" + mode + "'");
    return run("INSERT INTO " + table +
               " VALUES (1) RETURNING concat_ws(' ', one, two)")
        .single()
        .value_or("");
  }
  std::string triggers() {
    return one(
        "SELECT string_agg(format('%s%s', tgname, tgenabled), ' ' ORDER BY "
        "tgname) FROM"
        " pg_trigger WHERE tgrelid = 't'::regclass");
  }
};

TEST_F(VersionTriggers, AWriterOfTheVersionIsTakenForNewCode) {
  EXPECT_EQ(taken_for("public"), "old old");
  publish("one");
  EXPECT_EQ(taken_for("public"), "old old");
  EXPECT_EQ(taken_for("public_one, public"), "new old");
  EXPECT_EQ(taken_for("public, public_one", "t"), "new old");
  EXPECT_EQ(taken_for("\"$user\", nowhere, public_one", "t"), "new old");
  EXPECT_EQ(taken_for("public_one", "t", "backfill"), "");
  EXPECT_EQ(triggers(), "~pgexpand_oneA ~pgexpand_one_newA ~pgexpand_twoA");
}

TEST_F(VersionTriggers, ALaterVersionHasTheNewShapesOfAllBefore) {
  publish("one");
  publish("two", "public", "'app'");
  EXPECT_EQ(taken_for("public_one, public"), "new old");
  EXPECT_EQ(taken_for("public_two, public"), "new new");
  EXPECT_EQ(taken_for("app, public"), "new new");
  EXPECT_EQ(taken_for("public"), "old old");
  call("withdraw_version('two')");
  exec("CREATE SCHEMA public_two; CREATE SCHEMA app");
  EXPECT_EQ(taken_for("public_two, app, public"), "old old");
  EXPECT_EQ(taken_for("public_one, public"), "new old");
}

TEST_F(VersionTriggers, OneIsForEveryUpdateWhereNoneMindsItsWriter) {
  call("forget_version('one')");
  note("one", R"({"schema": "public", "table": "t",
                  "trigger": "~pgexpand_one", "updates_mind_writer": false})");
  const std::string before = schema_dump(database_.dsn());
  publish("one");
  EXPECT_EQ(triggers(),
            "~pgexpand_oneA ~pgexpand_one_newA ~pgexpand_one_updateA"
            " ~pgexpand_twoA");
  EXPECT_EQ(taken_for("public_one, public"), "new old");
  EXPECT_EQ(taken_for("public"), "old old");
  exec("SET search_path = public_one, public; UPDATE t SET one = 'mine'");
  EXPECT_EQ(one("SELECT DISTINCT one FROM public.t"), "old");
  exec("RESET search_path");
  call("withdraw_version('one')");
  EXPECT_EQ(triggers(), "~pgexpand_oneA ~pgexpand_twoA");
  EXPECT_EQ(schema_dump(database_.dsn()), before);
}

TEST_F(VersionTriggers, AnAliasThatCameBackStandsForTheVersionItShows) {
  publish("one", "public", "'app'");
  publish("two", "public", "'app'");
  EXPECT_EQ(taken_for("app, public"), "new new");
  call("withdraw_version('two')");
  EXPECT_EQ(taken_for("app, public"), "new old");
}

TEST_F(VersionTriggers, WithdrawnOneTriggerIsLeftAsItWas) {
  const std::string before = schema_dump(database_.dsn());
  publish("one");
  call("withdraw_version('one')");
  EXPECT_EQ(schema_dump(database_.dsn()), before);
  EXPECT_EQ(triggers(), "~pgexpand_oneA ~pgexpand_twoA");
}

TEST_F(VersionTriggers, TheTriggersOfALongNameAreFound) {
  const std::string name =
      sql::shorten_name("~pgexpand_" + std::string(70, 'n'));
  exec("ALTER TRIGGER \"~pgexpand_one\" ON t RENAME TO \"" + name + "\"");
  call("forget_version('one')");
  note("one", fmt::format(R"({{"schema": "public", "table": "t",
                               "trigger": "{}", "updates_mind_writer": true}})",
                          name));
  publish("one");
  EXPECT_THAT(triggers(), HasSubstr(sql::shorten_name(name + "_new")));
  EXPECT_EQ(taken_for("public_one, public"), "new old");
}

TEST_F(VersionTriggers, ThePartitionsOfATableGetTheirsToo) {
  exec(
      "CREATE TABLE p (id integer, one text, two text) PARTITION BY LIST (id);"
      "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);"
      "CREATE TRIGGER \"~pgexpand_p\" BEFORE INSERT OR UPDATE ON p FOR EACH"
      " ROW WHEN (pg_catalog.current_setting('pgexpand.mode', true) IS"
      " DISTINCT FROM 'backfill') EXECUTE FUNCTION pgexpand.sync_one();"
      "ALTER TABLE p ENABLE ALWAYS TRIGGER \"~pgexpand_p\"");
  note_and_publish("p", R"({"schema": "public", "table": "p",
                            "trigger": "~pgexpand_p", "updates_mind_writer": true})");
  const std::string enabled =
      "SELECT string_agg(format('%s%s', tgname, tgenabled), ' ' ORDER BY "
      "tgname) FROM"
      " pg_trigger WHERE tgrelid = 'p1'::regclass";
  EXPECT_EQ(taken_for("public_p, public", "p"), "new");
  EXPECT_EQ(taken_for("public_p, public", "public.p1"), "new");
  EXPECT_EQ(taken_for("public", "p"), "old");
  EXPECT_EQ(one(enabled), "~pgexpand_pA ~pgexpand_p_newA");
  call("withdraw_version('p')");
  EXPECT_EQ(taken_for("public", "p"), "old");
  EXPECT_EQ(one(enabled), "~pgexpand_pA");
}

}  // namespace
}  // namespace pgexpand::testing
