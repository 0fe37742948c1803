// What a copy of a database under migration may be, besides a dump of all of it
// into another one.
#include "integration/restored_fixture.hpp"

#include <fmt/format.h>

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class OddCopy : public Restored {
 protected:
  void SetUp() override { prepare("none"); }

  /// Two versions, and the first one without rights.
  void prepare_soft() {
    role_ = database_.name() + "_reader";
    database_.exec(
        fmt::format("CREATE ROLE {0}; GRANT SELECT ON orders TO {0}", role_));
    line_.write("pgexpand.yaml", "versions: views\nlock: {hold: 20s}\n");
    ASSERT_EQ(run({"apply", "1_change", "--through", "switch"}), 0)
        << line_.err;
    ASSERT_EQ(run({"contract", "1_change"}), 0) << line_.err;
    write_spec("2_more", "add_column",
               {"table: orders", "column: more", "type: text"});
    ASSERT_EQ(run({"apply", "2_more", "--through", "switch"}), 0) << line_.err;
    ASSERT_EQ(run({"contract", "2_more", "--soft"}), 0) << line_.err;
  }

  void expect_finished() {
    ASSERT_EQ(run({"apply", "1_change", "--through", "switch"}), 0)
        << line_.err;
    ASSERT_EQ(run({"contract", "1_change"}), 0) << line_.err;
  }

  std::string role_;
};

