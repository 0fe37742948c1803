// A renamed column keeps everything that hung on it: as if RENAME COLUMN had
// run, and as it was after a rollback. Until contract both names work.
#include "integration/carry_fixture.hpp"

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* table =
    "CREATE TABLE t (id bigint PRIMARY KEY, n int, other int, s text);"
    "INSERT INTO t SELECT g, g * 3, g % 7, 's' || g % 50"
    " FROM generate_series(1, 300) g; UPDATE t SET n = NULL WHERE id = 4;";

std::string rename(const std::string& name,
                   const std::string& from,
                   const std::string& to) {
  return "  - rename_column: {table: " + name + ", from: " + from +
         ", to: " + to + "}\n";
}

/// Objects on t.n, which becomes m.
Carried on_n(const std::string& name, const std::string& objects) {
  return {.name = name,
          .setup = table + objects,
          .operations = rename("t", "n", "m"),
          .plain = "ALTER TABLE t RENAME n TO m",
          .writes =
              "INSERT INTO t (id, $column, s) SELECT max(id) + 1,"
              " 5000 + max(id), 'new' FROM t; UPDATE t SET $column ="
              " $column + 9000 WHERE id = 10; UPDATE t SET $column = NULL"
              " WHERE id = 11; DELETE FROM t WHERE id ="
              " (SELECT min(id) FROM t)",
          .old_name = "n",
          .new_name = "m"};
}

/// Objects on t.id, which becomes key.
Carried on_key(const std::string& name, const std::string& objects) {
  return {.name = name,
          .setup = objects,
          .operations = rename("t", "id", "key"),
          .plain = "ALTER TABLE t RENAME id TO key",
          .writes =
              "INSERT INTO t ($column, n) SELECT max($column) + 1, 9"
              " FROM t",
          .old_name = "id",
          .new_name = "key"};
}

std::vector<Carried> columns() {
  return {
      on_n("Indexes",
           "CREATE INDEX a ON t (n DESC); CREATE INDEX b ON t (n NULLS FIRST);"
           "CREATE INDEX c ON t (other) INCLUDE (n) WITH (fillfactor = 50);"
           "CREATE INDEX d ON t (other) WHERE n > 3;"
           "CREATE INDEX e ON t ((n + 1)); COMMENT ON INDEX e IS 'plus one';"
           "ALTER INDEX e ALTER COLUMN 1 SET STATISTICS 50;"
           "CREATE UNIQUE INDEX f ON t (n); CLUSTER t USING a"),
      since(15, on_n("NullsNotDistinct",
                     "UPDATE t SET n = -5 WHERE n IS NULL; ALTER TABLE t"
                     " ADD CONSTRAINT a UNIQUE NULLS NOT DISTINCT (n, s)")),
      on_n("Constraints",
           "UPDATE t SET n = -5 WHERE n IS NULL; ALTER TABLE t"
           " ADD CONSTRAINT a UNIQUE (n) INCLUDE (s),"
           " ADD CONSTRAINT b UNIQUE (other, n) DEFERRABLE INITIALLY DEFERRED,"
           " ADD CONSTRAINT c CHECK (n > -10 OR other > 2) NO INHERIT;"
           "ALTER TABLE t ADD CHECK (n < 1000000) NOT VALID;"
           "COMMENT ON CONSTRAINT a ON t IS 'one'; COMMENT ON CONSTRAINT c ON t"
           " IS 'two'; COMMENT ON INDEX a IS 'three'"),
      on_n("Attributes",
           "ALTER TABLE t ALTER n SET DEFAULT 7, ALTER n SET STATISTICS 321,"
           " ALTER n SET (n_distinct = -0.5);"
           "COMMENT ON COLUMN t.n IS 'it''s n';"
           "GRANT SELECT (n), UPDATE (n) ON t TO carry_reader;"
           "GRANT INSERT (n) ON t TO \"Carry Writer\" WITH GRANT OPTION;"
           "GRANT SELECT (n) ON t TO PUBLIC;"
           "CREATE STATISTICS a (mcv) ON n, other FROM t;"
           "CREATE STATISTICS b ON (n + 1) FROM t;"
           "ALTER STATISTICS a SET STATISTICS 55;"
           "COMMENT ON STATISTICS a IS 'n and other'"),
      {.name = "NotNullWithReplicaIdentity",
       .setup = std::string(table) +
                "UPDATE t SET n = 0 WHERE n IS NULL; ALTER TABLE t"
                " ALTER n SET NOT NULL; CREATE UNIQUE INDEX a ON t (n);"
                "ALTER TABLE t REPLICA IDENTITY USING INDEX a",
       .operations = rename("t", "n", "m"),
       .plain = "ALTER TABLE t RENAME n TO m",
       .writes = "INSERT INTO t (id, $column) SELECT max(id) + 1,"
                 " 5000 + max(id) FROM t",
       .old_name = "n",
       .new_name = "m"},
      {.name = "Text",
       .setup = "CREATE TABLE t (id int PRIMARY KEY, s varchar(20) COLLATE"
                " \"C\" DEFAULT 'none'); INSERT INTO t SELECT g, 's' || g FROM"
                " generate_series(1, 20) g; ALTER TABLE t ALTER s SET STORAGE"
                " EXTERNAL, ALTER s SET COMPRESSION pglz;"
                "CREATE INDEX a ON t (s); CREATE INDEX b ON t"
                " (s varchar_pattern_ops); CREATE INDEX c ON t (s COLLATE"
                " \"POSIX\" DESC); CREATE INDEX d ON t (lower(s), (s || 'x'));"
                "CREATE INDEX e ON t (upper(s COLLATE \"default\"));"
                "ALTER TABLE t ADD CHECK (s COLLATE \"POSIX\" <> '')",
       .operations = rename("t", "s", "'\"The \"\"name\"\"\"'"),
       .plain = "ALTER TABLE t RENAME s TO \"The \"\"name\"\"\"",
       .writes = "INSERT INTO t (id, $column) SELECT max(id) + 1, 'w' FROM t",
       .old_name = "s",
       .new_name = "\"The \"\"name\"\"\""},
  };
}

