// What a change of type does without copying, what it refuses, and what happens
// when a step fails that begins to reject writes.
#include "integration/carry_fixture.hpp"

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TypeRules : public CarryTest {
 protected:
  static constexpr const char* table =
      "CREATE TABLE t (id bigint PRIMARY KEY, n int, code varchar(20),"
      " price numeric(8,2)); INSERT INTO t SELECT g, g, 'c' || g, g"
      " FROM generate_series(1, 200) g;";

  void alter(const std::string& column, const std::string& fields) {
    write_migration("  - alter_column: {table: t, column: " + column + ", " +
                    fields + "}\n");
  }
  std::string file() {
    return one("SELECT relfilenode FROM pg_class WHERE relname = 't'");
  }
  std::string columns() {
    return one(
        "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM"
        " pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0");
  }
};

// --- Only the catalog changes ------------------------------------------------

struct Cheap {
  const char* name;
  const char* column;
  const char* fields;
  const char* plain;
};
void PrintTo(const Cheap& cheap, std::ostream* out) { *out << cheap.name; }
std::string name_of_cheap(const ::testing::TestParamInfo<Cheap>& info) {
  return info.param.name;
}

class MetadataOnly : public TypeRules,
                     public ::testing::WithParamInterface<Cheap> {
 protected:
  void expect_nothing_copied(const std::string& objects) {
    TestDatabase plain;
    plain.exec(table + objects);
    plain.exec(GetParam().plain);
    set_up(table + objects);
    alter(GetParam().column, GetParam().fields);
    const std::string file_before = file();
    ASSERT_NO_FATAL_FAILURE(go_through("contract"));
    EXPECT_EQ(file(), file_before);
    EXPECT_EQ(columns(), "id n code price");
    EXPECT_EQ(schema(), sorted_schema(plain));
  }
};

TEST_P(MetadataOnly, IsDoneInPlace) {
  expect_nothing_copied(
      "ALTER TABLE t ALTER code SET NOT NULL, ALTER code SET DEFAULT 'x';"
      "CREATE INDEX a ON t (code varchar_pattern_ops); CREATE UNIQUE INDEX b ON"
      " t (code) INCLUDE (price); COMMENT ON COLUMN t.code IS 'code'");
}

INSTANTIATE_TEST_SUITE_P(
    Changes,
    MetadataOnly,
    ::testing::Values(Cheap{"LongerString", "code", "type: varchar(50)",
                            "ALTER TABLE t ALTER code TYPE varchar(50)"},
                      Cheap{"Text", "code", "type: text",
                            "ALTER TABLE t ALTER code TYPE text"},
                      Cheap{"WiderNumeric", "price", "type: 'numeric(12,2)'",
                            "ALTER TABLE t ALTER price TYPE numeric(12,2)"},
                      Cheap{"Comment", "code", "comment: \"it's\"",
                            "COMMENT ON COLUMN t.code IS 'it''s'"},
                      Cheap{"Default", "code", "default: \"'y'\"",
                            "ALTER TABLE t ALTER code SET DEFAULT 'y'"},
                      Cheap{"NoDefault", "code", "default: null",
                            "ALTER TABLE t ALTER code DROP DEFAULT"},
                      Cheap{"Nullable", "code", "nullable: true",
                            "ALTER TABLE t ALTER code DROP NOT NULL"}),
    name_of_cheap);

