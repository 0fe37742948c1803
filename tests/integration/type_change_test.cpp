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
      since(15, on_n("NullsNotDistinct",
                     "UPDATE t SET n = id WHERE id <> 2;"
                     "CREATE UNIQUE INDEX a ON t (n) NULLS NOT DISTINCT;"
                     "ALTER TABLE t ADD CONSTRAINT b UNIQUE NULLS NOT DISTINCT"
                     " (n, other)")),
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
           "CREATE FUNCTION plus(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE"
           " AS 'SELECT $1 + 1'; CREATE INDEX p ON t (plus(n)) WHERE n > 2 + 3;"
           "ALTER TABLE t ADD CHECK (plus(n) < 5000000 + 5);"
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
      {.name = "EverythingSaidAtOnce",
       .setup = std::string(table) + "ALTER TABLE t ALTER s SET DEFAULT 'old';"
                                     "COMMENT ON COLUMN t.s IS 'old'",
       .operations = alter("t", "s", "varchar(60)",
                           "      up: coalesce(s, 'none')\n"
                           "      nullable: false\n"
                           "      default: \"'new'\"\n"
                           "      comment: new\n"
                           "      check: {name: long, expression: length(s) >"
                           " 1}\n"),
       .plain = "ALTER TABLE t ALTER s TYPE varchar(60), ALTER s SET NOT NULL,"
                " ALTER s SET DEFAULT 'new', ADD CONSTRAINT long CHECK"
                " (length(s) > 1); COMMENT ON COLUMN t.s IS 'new'",
       .writes = "INSERT INTO t (id, s) SELECT max(id) + 1, 'other' FROM t"},
      {.name = "OtherTypes",
       .setup = "CREATE TYPE mood AS ENUM ('ok', 'sad'); CREATE TABLE t (id int"
                " PRIMARY KEY, m mood DEFAULT 'ok', d json DEFAULT '[1]', w"
                " timestamp DEFAULT '2026-01-01', l int[], c char(5), b bytea);"
                "INSERT INTO t SELECT g, 'sad', jsonb_build_object('a', "
                "g)::text::json,"
                " timestamp '2026-11-01 02:30' + g * interval '1 hour',"
                " ARRAY[g, 2], 'c' || g, '\\x00' FROM generate_series(1, 30) g;"
                "CREATE INDEX a ON t (m, w DESC); CREATE INDEX b ON t ((d ->>"
                " 'a')); CREATE INDEX e ON t USING gin (l);"
                "ALTER TABLE t ADD UNIQUE (c)",
       .operations = alter("t", "m", "text", "      down: m::mood\n") +
                     alter("t", "d", "jsonb") +
                     alter("t", "w", "timestamptz",
                           "      up: w AT TIME ZONE 'UTC'\n"
                           "      down: w AT TIME ZONE 'UTC'\n"
                           "      default: \"'2026-01-01 00:00+00'\"\n") +
                     alter("t", "l", "bigint[]") +
                     alter("t", "c", "varchar(5)"),
       .plain = "ALTER TABLE t ALTER w DROP DEFAULT;"
                "ALTER TABLE t ALTER m TYPE text, ALTER d TYPE jsonb,"
                " ALTER w TYPE timestamptz USING w AT TIME ZONE 'UTC',"
                " ALTER l TYPE bigint[], ALTER c TYPE varchar(5);"
                "ALTER TABLE t ALTER w SET DEFAULT '2026-01-01 00:00+00'",
       .writes = "INSERT INTO t (id, l, c) SELECT max(id) + 1, '{7}',"
                 " 'w' || max(id) FROM t"},
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
}  // namespace
}  // namespace pgexpand::testing
