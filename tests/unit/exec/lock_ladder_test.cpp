#include "unit/exec/run_test.hpp"

namespace pgexpand::exec::testing {
namespace {

using namespace std::chrono_literals;
using plan::LockMode;
using plan::Phase;

const sql::TableName orders{sql::Identifier("public"),
                            sql::Identifier("orders")};

pg::Result holder(const char* application, const char* is_autovacuum) {
  return {.rows = {{"42", application, "active", "5000", is_autovacuum}},
          .columns = {"pid", "application", "state", "age", "vacuum"}};
}

class LockLadderTest : public RunTest {
 protected:
  LockLadderTest() {
    plan_.steps = {step("expand-1", Phase::expand, "ONE")};
    plan_.steps[0].locks = {{orders, LockMode::access_exclusive}};
  }
  void refuse_lock(int times) {
    session_.fail_on("LOCK TABLE",
                     server_error(ErrorKind::lock_timeout, "55P03"), times);
  }
};

TEST_F(LockLadderTest, ATimedOutLockIsTriedAgainInANewTransaction) {
  refuse_lock(2);
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_EQ(session_.count("LOCK TABLE"), 3);
  EXPECT_EQ(session_.sent("ONE"), 1);
  EXPECT_EQ(session_.count("ROLLBACK"), 2);
}

TEST_F(LockLadderTest, EachFailedAttemptIsReportedWithItsHolders) {
  refuse_lock(1);
  session_.answer("WITH held", [this] {
    return session_.find("LOCK TABLE") == -1 ? pg::Result{}
                                             : holder("psql", "f");
  });
  static_cast<void>(run());
  const auto waits = reporter_.all<report::Waiting>();
  ASSERT_FALSE(waits.empty());
  EXPECT_EQ(waits[0].what, "a lock on public.orders");
  EXPECT_EQ(waits[0].attempt, 1);
  EXPECT_EQ(waits[0].blockers.at(0).pid, 42);
}

TEST_F(LockLadderTest, TheBudgetEndsTheAttempts) {
  refuse_lock(1'000'000);
  options_.lock_budget = 1min;
  EXPECT_EQ(error_of_run(), "lock.budget-used-up");
  EXPECT_GE(bench_.slept, 59s);
  EXPECT_LT(bench_.slept, 2min);
}

TEST_F(LockLadderTest, TheLockTimeoutStaysBelowDeadlockTimeout) {
  options_.lock_timeout = 5s;
  static_cast<void>(run());
  EXPECT_NE(session_.find("SET LOCAL lock_timeout = 900"), -1);
  EXPECT_EQ(session_.find("SET LOCAL lock_timeout = 5000"), -1);
}

TEST_F(LockLadderTest, OldTransactionsAreWaitedForOutsideTheQueue) {
  int looks = 0;
  session_.answer("WITH held", [&] {
    return ++looks <= 3 ? holder("psql", "f") : pg::Result{};
  });
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_EQ(looks, 4);
  EXPECT_EQ(session_.count("LOCK TABLE"), 1);
}

TEST_F(LockLadderTest, AfterTenLooksItTriesAnyway) {
  session_.answer("WITH held", [] { return holder("psql", "f"); });
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_EQ(session_.count("WITH held"), 10);
}

TEST_F(LockLadderTest, AutovacuumIsMetWithAWeakLockFirst) {
  session_.answer("WITH held", [] { return holder("", "t"); });
  static_cast<void>(run());
  const int patient = session_.find("SET LOCAL lock_timeout = 1500");
  const int weak = session_.find("IN SHARE UPDATE EXCLUSIVE MODE");
  const int strong = session_.find("IN ACCESS EXCLUSIVE MODE");
  ASSERT_NE(patient, -1);
  EXPECT_LT(patient, weak);
  EXPECT_LT(session_.find("SET LOCAL lock_timeout = 300", weak), strong);
  EXPECT_LT(weak, strong);
}

TEST_F(LockLadderTest, AStepOverItsHoldIsNotRetried) {
  session_.fail_on("ONE", server_error(ErrorKind::database, "57014"));
  EXPECT_EQ(error_of_run(), "step.over-budget");
  EXPECT_EQ(session_.sent("ONE"), 1);
  const int limited = session_.find("OPERATOR(pg_catalog.+) 500)");
  EXPECT_LT(session_.find("LOCK TABLE"), limited);
  EXPECT_LT(limited, session_.find("ONE"));
}

TEST_F(LockLadderTest, AllLocksTogetherTakeNoLongerThanOneMay) {
  plan_.steps[0].locks.push_back(
      {{orders.schema, sql::Identifier("lines")}, LockMode::access_exclusive});
  static_cast<void>(run());
  const int started = session_.find("OPERATOR(pg_catalog.+) 300)");
  const int first = session_.find("LOCK TABLE");
  const int limited = session_.find("set_config('statement_timeout'", first);
  const int second = session_.find("LOCK TABLE", first + 1);
  ASSERT_NE(started, -1);
  EXPECT_LT(started, first);
  EXPECT_LT(first, limited);
  EXPECT_LT(limited, second);
}

TEST_F(LockLadderTest, AnUnlimitedStepHasNoStatementTimeout) {
  plan_.steps[0].budget = plan::Budget::unlimited;
  static_cast<void>(run());
  const int locked = session_.find("LOCK TABLE");
  EXPECT_GT(session_.find("SET LOCAL statement_timeout = 0", locked), locked);
  EXPECT_TRUE(bench_.watches.back().cancel_on_stop);
}

TEST_F(LockLadderTest, AStopRequestEndsTheWait) {
  refuse_lock(1'000'000);
  session_.answer("WITH held", [this] {
    stop_.signals = 1;
    return pg::Result{};
  });
  EXPECT_EQ(run().outcome, RunOutcome::interrupted);
}

TEST_F(LockLadderTest, ConcurrentCatalogUpdatesAreTriedAgain) {
  session_.fail_on("ONE", Error(ErrorKind::database, "pg.internal",
                                "tuple concurrently updated")
                              .sqlstate("XX000"));
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_EQ(session_.sent("ONE"), 2);
}

}  // namespace
}  // namespace pgexpand::exec::testing
