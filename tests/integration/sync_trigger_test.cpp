// What the sync trigger must see, and what it must not take for a write of the
// application's.
#include "integration/flow.hpp"

namespace pgexpand::testing {
namespace {

class SyncTrigger : public Flow {
 protected:
  /// What went wrong; empty: nothing.
  std::string apply(const std::string& id, const std::string& through) {
    const int code = run({"apply", id, "--through", through});
    return code == 0 ? "" : line_.err + line_.out;
  }
};

TEST_F(SyncTrigger, FollowsWhatAUsersTriggerMakesOfARow) {
  database_.exec(
      "CREATE TABLE t (id int PRIMARY KEY, s text);"
      "INSERT INTO t VALUES (1, 'a');"
      "CREATE FUNCTION lower_it() RETURNS trigger LANGUAGE plpgsql AS"
      " $$ BEGIN NEW.s := lower(NEW.s); RETURN NEW; END $$;"
      "CREATE TRIGGER zz_lower BEFORE INSERT OR UPDATE ON t"
      " FOR EACH ROW EXECUTE FUNCTION lower_it()");
  write_spec("m1", "add_column",
             {"table: t", "column: u", "type: text", "up: s || '!'"});
  ASSERT_EQ(apply("m1", "backfill"), "");
  database_.exec(
      "INSERT INTO t VALUES (2, 'BIG'); UPDATE t SET s = 'ODD'"
      " WHERE id = 1");
  EXPECT_EQ(one("SELECT string_agg(u, ' ' ORDER BY id) FROM t"), "odd! big!");
  EXPECT_EQ(apply("m1", "switch"), "");
}

TEST_F(SyncTrigger, RestsWhileTheBackfillWrites) {
  database_.exec(
      "CREATE TABLE t (id int PRIMARY KEY, s text);"
      "INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  write_spec("m1", "rename_column", {"table: t", "from: s", "to: u"});
  ASSERT_EQ(apply("m1", "expand"), "");
  database_.exec(
      "UPDATE t SET s = 'x' WHERE id = 1;"
      "SET pgexpand.mode = 'backfill'; UPDATE t SET s = 'y' WHERE id = 2");
  EXPECT_EQ(one("SELECT string_agg(coalesce(u, '-'), ' ' ORDER BY id) FROM t"),
            "x -");
}

TEST_F(SyncTrigger, DoesNotTakeARepairForAWriteOfOldCode) {
  database_.exec(
      "CREATE TABLE t (id int PRIMARY KEY, s text);"
      "INSERT INTO t VALUES (1, 'MiXed'), (2, 'low')");
  write_spec("m1", "alter_column",
             {"table: t", "column: s", "type: varchar(50)", "up: lower(s)",
              "down: s", "allow: [lossy]"});
  line_.write("pgexpand.yaml", "versions: views\n");
  ASSERT_EQ(apply("m1", "switch"), "");
  database_.exec(
      "UPDATE public_m1.t SET s = 'NewCode' WHERE id = 1;"
      "SET pgexpand.mode = 'backfill';"
      "UPDATE public.t SET s = 'broken' WHERE id = 1");
  EXPECT_EQ(run({"verify", "m1", "--repair"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT s FROM public_m1.t WHERE id = 1"), "NewCode");
  EXPECT_EQ(one("SELECT s FROM public.t WHERE id = 1"), "NewCode");
}

TEST_F(SyncTrigger, NoticesAValueThatIsEqualButNotTheSame) {
  database_.exec(
      "CREATE TABLE t (id int PRIMARY KEY, n numeric);"
      "INSERT INTO t VALUES (1, 1.0)");
  write_spec("m1", "add_column",
             {"table: t", "column: u", "type: text", "up: n::text"});
  ASSERT_EQ(apply("m1", "backfill"), "");
  database_.exec("UPDATE t SET n = 1.00");
  EXPECT_EQ(one("SELECT u FROM t"), "1.00");
}

TEST_F(SyncTrigger, ARowItCannotFillShutsTheSwitchAndFailsNoWrite) {
  database_.exec(
      "CREATE TABLE t (id int PRIMARY KEY, n int);"
      "INSERT INTO t SELECT g, g FROM generate_series(1, 20) g");
  write_spec("m1", "add_column",
             {"table: t", "column: u", "type: int", "up: 100 / n"});
  ASSERT_EQ(apply("m1", "backfill"), "");
  database_.exec("INSERT INTO t VALUES (30, 0)");
  EXPECT_EQ(one("SELECT key FROM pgexpand.quarantine"), "30");
  EXPECT_NE(apply("m1", "switch"), "");
  // Mended in the table: what is listed is looked at again.
  database_.exec("UPDATE t SET n = 5 WHERE id = 30");
  EXPECT_EQ(apply("m1", "switch"), "");
  EXPECT_EQ(one("SELECT count(*) FROM pgexpand.quarantine"), "0");
}

}  // namespace
}  // namespace pgexpand::testing
