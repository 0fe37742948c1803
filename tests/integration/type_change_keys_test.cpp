// The same for keys: what a primary key, foreign keys and a sequence are to
// other tables and to the next row stays when their columns change type.
#include "integration/carry_fixture.hpp"

namespace pgexpand::testing {
namespace {

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

const std::string unique_columns =
    "CREATE TABLE t (id bigint PRIMARY KEY, n int, other int);"
    "INSERT INTO t SELECT g FROM generate_series(1, 50) g;";

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
                " SET NULL DEFERRABLE, ADD CONSTRAINT g FOREIGN KEY"
                " (t_id) REFERENCES d ON DELETE RESTRICT NOT VALID;"
                "COMMENT ON CONSTRAINT f ON c IS 'whose'",
       .operations = alter("c", "t_id", "bigint"),
       .plain = "ALTER TABLE c ALTER t_id TYPE bigint",
       .writes =
           write_key + "DELETE FROM t WHERE id = (SELECT min(id) FROM t)"},
      {.name = "ForeignKeyThatSetsOneColumnNull",
       .setup = parent + child +
                "CREATE INDEX ON c (t_id); ALTER TABLE c"
                " ADD CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t ON DELETE"
                " SET NULL (t_id)",
       .operations = alter("c", "t_id", "bigint"),
       .plain = "ALTER TABLE c ALTER t_id TYPE bigint",
       .writes = write_key + "DELETE FROM t WHERE id = (SELECT min(id) FROM t)",
       .since = 15},
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

std::vector<Carried> mixtures() {
  return {
      {.name = "HalfOfACompositeKey",
       .setup = "CREATE TABLE t (tenant int, id int, PRIMARY KEY (tenant, id));"
                "CREATE TABLE c (tenant int, t_id int, FOREIGN KEY (tenant,"
                " t_id) REFERENCES t ON DELETE CASCADE);"
                "CREATE INDEX ON c (tenant, t_id);"
                "INSERT INTO t SELECT g % 3, g FROM generate_series(1, 30) g;"
                "INSERT INTO c SELECT * FROM t",
       .operations = alter("t", "id", "bigint") + alter("c", "t_id", "bigint"),
       .plain = "ALTER TABLE t ALTER id TYPE bigint; ALTER TABLE c ALTER t_id"
                " TYPE bigint",
       .writes = "INSERT INTO t (tenant, id) SELECT 1, max(id) + 1 FROM t;"
                 "INSERT INTO c (tenant, t_id) SELECT 1, max(id) FROM t"},
      {.name = "ForeignKeysToUniqueColumns",
       .setup = unique_columns +
                "UPDATE t SET n = id, other = id; ALTER TABLE t ADD UNIQUE (n);"
                "CREATE UNIQUE INDEX u ON t (other); CREATE TABLE c (n int"
                " REFERENCES t (n), o int REFERENCES t (other) ON UPDATE"
                " CASCADE); INSERT INTO c VALUES (1, 2), (3, NULL)",
       .operations = alter("t", "n", "bigint") + alter("t", "other", "bigint"),
       .plain = "ALTER TABLE t ALTER n TYPE bigint, ALTER other TYPE bigint",
       .writes = "INSERT INTO t (id, n, other) SELECT max(id) + 1, max(n) + 1,"
                 " max(other) + 1 FROM t; UPDATE t SET other = other + 9000"
                 " WHERE id = 2; INSERT INTO c (n, o) SELECT max(n), max(other)"
                 " FROM t"},
      {.name = "RenamedAndRetypedColumnsTogether",
       .setup = "CREATE TABLE t (a int, b int, c text DEFAULT 'c', PRIMARY KEY"
                " (a, b)); INSERT INTO t SELECT g, g % 3, g FROM"
                " generate_series(1, 30) g; CREATE INDEX i ON t (b, c DESC);"
                "CREATE INDEX j ON t (b); ALTER TABLE t ADD UNIQUE (b, a, c),"
                " ADD CHECK (a + b > length(c) - 50), ADD CHECK (b >= 0);"
                "CREATE STATISTICS s ON a, b FROM t;"
                "CREATE TABLE r (a int, b int, FOREIGN KEY (a, b) REFERENCES t"
                " ON DELETE CASCADE); INSERT INTO r SELECT a, b FROM t",
       .operations = alter("t", "b", "bigint") +
                     "  - rename_column: {table: t, from: a, to: x}\n"
                     "  - rename_column: {table: t, from: c, to: y}\n",
       .plain = "ALTER TABLE t RENAME a TO x; ALTER TABLE t RENAME c TO y;"
                "ALTER TABLE t ALTER b TYPE bigint",
       .writes = "INSERT INTO t ($column, b) SELECT max($column) + 1, 2 FROM t;"
                 "DELETE FROM t WHERE $column = (SELECT min($column) FROM t)",
       .old_name = "a",
       .new_name = "x"},
      {.name = "Domains",
       .setup = "CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE DOMAIN e AS"
                " bigint; CREATE TABLE t (id int PRIMARY KEY, n d, m int);"
                "INSERT INTO t SELECT g, g, g FROM generate_series(1, 30) g;"
                "CREATE INDEX ON t (n); CREATE INDEX ON t (m)",
       .operations = alter("t", "n", "bigint") + alter("t", "m", "e"),
       .plain = "ALTER TABLE t ALTER n TYPE bigint, ALTER m TYPE e",
       .writes = "INSERT INTO t (id, n, m) SELECT max(id) + 1, 5, 6 FROM t"},
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

class KeyTypeChange : public CarryTest,
                      public ::testing::WithParamInterface<Carried> {};

TEST_P(KeyTypeChange, KeepsWhatHungOnTheColumn) { expect_carried(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Keys,
                         KeyTypeChange,
                         ::testing::ValuesIn(keys()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(ForeignKeys,
                         KeyTypeChange,
                         ::testing::ValuesIn(foreign_keys()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Mixtures,
                         KeyTypeChange,
                         ::testing::ValuesIn(mixtures()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Sequences,
                         KeyTypeChange,
                         ::testing::ValuesIn(sequences()),
                         name_of);

}  // namespace
}  // namespace pgexpand::testing