TEST_F(OddCopy, IsToldOfOnce) {
  ASSERT_NO_FATAL_FAILURE(go_to("backfill"));
  move_to_a_copy();
  ASSERT_EQ(run({"apply", "1_change", "--through", "verify"}), 0) << line_.err;
  EXPECT_THAT(line_.err, HasSubstr("warning[run.copy]"));
  ASSERT_EQ(run({"apply", "1_change", "--through", "switch"}), 0) << line_.err;
  EXPECT_THAT(line_.err, Not(HasSubstr("run.copy")));
  EXPECT_EQ(run({"history", "1_change"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("settled"));
}

// A fresh cluster gives out the same OIDs again: the numbers of the cursor may
// all be there and mean another table's pages.
TEST_F(OddCopy, AnOidThatIsThereByChanceMeansNothing) {
  ASSERT_NO_FATAL_FAILURE(go_to("fill"));
  move_to_a_copy();
  copy_.exec(
      "UPDATE pgexpand.progress SET relation = 'orders'::regclass::oid,"
      " relfilenode = pg_relation_filenode('orders'),"
      " next_block = bound_block, blocks_done = bound_block - first_block,"
      " pass = 0;"
      "UPDATE pgexpand.migration SET plan = regexp_replace(plan,"
      " '\"oid\": ?[0-9]+', '\"oid\":' || 'orders'::regclass::oid)");
  expect_finished();
  make_control(old_writes(5'001) + plain_change);
  expect_as_control(new_columns);
}

TEST_F(OddCopy, MayBeMadeByTheServer) {
  ASSERT_NO_FATAL_FAILURE(go_to("fill"));
  database_.disconnect();
  const TestDatabase copy(database_.name());
  line_.variables["PGEXPAND_DSN"] = copy.dsn();
  expect_finished();
  EXPECT_THAT(schema_dump(copy.dsn()), Not(HasSubstr("pgexpand")));
}

TEST_F(OddCopy, MayTakeThePlaceOfWhatItWasMadeOf) {
  ASSERT_NO_FATAL_FAILURE(go_to("fill"));
  move_to_a_copy();
  database_.exec("DROP SCHEMA pgexpand CASCADE; DROP TABLE orders CASCADE");
  restore(dump_file(), database_.dsn());
  line_.variables["PGEXPAND_DSN"] = database_.dsn();
  expect_finished();
  EXPECT_THAT(dump(), Not(HasSubstr("pgexpand")));
}

// A state that an older release began does not say where that was.
TEST_F(OddCopy, MayBeOfAnOlderState) {
  for (const char* phase : {"expand", "switch"}) {
    ASSERT_NO_FATAL_FAILURE(go_to(phase));
    const TestDatabase copy;
    database_.exec("UPDATE pgexpand.migration SET home = ''");
    dump_into(dump_file(), database_.dsn());
    restore(dump_file(), copy.dsn());
    line_.variables["PGEXPAND_DSN"] = copy.dsn();
    expect_finished();
    line_.variables["PGEXPAND_DSN"] = database_.dsn();
    ASSERT_EQ(run({"rollback", "1_change"}), 0) << line_.err;
    database_.exec("DELETE FROM orders WHERE id > 5000");
  }
}

TEST_F(OddCopy, GoesOnWithARollback) {
  ASSERT_NO_FATAL_FAILURE(go_to("switch"));
  database_.exec("UPDATE pgexpand.migration SET status = 'rolling_back'");
  move_to_a_copy();
  ASSERT_EQ(run({"rollback", "1_change"}), 0) << line_.err;
  make_control(old_writes(5'001));
  expect_as_control(old_columns);
  expect_nothing_left();
}

TEST_F(OddCopy, OfARunThatIsAtWorkLeavesItAlone) {
  ASSERT_NO_FATAL_FAILURE(go_to("expand"));
  auto apply = spawn_fill();
  move_to_a_copy();
  EXPECT_EQ(run({"status"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("no pgexpand is at work"));
  expect_finished();
  EXPECT_TRUE(apply.is_running());
  const auto ended = apply.wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, Not(HasSubstr("connection")));
}

TEST_F(OddCopy, StillKnowsWhatSomebodyChangesInIt) {
  ASSERT_NO_FATAL_FAILURE(go_to("backfill"));
  move_to_a_copy();
  copy_.exec("ALTER TABLE orders DROP CONSTRAINT orders_amount");
  EXPECT_EQ(run({"apply", "1_change", "--through", "switch"}), 7) << line_.err;
  EXPECT_THAT(line_.err,
              AllOf(HasSubstr("[drift.changed]"), HasSubstr("orders_amount")));
  copy_.exec("DROP TABLE orders; CREATE TABLE orders (id bigint PRIMARY KEY)");
  EXPECT_EQ(run({"apply", "1_change", "--through", "switch"}), 7) << line_.err;
  EXPECT_THAT(line_.err, HasSubstr("[drift.table-replaced]"));
  EXPECT_EQ(run({"rollback", "1_change", "--accept-drift"}), 0) << line_.err;
}

TEST_F(OddCopy, MayLackTheTable) {
  ASSERT_NO_FATAL_FAILURE(go_to("switch"));
  move_to_a_copy({"--exclude-table=orders"});
  EXPECT_EQ(run({"contract", "1_change"}), 7) << line_.err;
  EXPECT_THAT(line_.err, HasSubstr("[drift.table-replaced]"));
  EXPECT_EQ(run({"rollback", "1_change", "--accept-drift"}), 0) << line_.err;
  expect_nothing_left();
}

/// --no-owner and --no-acl, in a cluster without the roles.
TEST_F(OddCopy, MayLackTheRoles) {
  role_ = database_.name() + "_app";
  database_.exec(
      fmt::format("CREATE ROLE {0}; CREATE ROLE {0}_2;"
                  "ALTER TABLE orders OWNER TO {0};"
                  "GRANT SELECT (amount), UPDATE (note) ON orders TO {0}_2",
                  role_));
  ASSERT_NO_FATAL_FAILURE(go_to("backfill"));
  dump_into(dump_file(), database_.dsn());
  TestDatabase second;
  const std::string drop =
      fmt::format("DROP OWNED BY {0}, {0}_2 CASCADE;", role_);
  for (TestDatabase* copy : {&copy_, &second}) {
    restore(dump_file(), copy->dsn(), {"--no-owner", "--no-acl"});
  }
  database_.exec(drop + fmt::format("DROP ROLE {0}; DROP ROLE {0}_2", role_));
  line_.variables["PGEXPAND_DSN"] = second.dsn();
  EXPECT_EQ(run({"rollback", "1_change"}), 0) << line_.err;
  EXPECT_THAT(schema_dump(second.dsn()), Not(HasSubstr("pgexpand")));
  line_.variables["PGEXPAND_DSN"] = copy_.dsn();
  expect_finished();
  EXPECT_THAT(schema_dump(copy_.dsn()), Not(HasSubstr("pgexpand")));
}

TEST_F(OddCopy, KnowsWhichPartitionsWereCompared) {
  database_.exec(
      "DROP TABLE orders;"
      "CREATE TABLE orders (id bigint PRIMARY KEY, amount integer, note text,"
      " total text) PARTITION BY RANGE (id);"
      "CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (0) TO (600);"
      "CREATE TABLE \"orders \"\"2\" PARTITION OF orders"
      " FOR VALUES FROM (600) TO (9000);"
      "INSERT INTO orders SELECT g, g, 'note', 'total ' || g"
      " FROM generate_series(1, 1200) AS g");
  line_.write("migrations/1_change.yaml",
              "operations:\n"
              "  - alter_column: {table: orders, column: amount, type: text,"
              " up: amount::text, down: amount::integer}\n");
  ASSERT_EQ(run({"apply", "1_change", "--through", "switch"}), 0) << line_.err;
  // The way up again is another one than verify has compared.
  database_.exec("UPDATE orders SET amount = '0' || amount WHERE id = 700");
  move_to_a_copy();
  ASSERT_EQ(run({"contract", "1_change"}), 0) << line_.err;
  EXPECT_EQ(copy_.query_one("SELECT amount FROM orders WHERE id = 700"),
            "0700");
}

TEST_F(OddCopy, MayLackTheState) {
  write_spec("1_change", "alter_column",
             {"table: orders", "column: amount", "type: bigint"});
  ASSERT_NO_FATAL_FAILURE(go_to("backfill"));
  // The trigger wants a function of the state schema, and does not come.
  EXPECT_THROW(move_to_a_copy({"--exclude-schema=pgexpand"}),
               std::runtime_error);
  line_.variables["PGEXPAND_DSN"] = copy_.dsn();
  EXPECT_EQ(run({"plan"}), 7) << line_.out;
  EXPECT_THAT(line_.err, AllOf(HasSubstr("[plan.remnant]"),
                               HasSubstr("pgexpand_new_amount")));
  EXPECT_EQ(run({"apply"}), 7) << line_.out;
  EXPECT_THAT(line_.err, HasSubstr("[plan.remnant]"));
}

/// `contract --soft` took rights away, and noted whose.
TEST_F(OddCopy, GivesRightsBackByName) {
  ASSERT_NO_FATAL_FAILURE(prepare_soft());
  move_to_a_copy();
  // Another cluster's roles have other OIDs, and its views too.
  copy_.exec(
      "UPDATE pgexpand.version SET softened = (SELECT jsonb_agg(e ||"
      " jsonb_build_object('view', 4294967290, 'rights', (SELECT jsonb_agg("
      "r || '{\"to\": 10}') FROM jsonb_array_elements(e -> 'rights') AS r)))"
      " FROM jsonb_array_elements(softened) AS e) WHERE softened IS NOT NULL");
  ASSERT_EQ(run({"rollback", "2_more", "--soft"}), 0) << line_.err;
  EXPECT_EQ(copy_.query_one(fmt::format(
                "SELECT has_table_privilege('{}', 'public_1_change.orders',"
                " 'SELECT')",
                role_)),
            "t");
  copy_.exec("DROP OWNED BY " + role_);
  database_.exec("DROP OWNED BY " + role_);
  database_.exec("DROP ROLE " + role_);
}

}  // namespace
}  // namespace pgexpand::testing
