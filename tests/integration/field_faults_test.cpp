// What people met in the field, each beside what plain SQL does.
#include "integration/carry_fixture.hpp"

#include <fmt/format.h>

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class FieldFaults : public CarryTest {
 protected:
  /// 50 texts that become numbers, but for that of row 7.
  void set_up_one_bad_row() {
    set_up(
        "CREATE TABLE t (id int PRIMARY KEY, a text);"
        "INSERT INTO t SELECT g, g::text FROM generate_series(1, 50) AS g;"
        "UPDATE t SET a = 'x' WHERE id = 7;");
    write_migration(
        "  - add_column: {table: t, column: b, type: int, up: \"a::int\"}\n");
  }
};

// --- Rules -------------------------------------------------------------------

constexpr const char* logged =
    "CREATE TABLE t (id int PRIMARY KEY, a text); CREATE TABLE log (id int);"
    "INSERT INTO t SELECT g, g::text FROM generate_series(1, 50) AS g;"
    "CREATE RULE t_log AS ON UPDATE TO t DO ALSO INSERT INTO log VALUES"
    " (NEW.id);";

TEST_F(FieldFaults, ARuleThatWouldWriteForEveryRowIsRefused) {
  set_up(logged);
  write_migration(
      "  - add_column: {table: t, column: b, type: text, up: lower(a)}\n");
  EXPECT_EQ(run({"apply"}), 7);
  EXPECT_THAT(line_.err, AllOf(HasSubstr("table.rules"), HasSubstr("t_log")));
  EXPECT_EQ(one("SELECT count(*) FROM log"), "0");
}

