// Code whose text has the name of a column that contract takes away. The server
// does not track it: what fails, and when, is shown with plain SQL beside it.
#include "integration/carry_fixture.hpp"

#include <fmt/format.h>

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* table =
    "CREATE TABLE t (id int PRIMARY KEY, a text, old int);"
    "INSERT INTO t SELECT g, 'a' || g, g FROM generate_series(1, 5) AS g;";

/// A function that fails without t.old, and what runs it.
struct Named {
  const char* name;
  std::string setup;
  const char* use;       ///< Fails once the column is gone.
  const char* mentions;  ///< In the finding.
};
void PrintTo(const Named& named, std::ostream* out) { *out << named.name; }

std::string function(const std::string& head, const std::string& body) {
  return fmt::format("CREATE FUNCTION {} LANGUAGE plpgsql AS $f${}$f$;", head,
                     body);
}

const std::string touches =
    "CREATE TRIGGER t_touch BEFORE INSERT OR UPDATE ON t"
    " FOR EACH ROW EXECUTE FUNCTION touch();";

class CodeThatNamesAColumn : public CarryTest,
                             public ::testing::WithParamInterface<Named> {
 protected:
  std::string error_of_use() {
    try {
      database_.query(GetParam().use);
      return "no error";
    } catch (const Error& error) {
      return error.sqlstate();
    }
  }
};

TEST_P(CodeThatNamesAColumn, FailsAfterADropInPlainSql) {
  set_up(table + GetParam().setup);
  EXPECT_EQ(error_of_use(), "no error");
  database_.query("ALTER TABLE t DROP COLUMN old");
  EXPECT_THAT(error_of_use(), ::testing::StartsWith("42"));
}

TEST_P(CodeThatNamesAColumn, IsToldBeforeADropAndKeepsContractBack) {
  set_up(table + GetParam().setup);
  write_migration("  - drop_column: {table: t, column: old}\n");
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  EXPECT_THAT(line_.out + line_.err, AllOf(HasSubstr("column.named-in-code"),
                                           HasSubstr(GetParam().mentions)));
  go_through("switch");
  EXPECT_EQ(run({"contract"}), 7);
  EXPECT_THAT(line_.err, AllOf(HasSubstr("contract.named-in-code"),
                               HasSubstr(GetParam().mentions)));
  EXPECT_EQ(error_of_use(), "no error");
}

TEST_P(CodeThatNamesAColumn, IsToldBeforeARenameAndKeepsContractBack) {
  set_up(table + GetParam().setup);
  write_migration("  - rename_column: {table: t, from: old, to: fresh}\n");
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  EXPECT_THAT(line_.out + line_.err, HasSubstr("column.named-in-code"));
  go_through("switch");
  EXPECT_EQ(run({"contract"}), 7);
  EXPECT_THAT(line_.err, HasSubstr(GetParam().mentions));
}

INSTANTIATE_TEST_SUITE_P(
    Of,
    CodeThatNamesAColumn,
    ::testing::Values(
        Named{"ATrigger",
              function("touch() RETURNS trigger",
                       "BEGIN NEW.old := 7; RETURN NEW; END") +
                  touches,
              "UPDATE t SET a = a", "touch()"},
        Named{"AFunctionThatItCalls",
              function("bump(r t) RETURNS int", "BEGIN RETURN r.old; END") +
                  function("touch() RETURNS trigger",
                           "BEGIN PERFORM public.bump(NEW); RETURN NEW; END") +
                  touches,
              "UPDATE t SET a = a", "bump("},
        Named{"ACheck",
              "CREATE FUNCTION known(int) RETURNS boolean LANGUAGE sql AS"
              " 'SELECT count(old) >= 0 FROM public.t';"
              "ALTER TABLE t ADD CHECK (known(id));",
              "UPDATE t SET a = a, id = id + 100", "known(integer)"},
        Named{"AnyFunction",
              "CREATE FUNCTION total() RETURNS bigint LANGUAGE sql AS"
              " 'SELECT sum(x.old) FROM public.t AS x';",
              "SELECT total()", "total()"},
        Named{"TheArgumentsOfATrigger",
              "ALTER TABLE t ADD COLUMN words tsvector;"
              "ALTER TABLE t ALTER old TYPE text;"
              "CREATE TRIGGER t_words BEFORE INSERT OR UPDATE ON t FOR EACH ROW"
              " EXECUTE FUNCTION tsvector_update_trigger("
              "'words', 'pg_catalog.english', 'old');",
              "UPDATE t SET a = a", "trigger t_words"}),
    [](const auto& each) { return each.param.name; });

