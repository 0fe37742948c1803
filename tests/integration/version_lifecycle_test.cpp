// Three releases of an application are at work during the whole life of a
// migration, each on prepared statements: one on the tables, one on the version
// before, one on the new version. None of them meets an error, and each sees
// what the others wrote. Whoever writes a row of orders writes in the same
// statement into checks.twin the number v from which both shapes of the row
// follow.
#include "flow.hpp"
#include "pgbench_application.hpp"
#include "version_changes.hpp"

#include <fmt/format.h>

#include <memory>

namespace pgexpand::testing {
namespace {

constexpr int plenty = 25;  ///< Transactions of each release.

class VersionLifecycle : public Flow,
                         public ::testing::WithParamInterface<Change> {
 protected:
  using Application = std::unique_ptr<PgbenchApplication>;

  void SetUp() override {
    const Change& change = GetParam();
    database_.exec(fmt::format(
        "CREATE TABLE orders (id {} PRIMARY KEY, done integer NOT NULL DEFAULT"
        " 1, {});"
        "INSERT INTO orders SELECT g, 0, {} FROM generate_series(1, {}) AS g;"
        "CREATE SCHEMA checks;"
        "CREATE TABLE checks.twin (id bigint PRIMARY KEY, v integer, w "
        "integer);"
        "INSERT INTO checks.twin SELECT g, g % 1000, g % 1000"
        " FROM generate_series(1, {}) AS g;"
        "CREATE SEQUENCE checks.on_tables; CREATE SEQUENCE checks.on_old;"
        "CREATE SEQUENCE checks.on_new; VACUUM ANALYZE orders",
        change.id_type, change.columns, change.rows, change_keys, change_keys));
    line_.write("pgexpand.yaml", "versions: views\n");
    write_spec("0_base", "create_index", {"table: orders", "columns: [done]"});
    line_.write("migrations/1_change.yaml",
                "operations:\n" + change.operations);
    ASSERT_EQ(run({"apply", "0_base"}), 0) << line_.err;
    ASSERT_EQ(run({"contract", "0_base"}), 0) << line_.err;
    on_tables_ = start("on_tables", "public", change.before, 0);
    on_old_ = start("on_old", "public_0_base,public", change.before, 1);
  }

  Application start(const std::string& name,
                    const std::string& search_path,
                    const Release& release,
                    int place) {
    const std::string count = "checks." + name;
    return std::make_unique<PgbenchApplication>(
        database_, line_.folder().string(), name, search_path,
        scripts(GetParam(), release, place, place > 0, count), count);
  }

  void go_through(const std::string& phase) {
    ASSERT_EQ(
        run({"apply", "1_change", "--through", phase, "--batch-rows", "200"}),
        0)
        << line_.err << line_.out;
    all_work();
    old_agrees();
  }
  void all_work() {
    for (const Application* one : {&on_tables_, &on_old_, &on_new_}) {
      if (*one) {
        EXPECT_EQ((*one)->await(plenty), "");
      }
    }
  }
  void switch_and_start_new() {
    ASSERT_NO_FATAL_FAILURE(go_through("switch"));
    on_new_ = start("on_new", "public_1_change,public", GetParam().after, 2);
    all_work();
    old_agrees();
    agrees("public_1_change.orders", GetParam().after);
    EXPECT_EQ(run({"verify", "1_change"}), 0) << line_.err << line_.out;
  }

  /// One snapshot: what `relation` shows is what the twin says.
  void agrees(const std::string& relation, const Release& release) {
    const std::string& reads =
        release.reads.empty() ? release.columns : release.reads;
    EXPECT_EQ(one(fmt::format(
                  "SELECT coalesce(string_agg(line, ';'), '') FROM (SELECT"
                  " ROW(id, {0}, 'not', {1})::text FROM {2} AS o FULL JOIN"
                  " checks.twin AS t USING (id) WHERE o.* IS NULL OR"
                  " t.id IS NULL OR ROW({0}) IS DISTINCT FROM ROW({1})"
                  " LIMIT 5) AS wrong (line)",
                  reads, release.shows, relation)),
              "")
        << relation;
  }
  void old_agrees() {
    agrees("public.orders", GetParam().before);
    agrees("public_0_base.orders", GetParam().before);
  }

  Application on_tables_, on_old_, on_new_;
};

TEST_P(VersionLifecycle, NoReleaseMeetsAnErrorAndEachSeesTheOthersWrites) {
  const std::string start = dump();
  for (const char* phase : {"expand", "backfill", "verify"}) {
    ASSERT_NO_FATAL_FAILURE(go_through(phase)) << phase;
  }
  ASSERT_NO_FATAL_FAILURE(switch_and_start_new());
  EXPECT_EQ(on_new_->stop(), "");
  on_new_.reset();
  ASSERT_EQ(run({"rollback", "1_change"}), 0) << line_.err;
  EXPECT_EQ(dump(), start);
  if (!GetParam().after_rollback.empty()) {
    database_.exec(GetParam().after_rollback);
  }
  all_work();
  old_agrees();
  ASSERT_NO_FATAL_FAILURE(switch_and_start_new());
  EXPECT_EQ(on_tables_->stop(), "");
  EXPECT_EQ(on_old_->stop(), "");
  on_tables_.reset();
  on_old_.reset();
  ASSERT_EQ(run({"contract", "1_change"}), 0) << line_.err << line_.out;
  all_work();
  agrees("public_1_change.orders", GetParam().after);
  agrees("public.orders", GetParam().after);
  EXPECT_EQ(on_new_->stop(), "");
  EXPECT_EQ(one("SELECT to_regnamespace('public_0_base')"), "NULL");
}

INSTANTIATE_TEST_SUITE_P(Types,
                         VersionLifecycle,
                         ::testing::ValuesIn(type_changes()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Rules,
                         VersionLifecycle,
                         ::testing::ValuesIn(rule_changes()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Columns,
                         VersionLifecycle,
                         ::testing::ValuesIn(column_changes()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Several,
                         VersionLifecycle,
                         ::testing::ValuesIn(several_changes()),
                         name_of);

class Versions : public Flow {
 protected:
  Versions() {
    database_.exec(
        "CREATE TABLE a (id integer PRIMARY KEY, x text, n integer DEFAULT 1);"
        "CREATE TABLE b (id integer PRIMARY KEY, y integer DEFAULT 1);"
        "INSERT INTO a VALUES (1, 'one', 5); INSERT INTO b VALUES (1, 10)");
    line_.write("pgexpand.yaml", "versions: views\n");
    line_.write(
        "migrations/1_a.yaml",
        "operations:\n  - rename_column: {table: a, from: x, to: name}\n"
        "  - alter_column: {table: a, column: n, type: bigint}\n");
    write_spec("2_b", "alter_column",
               {"table: b", "column: y", "type: bigint"});
  }
  std::string columns_in(const std::string& schema) {
    return one(fmt::format(
        "SELECT string_agg(table_name || '.' || column_name || ' ' ||"
        " data_type, ', ' ORDER BY table_name, column_name) FROM"
        " information_schema.columns WHERE table_schema = '{}'",
        schema));
  }
};

TEST_F(Versions, ShowEveryTableAsOfTheirOwnMigration) {
  ASSERT_EQ(run({"apply"}), 0) << line_.err;
  const std::string of_first =
      "a.id integer, a.n bigint, a.name text, b.id integer, b.y integer";
  const std::string of_second =
      "a.id integer, a.n bigint, a.name text, b.id integer, b.y bigint";
  EXPECT_EQ(columns_in("public_1_a"), of_first);
  EXPECT_EQ(columns_in("public_2_b"), of_second);
  // The second version has the first one's new shape, too.
  database_.exec(
      "SET search_path = public_2_b; INSERT INTO a (id, name, n)"
      " VALUES (2, 'two', NULL); INSERT INTO b VALUES (2, NULL);"
      "SET search_path = public_1_a; INSERT INTO a (id, name, n)"
      " VALUES (3, 'three', NULL); INSERT INTO b (id) VALUES (3);"
      "UPDATE b SET y = y + 1");
  EXPECT_EQ(one("SELECT string_agg(concat_ws(',', x, n, o.y, b.y), ' ' ORDER"
                " BY id) FROM public.a JOIN public_1_a.b AS o USING (id) JOIN"
                " public_2_b.b USING (id)"),
            "one,5,11,11 two three,2,2");
  EXPECT_EQ(run({"rollback", "1_a"}), 7);
  EXPECT_EQ(run({"contract", "2_b"}), 7);
  ASSERT_EQ(run({"contract"}), 0) << line_.err;
  EXPECT_EQ(columns_in("public_1_a"), "NULL");
  EXPECT_EQ(columns_in("public_2_b"), of_second);
  EXPECT_EQ(columns_in("public"), of_second);
}

// In `versions: none` it would stop before the switch: the type would change
// under the feet of running code.
TEST_F(Versions, AreMadeByAPlainApplyOfANewType) {
  ASSERT_EQ(run({"apply", "2_b"}), 0) << line_.err;
  EXPECT_EQ(columns_in("public_2_b"),
            "a.id integer, a.n integer, a.x text, b.id integer, b.y bigint");
  database_.query("PREPARE old_code AS SELECT * FROM public_2_b.b");
  database_.query("EXECUTE old_code");
  write_spec("3_c", "add_column", {"table: b", "column: z", "type: text"});
  ASSERT_EQ(run({"contract", "2_b"}), 0) << line_.err;
  ASSERT_EQ(run({"apply", "3_c"}), 0) << line_.err;
  EXPECT_EQ(database_.query("EXECUTE old_code").columns.size(), 2U);
}

}  // namespace
}  // namespace pgexpand::testing