TEST_F(FieldFaults, ARuleThatIsAllowedWritesForEveryRow) {
  set_up(logged);
  write_migration(
      "  - add_column: {table: t, column: b, type: text, up: lower(a),"
      " allow: [user_triggers]}\n");
  EXPECT_EQ(run({"apply", "--pause", "0ms"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT count(*) FROM t WHERE b = lower(a)"), "50");
  EXPECT_EQ(one("SELECT count(*) FROM log"), "50");
}

TEST_F(FieldFaults, ARuleThatDoesSomethingElseIsRefusedWhateverIsAllowed) {
  set_up(
      "CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1);"
      "CREATE RULE t_not AS ON UPDATE TO t DO INSTEAD NOTHING;");
  write_migration(
      "  - add_column: {table: t, column: b, type: text, up: lower(a),"
      " allow: [user_triggers]}\n");
  EXPECT_EQ(run({"apply"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("t_not"));
}

TEST_F(FieldFaults, ARuleIsInNobodysWayWhereNoRowIsFilled) {
  set_up(logged);
  write_migration("  - add_column: {table: t, column: b, type: text}\n");
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
}

// --- Errors that are no row's fault ------------------------------------------

struct Broken {
  const char* name;
  const char* body;      ///< Of a CHECK's function, after BEGIN.
  const char* sqlstate;  ///< What a plain UPDATE ends with.
};
void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.name; }

class NoRowsFault : public CarryTest,
                    public ::testing::WithParamInterface<Broken> {};

TEST_P(NoRowsFault, EndsTheBackfillAtOnce) {
  set_up(fmt::format(
      "CREATE TABLE t (id int PRIMARY KEY, a text);"
      "INSERT INTO t SELECT g, g::text FROM generate_series(1, 50) AS g;"
      "CREATE FUNCTION known(text) RETURNS boolean LANGUAGE plpgsql AS"
      " $$ BEGIN {} END $$;"
      "ALTER TABLE t ADD CHECK (known(a)) NOT VALID;",
      GetParam().body));
  write_migration(
      "  - add_column: {table: t, column: b, type: text, up: lower(a)}\n");
  EXPECT_EQ(run({"apply", "--through", "backfill"}), 1);
  EXPECT_THAT(line_.err, HasSubstr(GetParam().sqlstate));
  EXPECT_EQ(one("SELECT count(*) FROM pgexpand.quarantine"), "0");
  EXPECT_EQ(one("SELECT count(*) FROM t WHERE b IS NOT NULL"), "0");
}

INSTANTIATE_TEST_SUITE_P(
    States,
    NoRowsFault,
    ::testing::Values(
        Broken{"NoTable", "RETURN EXISTS (SELECT FROM not_there);", "42P01"},
        Broken{"NoFunction", "RETURN not_there($1);", "42883"},
        Broken{"NoRight", "RAISE insufficient_privilege;", "42501"},
        Broken{"NotSupported", "RAISE feature_not_supported;", "0A000"}),
    [](const auto& each) { return each.param.name; });

TEST_F(FieldFaults, AnErrorOfAValueIsItsRows) {
  set_up_one_bad_row();
  EXPECT_EQ(run({"apply", "--through", "backfill", "--pause", "0ms"}), 0)
      << line_.err;
  EXPECT_EQ(one("SELECT count(*) FROM t WHERE b = id"), "49");
  EXPECT_EQ(one("SELECT string_agg(sqlstate, ' ') FROM pgexpand.quarantine"),
            "22P02");
}

// --- Quarantine --------------------------------------------------------------

class Quarantine : public FieldFaults {
 protected:
  void quarantine_a_row() {
    set_up_one_bad_row();
    EXPECT_EQ(run({"apply", "--pause", "0ms"}), 7) << line_.err;
    EXPECT_THAT(line_.err, HasSubstr("keys: 7"));
  }
};

TEST_F(Quarantine, OfARowThatWasMendedByHandGoes) {
  quarantine_a_row();
  database_.query("UPDATE t SET a = '70' WHERE id = 7");
  EXPECT_EQ(run({"apply", "--pause", "0ms"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT b FROM t WHERE id = 7"), "70");
  EXPECT_EQ(one("SELECT count(*) FROM pgexpand.quarantine"), "0");
}

TEST_F(Quarantine, OfARowThatWasDeletedGoes) {
  quarantine_a_row();
  database_.query("DELETE FROM t WHERE id = 7");
  EXPECT_EQ(run({"apply", "--pause", "0ms"}), 0) << line_.err;
}

TEST_F(Quarantine, OfARowThatIsStillWrongStays) {
  quarantine_a_row();
  EXPECT_EQ(run({"apply", "--pause", "0ms"}), 7);
  EXPECT_EQ(one("SELECT count(*) FROM pgexpand.quarantine"), "1");
}

TEST_F(FieldFaults, WhatTheWayBackLosesIsNotSentToRepair) {
  set_up(
      "CREATE TABLE t (id int PRIMARY KEY, a numeric);"
      "INSERT INTO t VALUES (1, 1.5), (2, 2);");
  write_migration(
      "  - alter_column: {table: t, column: a, type: int, up: \"a::int\","
      " down: \"a::numeric\"}\n");
  EXPECT_EQ(run({"apply", "--pause", "0ms"}), 7);
  EXPECT_THAT(line_.err,
              AllOf(HasSubstr("allow: [lossy]"), Not(HasSubstr("--repair"))));
}

// --- What old code may say ---------------------------------------------------

TEST_F(FieldFaults, ADefaultThatGoesFromANotNullColumnIsVisible) {
  set_up("CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL DEFAULT 'x')");
  write_migration("  - alter_column: {table: t, column: a, default: null}\n");
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_NO_THROW(database_.query("INSERT INTO t VALUES (1)"));
  EXPECT_EQ(run({"switch", "1_move"}), 0) << line_.err;
  EXPECT_THROW(database_.query("INSERT INTO t VALUES (2)"), Error);
}

TEST_F(FieldFaults, AnyOtherDefaultIsAnotherValueAndSoVisible) {
  for (const char* value : {"null", "\"'y'\""}) {
    set_up(
        "DROP SCHEMA IF EXISTS pgexpand CASCADE; DROP TABLE IF EXISTS t;"
        "CREATE TABLE t (id int PRIMARY KEY, a text DEFAULT 'x')");
    write_migration(fmt::format(
        "  - alter_column: {{table: t, column: a, default: {}}}\n", value));
    EXPECT_EQ(run({"apply"}), 0) << line_.err;
    set_up("INSERT INTO t VALUES (1)");
    EXPECT_EQ(one("SELECT a FROM t"), "x");
    EXPECT_EQ(run({"switch", "1_move"}), 0) << line_.err;
  }
}

/// Old code's statement in a table, and the change that would reject it.
struct Noticed {
  std::string name;
  std::string operation;
  std::string statement;  ///< In t(id, a, n, p), where id 1 is there.
};
void PrintTo(const Noticed& noticed, std::ostream* out) {
  *out << noticed.name;
}

class OldCode : public CarryTest,
                public ::testing::WithParamInterface<Noticed> {};

TEST_P(OldCode, IsNotRejectedByApply) {
  set_up(
      "CREATE TABLE t (id int PRIMARY KEY, a text, n int, p jsonb);"
      "CREATE TABLE par (id int PRIMARY KEY);"
      "INSERT INTO t VALUES (1, 'a', 1, '{}'); INSERT INTO par VALUES (1)");
  write_migration("  - " + GetParam().operation + "\n");
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT completed FROM pgexpand.migration"), "verify");
  EXPECT_NO_THROW(database_.query(GetParam().statement));
}

INSTANTIATE_TEST_SUITE_P(
    Statements,
    OldCode,
    ::testing::Values(
        Noticed{"IndexExpressionThatFails",
                "create_index: {table: t, columns: [{expression: "
                "\"(p->>'n')::int\"}], name: i}",
                "INSERT INTO t VALUES (2, 'b', 2, '{\"n\": \"abc\"}')"},
        Noticed{"CheckOfANewColumnThatReadsOldOnes",
                "add_column: {table: t, column: c, type: text, check: {name: "
                "k, expression: \"n > 0 OR c IS NOT NULL\"}}",
                "UPDATE t SET n = 0"},
        Noticed{"UniqueOfAGeneratedColumn",
                "add_column: {table: t, column: c, type: text, generated: "
                "lower(a), unique: {}}",
                "INSERT INTO t VALUES (2, 'A', 2, NULL)"},
        Noticed{"ForeignKeyForTheOtherTable",
                "add_column: {table: t, column: c, type: int, references: "
                "{table: par}}",
                "TRUNCATE par"},
        Noticed{"DownThatReadsWhatOldCodeWrites",
                "drop_column: {table: t, column: n, down: length(a)}",
                "UPDATE t SET a = 'longer'"}),
    [](const auto& each) { return each.param.name; });

TEST_F(FieldFaults, AnUpThatFailsDoesNotFailTheWrite) {
  set_up(
      "CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL);"
      "INSERT INTO t VALUES (1, '1')");
  write_migration(
      "  - add_column: {table: t, column: n, type: int, up: \"code::int\","
      " nullable: false}\n");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  EXPECT_NO_THROW(database_.query("INSERT INTO t VALUES (2, 'abc')"));
}

TEST_F(FieldFaults, WhoMayInsertMayDrawANumber) {
  const std::string role = database_.name() + "_app";
  set_up("CREATE ROLE " + role +
         " LOGIN; CREATE TABLE t (id int PRIMARY KEY, a text);"
         "GRANT INSERT ON t TO " +
         role);
  write_migration(
      "  - add_column: {table: t, column: n, type: bigint, identity:"
      " by_default}\n");
  for (const char* phase : {"expand", "switch"}) {
    ASSERT_NO_FATAL_FAILURE(go_through(phase));
    EXPECT_NO_THROW(set_up(std::string("SET ROLE ") + role +
                           "; INSERT INTO t (id) VALUES (" +
                           (phase == std::string("expand") ? "1)" : "2)")));
  }
  ASSERT_NO_FATAL_FAILURE(roll_back());
  set_up("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

TEST_F(FieldFaults, ARowThatWasCopiedKeepsWhatWasChanged) {
  const char* copy =
      "DO $$ DECLARE r t%ROWTYPE; BEGIN SELECT * INTO r FROM t WHERE id = 1;"
      " r.id := 2; r.a := '22'; INSERT INTO t VALUES (r.*); END $$";
  set_up(
      "CREATE TABLE t (id int PRIMARY KEY, a varchar(9));"
      "INSERT INTO t VALUES (1, '11')");
  write_migration("  - rename_column: {table: t, from: a, to: b}\n");
  ASSERT_NO_FATAL_FAILURE(go_through("expand"));
  set_up(copy);
  EXPECT_EQ(one("SELECT a || b FROM t WHERE id = 2"), "2222");
  ASSERT_NO_FATAL_FAILURE(roll_back());
  set_up("DELETE FROM t WHERE id = 2");
  write_migration(alter("t", "a", "int", "      up: a::int\n"));
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  set_up(copy);
  EXPECT_EQ(one("SELECT a FROM t WHERE id = 2"), "22");
}

TEST_F(FieldFaults, AnIndexThatAForeignKeyReliesOnIsNotDropped) {
  set_up(
      "CREATE TABLE t (id int PRIMARY KEY, a int); CREATE UNIQUE INDEX i ON t"
      " (a); CREATE TABLE c (a int REFERENCES t (a));");
  write_migration("  - drop_index: {index: i}\n");
  EXPECT_EQ(run({"plan"}), 7);
  EXPECT_THAT(line_.out + line_.err, HasSubstr("index.is-referenced"));
}

// --- Words -------------------------------------------------------------------

TEST_F(FieldFaults, SerialIsAnsweredWithIdentityWhichWorks) {
  set_up("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (7)");
  write_migration("  - add_column: {table: t, column: n, type: BigSerial}\n");
  EXPECT_EQ(run({"plan"}), 2);
  EXPECT_THAT(line_.err,
              HasSubstr("write `type: bigint` and `identity: by_default`"));
  write_migration(
      "  - add_column: {table: t, column: n, type: bigint,"
      " identity: by_default}\n");
  EXPECT_EQ(run({"apply", "--through", "switch"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT n FROM t"), "1");
}

TEST_F(FieldFaults, TheHintForASubqueryWorks) {
  set_up(
      "CREATE TABLE dict (a text, word text); INSERT INTO dict VALUES"
      " ('1', 'one'); CREATE TABLE t (id int PRIMARY KEY, a text);"
      "INSERT INTO t VALUES (1, '1')");
  write_migration(
      "  - add_column: {table: t, column: w, type: text,"
      " up: \"(SELECT word FROM dict AS d WHERE d.a = t.a)\"}\n");
  EXPECT_EQ(run({"plan"}), 2);
  EXPECT_THAT(line_.err, AllOf(HasSubstr("with their schemas"),
                               HasSubstr("allow: [volatile]")));
  set_up(
      "CREATE FUNCTION word_of(text) RETURNS text LANGUAGE sql STABLE AS"
      " $$SELECT word FROM public.dict WHERE a = $1$$");
  write_migration(
      "  - add_column: {table: t, column: w, type: text, up: \"word_of(a)\","
      " allow: [volatile]}\n");
  EXPECT_EQ(run({"apply", "--through", "switch"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT w FROM t"), "one");
}

// --- Fields without effect ---------------------------------------------------

class NoEffect : public CarryTest,
                 public ::testing::WithParamInterface<const char*> {};

TEST_P(NoEffect, IsAnError) {
  set_up("CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL DEFAULT 'x')");
  write_migration(fmt::format("  - alter_column: {{table: t, column: a, {}}}\n",
                              GetParam()));
  EXPECT_EQ(run({"plan"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("spec.no-effect"));
}

INSTANTIATE_TEST_SUITE_P(Fields,
                         NoEffect,
                         ::testing::Values("check: \"a <> ''\", up: lower(a)",
                                           "comment: words, up: lower(a)",
                                           "default: \"'y'\", down: lower(a)",
                                           "nullable: true, up: lower(a)",
                                           "nullable: false, down: lower(a)"));

}  // namespace
}  // namespace pgexpand::testing
