// A step in which the last thing fails has done nothing: what comes before and
// after it in one phase is never seen apart.
#include "integration/flow.hpp"

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;

class AtomicSteps : public Flow {
 protected:
  AtomicSteps() {
    database_.exec(
        "CREATE TABLE orders (id int PRIMARY KEY, status text NOT NULL);"
        "INSERT INTO orders SELECT g, 'Open' FROM generate_series(1, 50) g");
  }

  /// From now on a statement of this tag fails after it has done its work.
  void forbid(const std::string& tag) const {
    database_.exec(
        "CREATE SCHEMA guard;"
        "CREATE FUNCTION guard.stop() RETURNS event_trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE EXCEPTION 'stopped by hand'; END $$;"
        "CREATE EVENT TRIGGER stop ON ddl_command_end WHEN TAG IN ('" +
        tag + "') EXECUTE FUNCTION guard.stop()");
  }
  void allow() const { database_.exec("DROP SCHEMA guard CASCADE"); }
};

TEST_F(AtomicSteps, AnExpandThatFailsLateLeavesNothing) {
  write_spec("m1", "add_column",
             {"table: orders", "column: word", "type: text", "up: status"});
  forbid("CREATE TRIGGER");
  EXPECT_EQ(run({"apply", "m1"}), 1);
  EXPECT_THAT(line_.err, HasSubstr("stopped by hand"));
  EXPECT_EQ(one("SELECT count(*) FROM pg_attribute WHERE attname = 'word'"),
            "0");
  allow();
  EXPECT_EQ(run({"apply", "m1"}), 0) << line_.err;
}

TEST_F(AtomicSteps, ASwitchThatFailsLateLeavesTheOldShape) {
  write_spec("m1", "alter_column",
             {"table: orders", "column: id", "type: bigint"});
  ASSERT_EQ(run({"apply", "m1", "--through", "verify"}), 0);
  const std::string function =
      "SELECT md5(prosrc) || pg_typeof((SELECT min(id) FROM orders))"
      " FROM pg_proc WHERE proname = 'sync_m1_public_orders'";
  const std::string before = one(function);
  // The last statement of a switch replaces the sync function.
  forbid("CREATE FUNCTION");
  EXPECT_EQ(run({"apply", "m1", "--through", "switch"}), 1);
  allow();
  EXPECT_EQ(one(function), before);
  EXPECT_EQ(run({"apply", "m1", "--through", "switch"}), 0);
  EXPECT_EQ(one("SELECT pg_typeof(id) FROM orders LIMIT 1"), "bigint");
}

TEST_F(AtomicSteps, AContractThatFailsLateLeavesTheTableUsable) {
  write_spec("m1", "drop_column",
             {"table: orders", "column: status", "down: \"'none'\""});
  ASSERT_EQ(run({"apply", "m1"}), 0) << line_.err;
  forbid("ALTER TABLE");
  EXPECT_EQ(run({"contract", "m1"}), 1);
  allow();
  database_.exec("INSERT INTO orders (id) VALUES (100)");
  EXPECT_EQ(one("SELECT status FROM orders WHERE id = 100"), "none");
  EXPECT_EQ(run({"contract", "m1"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"), "0");
}

TEST_F(AtomicSteps, AContractDropsNothingThatHangsOnTheColumnMeanwhile) {
  write_spec("m1", "drop_column",
             {"table: orders", "column: status", "down: \"'none'\""});
  ASSERT_EQ(run({"apply", "m1"}), 0) << line_.err;
  database_.exec("CREATE VIEW words AS SELECT status FROM orders");
  EXPECT_NE(run({"contract", "m1", "--accept-drift"}), 0);
  EXPECT_EQ(one("SELECT count(*) FROM words"), "50");
}

}  // namespace
}  // namespace pgexpand::testing
