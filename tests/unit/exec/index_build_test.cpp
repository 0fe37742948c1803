#include "unit/exec/run_test.hpp"

namespace pgexpand::exec::testing {
namespace {

using plan::Phase;

class IndexBuildTest : public RunTest {
 protected:
  IndexBuildTest() {
    options_.through = Phase::backfill;
    session_.tables.completed = "expand";
    plan_.steps = {step("backfill-1", Phase::backfill, "")};
    plan_.steps[0].budget = plan::Budget::unlimited;
    plan_.steps[0].action = plan::BuildIndex{
        .table = {sql::Identifier("public"), sql::Identifier("orders")},
        .index = {sql::Identifier("public"), sql::Identifier("ix")},
        .create = sql::Statement::verbatim("CREATE INDEX CONCURRENTLY ix")};
    session_.answer("LEFT JOIN pg_catalog.pg_index",
                    [this] { return index(); });
    session_.answer("CREATE INDEX", [this] {
      exists_ = is_valid_ = true;
      return pg::Result{};
    });
    session_.answer("DROP INDEX", [this] {
      exists_ = false;
      return pg::Result{};
    });
  }
  pg::Result index() const {
    pg::Result found{.columns = {"valid", "ours", "is_index"}};
    if (exists_) {
      found.rows.push_back({is_valid_ ? "t" : "f", is_ours_ ? "t" : "f", "t"});
    }
    return found;
  }
  /// The build fails and leaves an invalid index behind.
  void fail_build(const char* sqlstate) {
    session_.fail_on("CREATE INDEX",
                     server_error(ErrorKind::database, sqlstate));
    exists_ = true;
    is_valid_ = false;
    session_.tables.steps["backfill-1"] = "running";
  }

  bool exists_ = false, is_valid_ = false, is_ours_ = true;
};

TEST_F(IndexBuildTest, IntentIsCommittedBeforeTheBuild) {
  static_cast<void>(run());
  const int intent = session_.find("| backfill-1 | running");
  const int create = session_.find("CREATE INDEX");
  ASSERT_NE(intent, -1);
  EXPECT_LT(session_.find("COMMIT", intent), create);
  EXPECT_LT(session_.find("SET lock_timeout = 0", intent), create);
  EXPECT_EQ(session_.tables.steps["backfill-1"], "done");
}

TEST_F(IndexBuildTest, AnInvalidRemnantOfOursIsDroppedFirst) {
  session_.tables.steps["backfill-1"] = "running";
  exists_ = true;
  static_cast<void>(run());
  ASSERT_NE(session_.find("DROP INDEX CONCURRENTLY"), -1);
  EXPECT_LT(session_.find("DROP INDEX"), session_.find("CREATE INDEX"));
}

TEST_F(IndexBuildTest, AValidIndexOfOursCountsAsDone) {
  session_.tables.steps["backfill-1"] = "running";
  exists_ = is_valid_ = true;
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_EQ(session_.find("CREATE INDEX"), -1);
}

TEST_F(IndexBuildTest, AForeignIndexOfThatNameIsLeftAlone) {
  exists_ = is_valid_ = true;
  EXPECT_EQ(error_of_run(), "index.name-taken");
  EXPECT_EQ(session_.find("DROP INDEX"), -1);
}

TEST_F(IndexBuildTest, AnIndexOfAnotherShapeIsForeignEvenAfterIntent) {
  session_.tables.steps["backfill-1"] = "running";
  exists_ = is_valid_ = true;
  is_ours_ = false;
  EXPECT_EQ(error_of_run(), "index.name-taken");
  EXPECT_EQ(session_.find("DROP INDEX"), -1);
}

TEST_F(IndexBuildTest, AnInvalidIndexOfSomebodysIsALeftoverOfTheirs) {
  exists_ = true;
  EXPECT_EQ(error_of_run(), "index.leftover");
  EXPECT_EQ(session_.find("DROP INDEX"), -1);
}

TEST_F(IndexBuildTest, ADeadlockIsTriedAgain) {
  session_.fail_on("CREATE INDEX",
                   server_error(ErrorKind::lock_timeout, "40P01"));
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_EQ(session_.count("CREATE INDEX"), 2);
}

TEST_F(IndexBuildTest, DuplicatesAreExplainedAndNotTriedAgain) {
  session_.fail_on("CREATE INDEX", server_error(ErrorKind::database, "23505"));
  EXPECT_EQ(error_of_run(), "index.duplicates");
  EXPECT_EQ(session_.count("CREATE INDEX"), 1);
}

TEST_F(IndexBuildTest, AStopRequestCancelsTheBuildAndNothingIsLeftBehind) {
  session_.answer("SET statement_timeout = 0", [this] {
    stop_.signals = 1;
    exists_ = true;
    return pg::Result{};
  });
  session_.fail_on("CREATE INDEX", server_error(ErrorKind::database, "57014"));
  EXPECT_EQ(run().outcome, RunOutcome::interrupted);
  EXPECT_NE(session_.find("DROP INDEX", session_.find("CREATE INDEX")), -1);
  EXPECT_EQ(session_.tables.steps["backfill-1"], "running");
}

}  // namespace
}  // namespace pgexpand::exec::testing
