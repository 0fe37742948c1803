// The state schema of each earlier version, as that release made it, brought up
// to date. tests/golden/state/vN.sql is what its `init --print-sql` printed,
// and is kept for ever.
#include "flow.hpp"
#include "pgexpand/state/store.hpp"
#include "places.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

namespace pgexpand {
namespace {

using state::state_version;
using ::testing::Contains;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

const sql::Identifier state_schema("pgexpand");

/// Everything a state schema is made of, a line each: whose it is, who may
/// what.
constexpr const char* shape_query = R"(
WITH relation AS (
  SELECT c.* FROM pg_class AS c
  WHERE c.relnamespace = 'pgexpand'::regnamespace)
SELECT format('schema %s %s', nspowner::regrole, nspacl) AS line
FROM pg_namespace WHERE nspname = 'pgexpand'
UNION ALL
SELECT format('%s %s of %s %s %s %s', relkind, relname, relowner::regrole,
              relpersistence, reloptions, relacl) FROM relation
UNION ALL
SELECT format('column %s.%s %s %s %s %s %s', relname, attname,
              format_type(atttypid, atttypmod), attnotnull, attidentity, attacl,
              pg_get_expr(adbin, adrelid))
FROM relation JOIN pg_attribute ON attrelid = relation.oid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attnum > 0 AND NOT attisdropped
UNION ALL
SELECT format('constraint %s %s', conname, pg_get_constraintdef(k.oid))
FROM relation JOIN pg_constraint AS k ON conrelid = relation.oid
UNION ALL
SELECT pg_get_indexdef(indexrelid)
FROM relation JOIN pg_index ON indrelid = relation.oid
UNION ALL
SELECT format('function %s %s %s', proowner::regrole, proacl,
              pg_get_functiondef(p.oid))
FROM pg_proc AS p WHERE pronamespace = 'pgexpand'::regnamespace)";

std::vector<std::string> lines_of(testing::TestDatabase& database,
                                  const std::string& query) {
  std::vector<std::string> lines;
  for (const auto& row : database.query(query + " ORDER BY 1").rows) {
    lines.push_back(row.at(0).value());
  }
  return lines;
}

std::vector<std::string> shape(testing::TestDatabase& database) {
  return lines_of(database, shape_query);
}

void bring_up_to_date(const testing::TestDatabase& database) {
  const auto session = database.session();
  state::Store(*session, state_schema).ensure();
}

/// What `exec` gives an owner it acts as, of a schema of any version.
void share(const testing::TestDatabase& database, const std::string& role) {
  database.exec(fmt::format(
      "GRANT USAGE, CREATE ON SCHEMA pgexpand TO {0};"
      "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgexpand"
      " TO {0};"
      "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgexpand TO {0}",
      role));
}

constexpr const char* some_rows = R"(
INSERT INTO pgexpand.migration
  (id, status, completed, running, epoch, spec_text, spec_hash, plan, plan_hash,
   live, started_at, fingerprint_before, fingerprint)
VALUES
  ('1_done', 'contracted', 'contract', NULL, 9, 'text', 'hash',
   'from long ago', 'hash', '{}', '2025-01-02 03:04:05Z', '{a}', '{a,b}'),
  ('2_started', 'in_progress', 'expand', 'backfill', 3, 'text', 'hash',
   'from yesterday', 'hash', '{"batch_rows": 500}', '2026-01-02 03:04:05Z',
   '{c}', '{c,d}');
INSERT INTO pgexpand.step (migration, step, status, attempts) VALUES
  ('1_done', 'contract-1', 'done', 1), ('2_started', 'expand-1', 'done', 2);
INSERT INTO pgexpand.progress (migration, step, next_block, rows) VALUES
  ('2_started', 'backfill-1', 17, 1700);
INSERT INTO pgexpand.quarantine (migration, table_name, key, sqlstate) VALUES
  ('2_started', 'public.orders', '7', '22P02');
INSERT INTO pgexpand.event (migration, kind, detail) VALUES
  ('1_done', 'step_done', '{"step": "contract-1"}');
INSERT INTO pgexpand.backend VALUES (4711, '2026-01-02 03:04:05Z');
UPDATE pgexpand.runner SET epoch = 41, host = 'ci-3';
)";

class StateUpgrade : public testing::Flow,
                     public ::testing::WithParamInterface<int> {
 protected:
  void SetUp() override {
    const auto path = testing::source_folder() / "tests/golden/state" /
                      fmt::format("v{}.sql", GetParam());
    std::ifstream file(path);
    ASSERT_TRUE(file) << "keep what releases made: " << path;
    std::ostringstream ddl;
    ddl << file.rdbuf();
    database_.exec(ddl.str());
    database_.exec(some_rows);
    ASSERT_EQ(version(), std::to_string(GetParam()));
  }

  std::string version() { return one("SELECT version FROM pgexpand.meta"); }

  /// Tables with those columns of theirs that a schema of today has too.
  std::vector<std::string> kept_columns() {
    testing::TestDatabase fresh;
    bring_up_to_date(fresh);
    const std::string columns =
        "SELECT format('%s.%s', relname, attname) FROM pg_attribute JOIN"
        " pg_class ON pg_class.oid = attrelid WHERE relnamespace ="
        " 'pgexpand'::regnamespace AND relkind = 'r' AND relname <> 'meta'"
        " AND attnum > 0 AND NOT attisdropped";
    std::vector<std::string> kept;
    const auto old = lines_of(database_, columns);
    std::ranges::set_intersection(old, lines_of(fresh, columns),
                                  std::back_inserter(kept));
    return kept;
  }

  /// "table.column" with all values in it.
  std::vector<std::string> values_of(const std::vector<std::string>& columns) {
    std::vector<std::string> values;
    for (const std::string& column : columns) {
      const auto table = column.substr(0, column.find('.'));
      values.push_back(
          column + " " +
          one(fmt::format("SELECT array_agg({0}::text ORDER BY {1}) FROM"
                          " pgexpand.{1}",
                          column, table)));
    }
    return values;
  }

  std::string created_role() {
    const std::string role = database_.name() + "_owner";
    database_.exec("CREATE ROLE " + role);
    return role;
  }
};