class CodeNames : public CarryTest {
 protected:
  void set_up_trigger(const std::string& body) {
    set_up(table +
           function("touch() RETURNS trigger",
                    "BEGIN " + body + " RETURN NEW; END") +
           touches);
  }
  void expect_contracted() {
    EXPECT_EQ(run({"contract"}), 0) << line_.err;
    EXPECT_EQ(one("SELECT count(*) FROM pg_attribute WHERE attrelid ="
                  " 't'::regclass AND attname = 'old'"),
              "0");
    database_.query("UPDATE t SET a = 'written'");
  }
};

TEST_F(CodeNames, ReplacedAfterTheSwitchLetContractGo) {
  set_up_trigger("NEW.old := 7;");
  write_migration("  - rename_column: {table: t, from: old, to: fresh}\n");
  go_through("switch");
  database_.exec(
      "CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS"
      " $$BEGIN NEW.fresh := 8; RETURN NEW; END$$");
  database_.query("UPDATE t SET a = a WHERE id = 1");
  EXPECT_EQ(one("SELECT old FROM t WHERE id = 1"), "8");
  expect_contracted();
  EXPECT_EQ(one("SELECT sum(fresh) FROM t"), "40");
}

TEST_F(CodeNames, AllowedInTheSpecDoNotKeepContractBack) {
  set_up_trigger("IF NEW.id > 100 THEN NEW.old := 7; END IF;");
  write_migration(
      "  - drop_column: {table: t, column: old, allow: [function_bodies]}\n");
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  EXPECT_THAT(line_.out + line_.err, HasSubstr("column.named-in-code"));
  go_through("switch");
  expect_contracted();
}

TEST_F(CodeNames, DoNotKeepBackAContractThatIsForced) {
  set_up_trigger("IF NEW.id > 100 THEN NEW.old := 7; END IF;");
  write_migration("  - drop_column: {table: t, column: old}\n");
  go_through("switch");
  EXPECT_EQ(run({"contract", "--force"}), 0) << line_.err;
  database_.query("UPDATE t SET a = 'written'");
}

TEST_F(CodeNames, OfAnotherThingAreNotTold) {
  set_up_trigger(
      "-- NEW.old\n PERFORM to_jsonb(NEW); NEW.a := (SELECT l.old FROM other"
      " AS l LIMIT 1); ");
  set_up("CREATE TABLE other (old text);");
  write_migration("  - drop_column: {table: t, column: old}\n");
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  EXPECT_THAT(line_.out + line_.err, Not(HasSubstr("named-in")));
  go_through("switch");
  expect_contracted();
}

TEST_F(CodeNames, InAStringAreToldAndDoNotKeepContractBack) {
  set_up_trigger("NEW.a := to_jsonb(NEW) ->> 'old';");
  write_migration("  - drop_column: {table: t, column: old}\n");
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  EXPECT_THAT(line_.out + line_.err, HasSubstr("column.named-in-string"));
  go_through("switch");
  expect_contracted();
}

TEST_F(CodeNames, OfAColumnThatKeepsItsNameAreNotTold) {
  set_up_trigger("NEW.old := 7;");
  write_migration(alter("t", "old", "bigint"));
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  EXPECT_THAT(line_.out + line_.err, Not(HasSubstr("named-in")));
  go_through("switch");
  EXPECT_EQ(run({"contract"}), 0) << line_.err;
  EXPECT_EQ(one("UPDATE t SET a = a WHERE id = 1 RETURNING old"), "7");
}

TEST_F(CodeNames, KeepBackTheContractOfAVersionToo) {
  set_up_trigger("NEW.old := 7;");
  line_.write("pgexpand.yaml", "versions: views\n");
  write_migration("  - rename_column: {table: t, from: old, to: fresh}\n");
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  EXPECT_THAT(line_.out + line_.err, AllOf(HasSubstr("column.named-in-code"),
                                           HasSubstr("to_jsonb(NEW)")));
  go_through("switch");
  EXPECT_EQ(run({"contract"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("contract.named-in-code"));
  database_.query("UPDATE t SET a = a");
  EXPECT_EQ(run({"contract", "--force"}), 0) << line_.err;
}

TEST_F(CodeNames, OfTheTriggerOfAPartitionAreFound) {
  set_up(
      "CREATE TABLE t (id int, old int) PARTITION BY RANGE (id);"
      "CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (100);" +
      function("touch() RETURNS trigger",
               "BEGIN NEW.old := 7; RETURN NEW; END") +
      "CREATE TRIGGER t_touch BEFORE INSERT ON t_1"
      " FOR EACH ROW EXECUTE FUNCTION touch();");
  write_migration("  - drop_column: {table: t, column: old}\n");
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  EXPECT_THAT(line_.out + line_.err, HasSubstr("trigger t_touch on table"));
}

}  // namespace
}  // namespace pgexpand::testing