TEST_F(TypeRules, ConstraintsOfACheapChangeAreProvedAgainUnderAWeakLock) {
  const std::string objects =
      "CREATE TABLE p (code varchar(20) PRIMARY KEY); INSERT INTO p SELECT code"
      " FROM t; ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (code) REFERENCES p"
      " ON DELETE CASCADE DEFERRABLE, ADD CONSTRAINT c CHECK (code <> '');"
      "ALTER TABLE t ADD CONSTRAINT d CHECK (code <> 'd') NOT VALID;"
      "COMMENT ON CONSTRAINT c ON t IS 'c'; COMMENT ON CONSTRAINT f ON t IS"
      " 'f'";
  TestDatabase plain;
  plain.exec(table + objects);
  plain.exec("ALTER TABLE t ALTER code TYPE varchar(50)");
  set_up(table + objects);
  const std::string file_before = file();
  alter("code", "type: varchar(50)");
  ASSERT_EQ(run({"plan", "--sql"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("\"f\" FOREIGN KEY"));
  EXPECT_THAT(line_.out, HasSubstr("VALIDATE CONSTRAINT \"c\""));
  EXPECT_THAT(line_.out, Not(HasSubstr("VALIDATE CONSTRAINT \"d\"")));
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_EQ(file(), file_before);
  EXPECT_EQ(schema(), sorted_schema(plain));
}

TEST_F(TypeRules, ACheapChangeIsNotVisibleAndStaysAfterRollback) {
  set_up(table);
  alter("code", "type: varchar(50)");
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("1_move: switched"));
  EXPECT_THAT(line_.err, HasSubstr("warning[column.prepared-statements]"));
  ASSERT_NO_FATAL_FAILURE(roll_back());
  EXPECT_THAT(line_.out + line_.err,
              HasSubstr("code stays character varying(50)"));
}

TEST_F(TypeRules, AnExpressionIndexMakesACheapChangeGoTheLongWay) {
  set_up(std::string(table) + "CREATE INDEX a ON t (lower(code))");
  alter("code", "type: varchar(50)");
  ASSERT_EQ(run({"plan", "--sql"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("ADD COLUMN \"pgexpand_new_code\""));
  const std::string file_before = file();
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_EQ(file(), file_before);
  EXPECT_EQ(one("SELECT pg_get_indexdef('a'::regclass)"),
            "CREATE INDEX a ON public.t USING btree (lower((code)::text))");
}

// --- What cannot follow a column ---------------------------------------------

struct Stuck {
  const char* name;
  const char* object;
  const char* said;
  int since = 14;
};
void PrintTo(const Stuck& stuck, std::ostream* out) { *out << stuck.name; }
std::string name_of_stuck(const ::testing::TestParamInfo<Stuck>& info) {
  return info.param.name;
}

class Refused : public TypeRules, public ::testing::WithParamInterface<Stuck> {
 protected:
  void expect_refused() {
    const std::string before = schema();
    const std::string columns_before = columns();
    for (const char* command : {"plan", "apply"}) {
      EXPECT_EQ(run({command}), 7) << command << line_.out;
      EXPECT_THAT(line_.err, HasSubstr(GetParam().said)) << command;
    }
    EXPECT_EQ(schema(), before);
    EXPECT_EQ(columns(), columns_before);
  }
};

TEST_P(Refused, WhatDependsOnTheColumnIsNamedAndNothingChanges) {
  if (database_.session()->server_version_num() / 10'000 < GetParam().since) {
    GTEST_SKIP() << "needs PostgreSQL " << GetParam().since;
  }
  set_up(std::string(table) + "CREATE EXTENSION btree_gist;" +
         "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
         " $$BEGIN RETURN NEW; END$$;" +
         GetParam().object);
  alter("n", "type: bigint");
  expect_refused();
}

/// The column that is renamed in the end is the one it depends on.
TEST_P(Refused, WhatDependsOnTheColumnFollowsItsName) {
  if (database_.session()->server_version_num() / 10'000 < GetParam().since) {
    GTEST_SKIP() << "needs PostgreSQL " << GetParam().since;
  }
  const std::string setup =
      std::string(table) + "CREATE EXTENSION btree_gist;" +
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
      " $$BEGIN RETURN NEW; END$$;" +
      GetParam().object;
  set_up(setup);
  write_migration(
      "  - rename_column: {table: t, from: n, to: m, allow: [published]}\n");
  const std::string said = GetParam().said;
  if (said.starts_with("trigger") || said.starts_with("rule") ||
      said.starts_with("publication")) {
    expect_refused();
    return;
  }
  TestDatabase plain;
  plain.exec(setup + "; ALTER TABLE t RENAME n TO m");
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_EQ(schema(), sorted_schema(plain));
}

INSTANTIATE_TEST_SUITE_P(
    Dependents,
    Refused,
    ::testing::Values(
        Stuck{"View", "CREATE VIEW v AS SELECT n FROM t", "view public.v"},
        Stuck{"MaterializedView",
              "CREATE MATERIALIZED VIEW v AS SELECT id FROM t WHERE n > 1",
              "materialized view public.v"},
        Stuck{"Policy", "CREATE POLICY p ON t USING (n > 0)", "policy p"},
        Stuck{"GeneratedColumn",
              "ALTER TABLE t DROP price, ADD price int GENERATED ALWAYS AS"
              " (n + 1) STORED",
              "column price of table public.t"},
        Stuck{"PublishedColumns",
              "SET client_min_messages = error; CREATE PUBLICATION p FOR TABLE"
              " t (id, n)",
              "publication of table public.t in publication p", 15},
        Stuck{"PublishedRows",
              "SET client_min_messages = error; CREATE PUBLICATION p FOR TABLE"
              " t WHERE (n > 1)",
              "publication of table public.t in publication p", 15},
        Stuck{"ParsedFunction",
              "CREATE FUNCTION g() RETURNS bigint BEGIN ATOMIC SELECT"
              " sum(n) FROM t; END",
              "function public.g()"},
        Stuck{"TriggerOfAColumn",
              "CREATE TRIGGER g AFTER UPDATE OF n ON t FOR EACH ROW EXECUTE"
              " FUNCTION f()",
              "trigger g on table public.t"},
        Stuck{"TriggerWithACondition",
              "CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW WHEN (NEW.n > 1)"
              " EXECUTE FUNCTION f()",
              "trigger g on table public.t"},
        Stuck{"Rule",
              "CREATE RULE r AS ON DELETE TO t WHERE OLD.n = 1 DO INSTEAD"
              " NOTHING",
              "rule r on table public.t"},
        Stuck{"ExclusionConstraint",
              "ALTER TABLE t ADD CONSTRAINT e EXCLUDE USING gist (n WITH =)",
              "exclusion constraint e"},
        Stuck{"ExclusionConstraintWithAPredicate",
              "ALTER TABLE t ADD CONSTRAINT e EXCLUDE USING gist (id WITH =)"
              " WHERE (n > 1)",
              "exclusion constraint e"}),
    name_of_stuck);

TEST_F(TypeRules, AllThatCannotFollowIsListedAtOnce) {
  set_up(std::string(table) +
         "CREATE VIEW v AS SELECT n FROM t; CREATE VIEW w AS SELECT * FROM t;"
         "CREATE POLICY p ON t USING (n > 0)");
  alter("n", "type: bigint");
  EXPECT_EQ(run({"plan"}), 7);
  for (const char* each : {"view public.v", "view public.w", "policy p"}) {
    EXPECT_THAT(line_.err, HasSubstr(each));
  }
}

TEST_F(TypeRules, AnExpressionThatTheNewTypeCannotTakeIsRefused) {
  set_up(
      "CREATE TYPE mood AS ENUM ('ok', 'sad'); CREATE TABLE t (id int"
      " PRIMARY KEY, m mood CONSTRAINT c CHECK (m <> 'sad'));"
      "CREATE INDEX i ON t (id) WHERE m = 'ok'");
  alter("m", "type: text, down: 'm::mood'");
  EXPECT_EQ(run({"plan"}), 7) << line_.err;
  EXPECT_THAT(line_.err, HasSubstr("check c of public.t does not hold over the "
                                   "new column: operator does not exist"));
  EXPECT_THAT(line_.err, HasSubstr("index i of public.t does not hold"));
}

TEST_F(TypeRules, ADomainWithConstraintsIsRefusedAsItRewritesTheTable) {
  set_up(std::string(table) +
         "CREATE DOMAIN d AS int CHECK (VALUE > 0);"
         "ALTER TABLE t ADD e d");
  alter("n", "type: d");
  EXPECT_EQ(run({"apply"}), 7) << line_.err;
  EXPECT_THAT(line_.err, HasSubstr("refused[column.constrained-domain]"));
  write_migration("  - rename_column: {table: t, from: e, to: f}\n");
  EXPECT_EQ(run({"apply"}), 7) << line_.err;
}

// --- Sessions that were there before -----------------------------------------

TEST_F(TypeRules, TriggerFunctionsKeepWorkingInOldSessions) {
  set_up(std::string(table) +
         "CREATE TABLE log (n bigint); CREATE FUNCTION note() RETURNS trigger"
         " LANGUAGE plpgsql COST 42 SET search_path = public AS $$BEGIN"
         " IF NEW.n > 0 THEN INSERT INTO log VALUES (NEW.n); END IF;"
         " NEW.code := upper(NEW.code); RETURN NEW; END$$;"
         "CREATE TRIGGER note BEFORE INSERT OR UPDATE ON t FOR EACH ROW"
         " EXECUTE FUNCTION note()");
  alter("n", "type: bigint, allow: [user_triggers]");
  const auto session = database_.application();
  const auto write = [&](const std::string& id) {
    session->run(sql::Statement::verbatim(
        "INSERT INTO t (id, n, code) VALUES (" + id + ", " + id + ", 'x')"));
  };
  write("1001");
  ASSERT_NO_FATAL_FAILURE(go_through("verify"));
  write("1002");
  ASSERT_NO_FATAL_FAILURE(go_through("switch"));
  write("1003");
  write("3000000");
  ASSERT_NO_FATAL_FAILURE(roll_back());
  write("1004");
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  write("1005");
  EXPECT_EQ(one("SELECT count(*) FROM t WHERE id > 1000 AND code = 'X'"), "6");
  EXPECT_EQ(one("SELECT procost || ' ' || array_to_string(proconfig, ',') FROM"
                " pg_proc WHERE proname = 'note'"),
            "42 search_path=public");
}

}  // namespace
}  // namespace pgexpand::testing
