// A column that changes its type keeps everything that hung on it: as if ALTER
// COLUMN TYPE had run, and as it was after a rollback.
#include "integration/carry_fixture.hpp"

namespace pgexpand::testing {
namespace {

constexpr const char* table =
    "CREATE TABLE t (id bigint PRIMARY KEY, n int, other int, s text);"
    "INSERT INTO t SELECT g, g * 3 % 101, g % 7, 's' || g % 50"
    " FROM generate_series(1, 300) g; UPDATE t SET n = NULL WHERE id < 4;";

constexpr const char* write_n =
    "INSERT INTO t (id, n, s) SELECT max(id) + 1, 500 + max(id), 'new' FROM t;"
    "UPDATE t SET n = n + 1000 WHERE id = 10; DELETE FROM t WHERE id ="
    " (SELECT min(id) FROM t);";

std::string alter(const std::string& name,
                  const std::string& column,
                  const std::string& type,
                  const std::string& more = "") {
  return "  - alter_column:\n      table: " + name +
         "\n      column: " + column + "\n      type: " + type + "\n" + more;
}

/// Objects on t.n, which becomes bigint. `restored`: what ALTER COLUMN TYPE
/// itself loses.
Carried on_n(const std::string& name,
             const std::string& objects,
             const std::string& restored = "") {
  return {.name = name,
          .setup = table + objects,
          .operations = alter("t", "n", "bigint"),
          .plain = "ALTER TABLE t ALTER n TYPE bigint;" + restored,
          .writes = write_n};
}

/// Objects on t.s, which becomes varchar(60).
Carried on_s(const std::string& name,
             const std::string& objects,
             const std::string& restored = "") {
  return {.name = name,
          .setup = table + objects,
          .operations = alter("t", "s", "varchar(60)"),
          .plain = "ALTER TABLE t ALTER s TYPE varchar(60);" + restored,
          .writes =
              "INSERT INTO t (id, n, s) SELECT max(id) + 1, 5, 'w' || max(id)"
              " FROM t; UPDATE t SET s = s || 'x' WHERE id = 10"};
}

std::vector<Carried> indexes_and_checks() {
  return {
      on_n("IndexOrderAndMethods",
           "CREATE INDEX a ON t (n DESC); CREATE INDEX b ON t (n NULLS FIRST);"
           "CREATE INDEX c ON t (other, n DESC NULLS LAST);"
           "CREATE INDEX d ON t USING brin (n) WITH (pages_per_range = 4);"
           "CREATE INDEX e ON t USING hash (n); CLUSTER t USING a"),
      on_n("IndexParts",
           "CREATE INDEX a ON t (other) INCLUDE (n, s) WITH (fillfactor = 50);"
           "CREATE INDEX b ON t (other) WHERE n > 3 AND s IS NOT NULL;"
           "CREATE INDEX c ON t ((n + 1), (s || n::text));"
           "ALTER INDEX c ALTER COLUMN 2 SET STATISTICS 77;"
           "COMMENT ON INDEX c IS 'it''s \"c\"'",
           "ALTER INDEX c ALTER COLUMN 2 SET STATISTICS 77"),
      on_n("UniqueIndexes",
           "UPDATE t SET n = id WHERE n IS NOT NULL;"
           "CREATE UNIQUE INDEX a ON t (n); CREATE UNIQUE INDEX b ON t (n DESC)"
           " WHERE other > 2; CREATE UNIQUE INDEX c ON t (n, other)"),
      on_n("NullsNotDistinct",
           "UPDATE t SET n = id WHERE id <> 2;"
           "CREATE UNIQUE INDEX a ON t (n) NULLS NOT DISTINCT;"
           "ALTER TABLE t ADD CONSTRAINT b UNIQUE NULLS NOT DISTINCT"
           " (n, other)"),
      on_n("UniqueConstraints",
           "UPDATE t SET n = id;"
           "ALTER TABLE t ADD CONSTRAINT a UNIQUE (n) INCLUDE (other)"
           " WITH (fillfactor = 60);"
           "ALTER TABLE t ADD CONSTRAINT b UNIQUE (other, n) DEFERRABLE;"
           "ALTER TABLE t ADD CONSTRAINT c UNIQUE (n, id) DEFERRABLE INITIALLY"
           " DEFERRED; COMMENT ON CONSTRAINT a ON t IS 'one of a kind';"
           "COMMENT ON INDEX a IS 'its index'"),
      on_n("ReplicaIdentity",
           "UPDATE t SET n = id; ALTER TABLE t ALTER n SET NOT NULL;"
           "CREATE UNIQUE INDEX a ON t (n);"
           "ALTER TABLE t REPLICA IDENTITY USING INDEX a"),
      on_n("ConstraintsOfOneRow",
           "ALTER TABLE t ADD CONSTRAINT a CHECK (n >= 0);"
           "ALTER TABLE t ADD CONSTRAINT b CHECK (n > other - 100 OR s = 'x')"
           " NO INHERIT; ALTER TABLE t ADD CHECK (n < 1000000) NOT VALID;"
           "COMMENT ON CONSTRAINT a ON t IS 'not negative'"),
  };
}

std::vector<Carried> attributes() {
  return {
      on_n("ColumnAttributes",
           "UPDATE t SET n = 1 WHERE n IS NULL; ALTER TABLE t"
           " ALTER n SET NOT NULL, ALTER n SET DEFAULT 7,"
           " ALTER n SET STATISTICS 321, ALTER n SET (n_distinct = -0.5,"
           " n_distinct_inherited = 40); COMMENT ON COLUMN t.n IS 'it''s n'"),
      on_n("Grants",
           "GRANT SELECT (n), UPDATE (n) ON t TO carry_reader;"
           "GRANT INSERT (n), REFERENCES (n) ON t TO \"Carry Writer\" WITH"
           " GRANT OPTION; GRANT SELECT (n) ON t TO PUBLIC;"
           "GRANT DELETE ON t TO carry_reader"),
      on_n("ExtendedStatistics",
           "CREATE STATISTICS a (ndistinct, mcv) ON n, other FROM t;"
           "CREATE STATISTICS b ON (n + 1) FROM t;"
           "CREATE STATISTICS c ON other, n, (n * 2), lower(s) FROM t;"
           "ALTER STATISTICS a SET STATISTICS 55;"
           "COMMENT ON STATISTICS a IS 'n and other'",
           "ALTER STATISTICS a SET STATISTICS 55"),
      on_s("OperatorClasses",
           "CREATE INDEX a ON t (s text_pattern_ops DESC);"
           "CREATE INDEX b ON t (s varchar_pattern_ops, n);"
           "CREATE INDEX c ON t (s COLLATE \"C\", other);"
           "CREATE INDEX d ON t (lower(s) text_pattern_ops);"
           "CREATE INDEX e ON t (upper(s COLLATE \"C\"))"),
      on_s("StorageAndDefault",
           "ALTER TABLE t ALTER s SET STORAGE EXTERNAL,"
           " ALTER s SET COMPRESSION pglz, ALTER s SET DEFAULT 'none';"
           "CREATE INDEX a ON t (id) WHERE s LIKE 's%';"
           "ALTER TABLE t ADD CHECK (length(s) < 40 AND s <> '')",
           "ALTER TABLE t ALTER s SET STORAGE EXTERNAL,"
           " ALTER s SET COMPRESSION pglz"),
      {.name = "CollationOfTheColumn",
       .setup = "CREATE TABLE t (id int PRIMARY KEY, s text COLLATE \"C\");"
                "INSERT INTO t VALUES (1, 'a'), (2, 'B');"
                "CREATE INDEX a ON t (s); CREATE INDEX b ON t (s COLLATE"
                " \"POSIX\"); CREATE INDEX c ON t (s COLLATE \"default\")",
       .operations = alter("t", "s", "varchar(60)"),
       .plain = "ALTER TABLE t ALTER s TYPE varchar(60) COLLATE \"C\""},
      {.name = "HardNames",
       .setup =
           "CREATE TABLE \"T \"\"q\" (id int PRIMARY KEY,"
           " \"N b_34567890123456789012345678901234567890123456789012345"
           "678\" int DEFAULT 3); INSERT INTO \"T \"\"q\" VALUES (1, 2);"
           "CREATE INDEX \"I b_3456789012345678901234567890123456789012345"
           "67890123456789\" ON \"T \"\"q\" (\"N b_345678901234567890123456"
           "78901234567890123456789012345678\"); ALTER TABLE \"T \"\"q\""
           " ADD CONSTRAINT \"C % {} $1\" CHECK (\"N b_3456789012345678901"
           "2345678901234567890123456789012345678\" > 0);"
           "CREATE STATISTICS \"S %s\" ON id, \"N b_345678901234567890123"
           "45678901234567890123456789012345678\" FROM \"T \"\"q\"",
       .operations =
           alter("'\"T \"\"q\"'",
                 "N b_34567890123456789012345678901234567890123456789012345"
                 "678",
                 "bigint"),
       .plain =
           "ALTER TABLE \"T \"\"q\" ALTER \"N b_345678901234567890123456789"
           "01234567890123456789012345678\" TYPE bigint"},
  };
}

const std::string child =
    "CREATE TABLE c (id int PRIMARY KEY, t_id int, note text);"
    "INSERT INTO c SELECT g, g % 40 + 1 FROM generate_series(1, 90) g;";
const std::string parent =
    "CREATE TABLE t (id int PRIMARY KEY, n int, up int); INSERT INTO t"
    " SELECT g, g * 2 FROM generate_series(1, 50) g;";
const std::string write_key =
    "INSERT INTO t (id, n) SELECT max(id) + 1, 9 FROM t;"
    "INSERT INTO c (id, t_id) SELECT max(id) + 1, (SELECT max(id) FROM t)"
    " FROM c; DELETE FROM c WHERE id = (SELECT min(id) FROM c);";

std::vector<Carried> keys() {
  return {
      {.name = "PrimaryKey",
       .setup = parent + "COMMENT ON CONSTRAINT t_pkey ON t IS 'key';"
                         "COMMENT ON INDEX t_pkey IS 'index'; ALTER TABLE t"
                         " CLUSTER ON t_pkey; ALTER TABLE t REPLICA IDENTITY"
                         " USING INDEX t_pkey",
       .operations = alter("t", "id", "bigint"),
       .plain = "ALTER TABLE t ALTER id TYPE bigint",
       .writes = "INSERT INTO t (id, n) SELECT max(id) + 1, 9 FROM t"},
      {.name = "CompositePrimaryKey",
       .setup = "CREATE TABLE t (a int, b int, n int, CONSTRAINT k PRIMARY KEY"
                " (b, a) INCLUDE (n) WITH (fillfactor = 70) DEFERRABLE);"
                "INSERT INTO t SELECT g, g % 3 FROM generate_series(1, 50) g",
       .operations = alter("t", "a", "bigint"),
       .plain = "ALTER TABLE t ALTER a TYPE bigint",
       .writes = "INSERT INTO t (a, b) SELECT max(a) + 1, 1 FROM t"},
      {.name = "WholeCompositeKeyAndItsForeignKey",
       .setup = "CREATE TABLE t (a int, b int, PRIMARY KEY (b, a));"
                "INSERT INTO t SELECT g, g % 3 FROM generate_series(1, 50) g;"
                "CREATE TABLE c (id int PRIMARY KEY, x int, y int, FOREIGN KEY"
                " (y, x) REFERENCES t (b, a) MATCH FULL ON DELETE SET NULL"
                " ON UPDATE CASCADE);"
                "INSERT INTO c SELECT g, g, g % 3 FROM generate_series(1, 9) g",
       .operations = alter("t", "a", "bigint") + alter("t", "b", "bigint"),
       .plain = "ALTER TABLE t ALTER a TYPE bigint, ALTER b TYPE bigint",
       .writes = "INSERT INTO t (a, b) SELECT max(a) + 1, 1 FROM t;"
                 "INSERT INTO c (id, x, y) SELECT max(id) + 1, (SELECT max(a)"
                 " FROM t), 1 FROM c; DELETE FROM t WHERE a ="
                 " (SELECT min(a) FROM t)"},
  };
}

std::vector<Carried> foreign_keys() {
  return {
      {.name = "ForeignKeysToIt",
       .setup = parent + child +
                "CREATE INDEX ON c (t_id); ALTER TABLE c"
                " ADD CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t ON DELETE"
                " CASCADE ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED;"
                "CREATE TABLE d (t_id int CONSTRAINT g REFERENCES t);"
                "ALTER TABLE d ADD CONSTRAINT h FOREIGN KEY (t_id) REFERENCES t"
                " NOT VALID; COMMENT ON CONSTRAINT f ON c IS 'whose'",
       .operations = alter("t", "id", "bigint"),
       .plain = "ALTER TABLE t ALTER id TYPE bigint",
       .writes =
           write_key + "DELETE FROM t WHERE id = (SELECT min(id) FROM t)"},
      {.name = "ForeignKeysFromIt",
       .setup = parent + child +
                "CREATE TABLE d (id int PRIMARY KEY);"
                "INSERT INTO d SELECT g FROM generate_series(1, 500) g;"
                "CREATE INDEX ON c (t_id); ALTER TABLE c"
                " ADD CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t ON DELETE"
                " SET NULL (t_id) DEFERRABLE, ADD CONSTRAINT g FOREIGN KEY"
                " (t_id) REFERENCES d ON DELETE RESTRICT NOT VALID;"
                "COMMENT ON CONSTRAINT f ON c IS 'whose'",
       .operations = alter("c", "t_id", "bigint"),
       .plain = "ALTER TABLE c ALTER t_id TYPE bigint",
       .writes =
           write_key + "DELETE FROM t WHERE id = (SELECT min(id) FROM t)"},
      {.name = "ForeignKeyToItself",
       .setup = parent + "UPDATE t SET up = id / 2 WHERE id > 1; ALTER TABLE t"
                         " ADD CONSTRAINT f FOREIGN KEY (up) REFERENCES t ON"
                         " DELETE SET NULL; CREATE INDEX ON t (up)",
       .operations = alter("t", "id", "bigint") + alter("t", "up", "bigint"),
       .plain = "ALTER TABLE t ALTER id TYPE bigint, ALTER up TYPE bigint",
       .writes = "INSERT INTO t (id, up) SELECT max(id) + 1, max(id) FROM t;"
                 "DELETE FROM t WHERE id = (SELECT min(id) FROM t)"},
      {.name = "ForeignKeyToItselfWithOneSideMoved",
       .setup = parent + "UPDATE t SET up = id / 2 WHERE id > 1; ALTER TABLE t"
                         " ADD CONSTRAINT f FOREIGN KEY (up) REFERENCES t ON"
                         " DELETE CASCADE",
       .operations = alter("t", "id", "bigint"),
       .plain = "ALTER TABLE t ALTER id TYPE bigint",
       .writes = "INSERT INTO t (id, up) SELECT max(id) + 1, max(id) FROM t"},
      {.name = "BothSidesOfAForeignKey",
       .setup = parent + child +
                "CREATE INDEX ON c (t_id); ALTER TABLE c ADD CONSTRAINT f"
                " FOREIGN KEY (t_id) REFERENCES t ON UPDATE CASCADE DEFERRABLE;"
                "COMMENT ON CONSTRAINT f ON c IS 'whose'",
       .operations = alter("t", "id", "bigint") + alter("c", "t_id", "bigint"),
       .plain = "ALTER TABLE c DROP CONSTRAINT f; ALTER TABLE t ALTER id TYPE"
                " bigint; ALTER TABLE c ALTER t_id TYPE bigint; ALTER TABLE c"
                " ADD CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t ON UPDATE"
                " CASCADE DEFERRABLE; COMMENT ON CONSTRAINT f ON c IS 'whose'",
       .writes = write_key},
  };
}

std::vector<Carried> sequences() {
  return {
      {.name = "IdentityAlways",
       .setup = "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY (SEQUENCE"
                " NAME \"my %s seq\" START 10 INCREMENT 5 MINVALUE 5 CACHE 3"
                " CYCLE) PRIMARY KEY, n int);"
                "INSERT INTO t (n) VALUES (1), (2)",
       .operations = alter("t", "id", "bigint"),
       .plain = "ALTER TABLE t ALTER id TYPE bigint",
       .writes = "INSERT INTO t (n) SELECT max(n) + 1 FROM t"},
      {.name = "IdentityByDefault",
       .setup =
           "CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY"
           " KEY, n int); INSERT INTO t (n) SELECT"
           " generate_series(1, 40); COMMENT ON SEQUENCE t_id_seq IS 'no';"
           "GRANT USAGE ON SEQUENCE t_id_seq TO carry_reader",
       .operations = alter("t", "id", "bigint"),
       .plain = "ALTER TABLE t ALTER id TYPE bigint",
       .writes = "INSERT INTO t (n) SELECT max(n) + 1 FROM t"},
      {.name = "IdentityThatWasNeverUsed",
       .setup = "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY (START 4"
                " MAXVALUE 9000) PRIMARY KEY, n int)",
       .operations = alter("t", "id", "bigint"),
       .plain = "ALTER TABLE t ALTER id TYPE bigint",
       .writes = "INSERT INTO t (n) SELECT COALESCE(max(n), 0) + 1 FROM t"},
      {.name = "IdentityThatCountsDown",
       .setup = "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY (INCREMENT"
                " -2) PRIMARY KEY, n int); INSERT INTO t (n) VALUES (1)",
       .operations = alter("t", "id", "bigint"),
       .plain = "ALTER TABLE t ALTER id TYPE bigint",
       .writes = "INSERT INTO t (n) SELECT max(n) + 1 FROM t"},
      {.name = "Serial",
       .setup = "CREATE TABLE t (id serial PRIMARY KEY, n int);"
                "INSERT INTO t (n) SELECT generate_series(1, 40);"
                "GRANT USAGE ON SEQUENCE t_id_seq TO carry_reader",
       .operations = alter("t", "id", "bigint"),
       .plain = "ALTER TABLE t ALTER id TYPE bigint;"
                "ALTER SEQUENCE t_id_seq AS bigint",
       .writes = "INSERT INTO t (n) SELECT max(n) + 1 FROM t"},
  };
}

class TypeChange : public CarryTest,
                   public ::testing::WithParamInterface<Carried> {};

TEST_P(TypeChange, KeepsWhatHungOnTheColumn) { expect_carried(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Indexes,
                         TypeChange,
                         ::testing::ValuesIn(indexes_and_checks()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Attributes,
                         TypeChange,
                         ::testing::ValuesIn(attributes()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Keys,
                         TypeChange,
                         ::testing::ValuesIn(keys()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(ForeignKeys,
                         TypeChange,
                         ::testing::ValuesIn(foreign_keys()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Sequences,
                         TypeChange,
                         ::testing::ValuesIn(sequences()),
                         name_of);

}  // namespace
}  // namespace pgexpand::testing