TEST_P(StateUpgrade, EndsInWhatAFreshOneIs) {
  bring_up_to_date(database_);
  testing::TestDatabase fresh;
  bring_up_to_date(fresh);
  const auto expected = shape(fresh);
  EXPECT_THAT(expected, Contains(HasSubstr("take_orders")));
  EXPECT_THAT(expected, Contains(HasSubstr("progress.relation bigint t")));
  EXPECT_THAT(shape(database_), ElementsAreArray(expected));
  EXPECT_EQ(version(), std::to_string(state_version));
  EXPECT_EQ(one("SELECT release FROM pgexpand.meta"), PGEXPAND_VERSION);
}

TEST_P(StateUpgrade, LeavesAnOwnerTheRightsItHad) {
  const std::string role = created_role();
  share(database_, role);
  bring_up_to_date(database_);
  EXPECT_EQ(one(fmt::format("SELECT bool_and(has_table_privilege('{}', oid,"
                            " 'UPDATE')) FROM pg_class WHERE relkind = 'r' AND"
                            " relname IN ('migration', 'step', 'progress') AND"
                            " relnamespace = 'pgexpand'::regnamespace",
                            role)),
            "t");
  testing::TestDatabase fresh;
  bring_up_to_date(fresh);
  for (auto* database : {&database_, &fresh}) {
    share(*database, role);
    database->query(
        state::share_functions(state_schema, sql::Identifier(role)).text());
  }
  EXPECT_THAT(shape(database_), ElementsAreArray(shape(fresh)));
  for (auto* database : {&database_, &fresh}) {
    database->exec("DROP OWNED BY " + role);
  }
  database_.exec("DROP ROLE " + role);
}

TEST_P(StateUpgrade, KeepsEveryRow) {
  const auto columns = kept_columns();
  EXPECT_THAT(columns, Contains("migration.fingerprint"));
  const auto before = values_of(columns);
  bring_up_to_date(database_);
  EXPECT_THAT(values_of(columns), ElementsAreArray(before));
}

TEST_P(StateUpgrade, NobodyMindsThePlanOfAContractedMigration) {
  database_.exec(
      "DELETE FROM pgexpand.step WHERE migration = '2_started';"
      "DELETE FROM pgexpand.migration WHERE id = '2_started';"
      "CREATE TABLE t (id bigint PRIMARY KEY)");
  write_spec("3_new", "add_column", {"table: t", "column: c", "type: text"});
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_EQ(line_.run({"status"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("1_done     contracted"));
  EXPECT_EQ(run({"contract"}), 0) << line_.err;
}

TEST_P(StateUpgrade, ARunnerOfTheOlderReleaseIsWaitedFor) {
  write_spec("3_new", "sql", {"expand: SELECT 1"});
  const auto older = database_.session();
  older->run(sql::Statement::of("SELECT pg_catalog.pg_advisory_lock({})",
                                state::lease_key(state_schema)));
  EXPECT_EQ(run({"apply"}), 5) << line_.err;
  EXPECT_THAT(line_.err, HasSubstr("state.upgrade-waits"));
  EXPECT_EQ(version(), std::to_string(GetParam()));
}

// A version without its file fails in SetUp().
INSTANTIATE_TEST_SUITE_P(EachVersion,
                         StateUpgrade,
                         ::testing::Range(1, state_version));

class NewerState : public testing::Flow {
 protected:
  NewerState() {
    bring_up_to_date(database_);
    write_spec("1_new", "sql", {"expand: SELECT 1"});
  }
};

TEST_F(NewerState, IsRefusedWithTheReleaseToInstall) {
  database_.exec(
      fmt::format("UPDATE pgexpand.meta SET version = {}, release = '9.8.7'",
                  state_version + 1));
  EXPECT_EQ(run({"apply"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("state.newer"));
  EXPECT_THAT(line_.err, HasSubstr("of pgexpand 9.8.7"));
  EXPECT_THAT(line_.err, HasSubstr("install pgexpand 9.8.7 or a newer one"));
  EXPECT_EQ(run({"plan"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("of pgexpand 9.8.7"));
}

TEST_F(NewerState, MayHaveNoNameOfARelease) {
  database_.exec(
      fmt::format("ALTER TABLE pgexpand.meta DROP COLUMN release;"
                  "UPDATE pgexpand.meta SET version = {}",
                  state_version + 1));
  EXPECT_EQ(run({"apply"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("the release of pgexpand that wrote it"));
}

}  // namespace
}  // namespace pgexpand