std::vector<Carried> keys() {
  const std::string filled =
      "INSERT INTO t SELECT g, g FROM generate_series(1, 50) g;";
  const std::string child =
      "CREATE TABLE c (t_id int, CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t"
      " ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE);"
      "INSERT INTO c SELECT g FROM generate_series(1, 9) g;"
      "COMMENT ON CONSTRAINT f ON c IS 'whose';";
  return {
      on_key("PrimaryKeyWithForeignKey",
             "CREATE TABLE t (id int PRIMARY KEY, n int);" + filled + child +
                 "COMMENT ON CONSTRAINT t_pkey ON t IS 'key'; ALTER TABLE t"
                 " REPLICA IDENTITY USING INDEX t_pkey"),
      on_key("CompositePrimaryKey",
             "CREATE TABLE t (id int, n int, PRIMARY KEY (n, id) WITH"
             " (fillfactor = 60)); CREATE TABLE c (x int, y int, FOREIGN KEY"
             " (y, x) REFERENCES t (n, id) MATCH FULL);" +
                 filled + "INSERT INTO c VALUES (3, 3)"),
      on_key("ForeignKeyToItself",
             "CREATE TABLE t (id int PRIMARY KEY, n int, up int REFERENCES t);"
             "CREATE INDEX ON t (up); INSERT INTO t SELECT g, g,"
             " NULLIF(g - 1, 0) FROM generate_series(1, 20) g"),
      {.name = "ForeignKeysOut",
       .setup = "CREATE TABLE t (id int PRIMARY KEY);"
                "INSERT INTO t SELECT g FROM generate_series(1, 50) g;" +
                child,
       .operations = rename("c", "t_id", "owner"),
       .plain = "ALTER TABLE c RENAME t_id TO owner",
       .writes = "INSERT INTO c ($column) VALUES (1), (NULL), (2);"
                 "DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (2)",
       .old_name = "t_id",
       .new_name = "owner"},
      {.name = "BothSidesOfAForeignKey",
       .setup = "CREATE TABLE t (id int PRIMARY KEY);"
                "INSERT INTO t SELECT g FROM generate_series(1, 50) g;" +
                child,
       .operations = rename("c", "t_id", "owner") + rename("t", "id", "key"),
       .plain = "ALTER TABLE c RENAME t_id TO owner;"
                "ALTER TABLE t RENAME id TO key",
       .writes = "INSERT INTO c ($column) VALUES (1), (2)",
       .old_name = "t_id",
       .new_name = "owner"},
      {.name = "IdentityAlways",
       .setup = "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY (START 10"
                " INCREMENT 5 MAXVALUE 9000) PRIMARY KEY, n int);"
                "INSERT INTO t (n) VALUES (1), (2)",
       .operations = rename("t", "id", "key"),
       .plain = "ALTER TABLE t RENAME id TO key",
       .writes = "INSERT INTO t (n) SELECT max(n) + 1 FROM t"},
      {.name = "Serial",
       .setup = "CREATE TABLE t (id serial PRIMARY KEY, n int);"
                "INSERT INTO t (n) VALUES (1), (2)",
       .operations = rename("t", "id", "key"),
       .plain = "ALTER TABLE t RENAME id TO key",
       .writes = "INSERT INTO t (n) SELECT max(n) + 1 FROM t"},
  };
}

class Rename : public CarryTest,
               public ::testing::WithParamInterface<Carried> {};

TEST_P(Rename, KeepsWhatHungOnTheColumn) { expect_carried(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Columns,
                         Rename,
                         ::testing::ValuesIn(columns()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Keys, Rename, ::testing::ValuesIn(keys()), name_of);

class RenamedColumn : public CarryTest {
 protected:
  void set_up_renamed(const std::string& more = "") {
    set_up(table + more);
    write_migration(rename("t", "n", "m"));
  }
  std::string differing() {
    return one("SELECT count(*) FROM t WHERE n IS DISTINCT FROM m");
  }
};

TEST_F(RenamedColumn, BothNamesWorkUntilContractWhateverThePhase) {
  set_up_renamed("ALTER TABLE t ALTER n SET DEFAULT 7;");
  for (const char* phase : {"expand", "switch"}) {
    ASSERT_NO_FATAL_FAILURE(go_through(phase));
    set_up(
        "INSERT INTO t (id, n) SELECT max(id) + 1, 1 FROM t;"
        "INSERT INTO t (id, m) SELECT max(id) + 1, 2 FROM t;"
        "INSERT INTO t (id) SELECT max(id) + 1 FROM t;"
        "UPDATE t SET n = 70000 WHERE id = 7; UPDATE t SET m = 80000 WHERE id ="
        " 8; UPDATE t SET n = NULL WHERE id = 9");
    EXPECT_EQ(one("SELECT string_agg(m::text, ' ' ORDER BY id) FROM (SELECT *"
                  " FROM t ORDER BY id DESC LIMIT 3) AS t"),
              "1 2 7");
  }
  EXPECT_EQ(differing(), "0");
}

TEST_F(RenamedColumn, ANameThatIsTakenIsASpecError) {
  set_up(table);
  write_migration(rename("t", "n", "other"));
  EXPECT_EQ(run({"apply"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("error[catalog.column-exists]"));
}

}  // namespace
}  // namespace pgexpand::testing
