// Somebody changes a table at the moments that a step cannot see: between the
// look at it and the lock, and between a COMMIT and the reading of what it
// left.
#include "faults/trial.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;

class TablesThatChangeUnderway : public ::testing::Test {
 protected:
  TablesThatChangeUnderway() : example_("add_column", {.rows = 300}) {}

  void change() {
    example_.database().exec(
        "ALTER TABLE orders ALTER COLUMN status_v2 SET DEFAULT 'theirs'");
  }

  Example example_;
};

TEST_F(TablesThatChangeUnderway, AreLookedAtAgainUnderTheLock) {
  ASSERT_EQ(example_.apply(), 0) << example_.said();
  Victim stopped(example_, {"contract"}, "tables_seen=sleep");
  ASSERT_TRUE(stopped.await_sleep());
  change();
  stopped.wake();
  const auto run = stopped.wait();
  EXPECT_EQ(run.exit_code, 7) << run.err;
  EXPECT_THAT(run.err, HasSubstr("drift.changed"));
  EXPECT_EQ(example_.run({"contract", "--accept-drift"}), 0) << example_.said();
}

TEST_F(TablesThatChangeUnderway, WhileRowsAreFilledAreNotTakenForOurs) {
  Victim stopped(example_, {"apply"}, "fill_walked=sleep");
  ASSERT_TRUE(stopped.await_sleep());
  change();
  stopped.wake();
  const auto run = stopped.wait();
  EXPECT_EQ(run.exit_code, 7) << run.err;
  EXPECT_THAT(run.err, HasSubstr("drift.changed"));
}

TEST_F(TablesThatChangeUnderway, WhileTheirEndIsReadAreNotTakenForOurs) {
  example_.database().exec(
      "CREATE FUNCTION theirs() RETURNS trigger LANGUAGE plpgsql AS"
      " 'BEGIN RETURN NEW; END';"
      "CREATE TRIGGER theirs AFTER UPDATE ON orders FOR EACH ROW"
      " EXECUTE FUNCTION theirs()");
  Victim stopped(example_, {"apply", "--through", "expand"},
                 "fingerprint_due=sleep");
  ASSERT_TRUE(stopped.await_sleep());
  example_.database().exec(
      "CREATE OR REPLACE FUNCTION theirs() RETURNS trigger LANGUAGE plpgsql AS"
      " 'BEGIN RETURN OLD; END'");
  stopped.wake();
  EXPECT_EQ(stopped.wait().exit_code, 0);
  EXPECT_EQ(example_.apply(), 7) << example_.said();
  EXPECT_THAT(example_.said(), HasSubstr("theirs"));
}

TEST_F(TablesThatChangeUnderway, ByAGrantAreJustLookedAtAgain) {
  ASSERT_EQ(example_.apply(), 0) << example_.said();
  Victim stopped(example_, {"contract"}, "tables_seen=sleep");
  ASSERT_TRUE(stopped.await_sleep());
  example_.database().exec("GRANT SELECT ON orders TO pg_monitor");
  stopped.wake();
  const auto run = stopped.wait();
  EXPECT_EQ(run.exit_code, 0) << run.err;
}

TEST_F(TablesThatChangeUnderway, AfterACommitNobodyReadAreNamedByTheirRows) {
  const auto run = run_faulty(example_, {"apply", "--through", "expand"},
                              "fingerprint_due=kill");
  EXPECT_EQ(run.exit_code, 137) << run.err;
  change();
  EXPECT_EQ(example_.apply(), 7) << example_.said();
  EXPECT_THAT(example_.said(), HasSubstr("status_v2"));
  EXPECT_EQ(example_.run({"apply", "--accept-drift"}), 0) << example_.said();
  EXPECT_EQ(example_.contract(), 0) << example_.said();
}

TEST_F(TablesThatChangeUnderway, OrDoNotAreTakenAsTheyAre) {
  const auto run = run_faulty(example_, {"apply", "--through", "expand"},
                              "fingerprint_due=kill");
  EXPECT_EQ(run.exit_code, 137) << run.err;
  EXPECT_EQ(example_.apply(), 0) << example_.said();
  EXPECT_EQ(example_.contract(), 0) << example_.said();
  EXPECT_EQ(wrong_records(example_), "");
}

}  // namespace
}  // namespace pgexpand::testing
