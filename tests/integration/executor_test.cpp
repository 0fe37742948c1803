#include "pgexpand/exec/executor.hpp"

#include "support/test_database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

namespace pgexpand::exec {
namespace {

using namespace std::chrono_literals;
using plan::LockMode;
using plan::Phase;
using sql::Identifier;
using sql::Statement;
using Clock = std::chrono::steady_clock;
using ::testing::HasSubstr;

class Recording : public report::Reporter {
 public:
  void on(const report::Event& event) override {
    const std::scoped_lock lock(mutex_);
    if (const auto* waiting = std::get_if<report::Waiting>(&event)) {
      waits_.push_back(*waiting);
    }
  }
  std::vector<report::Waiting> waits() {
    const std::scoped_lock lock(mutex_);
    return waits_;
  }

 private:
  std::mutex mutex_;
  std::vector<report::Waiting> waits_;
};

const sql::TableName orders{Identifier("public"), Identifier("orders")};

plan::Step sql_step(const std::string& id,
                    Phase phase,
                    const std::vector<std::string>& statements) {
  plan::RunSql run;
  for (const auto& text : statements) {
    run.statements.push_back(Statement::verbatim(text));
  }
  plan::Step step;
  step.id = id;
  step.title = id;
  step.phase = phase;
  step.locks = {{orders, LockMode::access_exclusive}};
  step.action = std::move(run);
  return step;
}

plan::Undo sql_undo(const std::string& text) {
  return {.title = text,
          .locks = {{orders, LockMode::access_exclusive}},
          .budget = plan::Budget::hold,
          .action = plan::RunSql{{Statement::verbatim(text)}}};
}

plan::Step index_step(const std::string& create, bool is_unique = false) {
  plan::Step step;
  step.id = "backfill-1";
  step.title = "build index ix";
  step.phase = Phase::backfill;
  step.budget = plan::Budget::unlimited;
  step.action =
      plan::BuildIndex{.table = orders,
                       .index = {Identifier("public"), Identifier("ix")},
                       .create = Statement::verbatim(create),
                       .is_unique = is_unique};
  return step;
}

class ExecutorOnServer : public ::testing::Test {
 protected:
  ExecutorOnServer() {
    database_.exec(
        "CREATE TABLE orders (id int PRIMARY KEY, status text);"
        "INSERT INTO orders SELECT i, 'new' FROM generate_series(1, 100) i");
    plan_.id = "m1";
    plan_.state_schema = "pgexpand";
    plan_.tables = {{.name = orders, .columns = {Identifier("status")}}};
    options_.through = Phase::expand;
  }
  /// Stores plan_ as a started migration and takes the lease.
  void start() {
    runner_ = std::make_unique<Runner>(
        Runner::Options{.connect = {.dsn = database_.dsn()},
                        .state_schema = Identifier("pgexpand"),
                        .wait = 5s},
        reporter_, stop_);
    const auto session = database_.session();
    pg::Transaction transaction(*session, {});
    state::Store(*session, Identifier("pgexpand")).start(plan_, "", {});
    transaction.commit();
  }
  RunResult run() {
    return exec::run("m1", options_, *runner_, Identifier("pgexpand"),
                     reporter_, stop_);
  }
  RunResult roll_back() {
    return exec::roll_back("m1", options_, *runner_, Identifier("pgexpand"),
                           reporter_, stop_);
  }
  Error error_of_run() {
    try {
      static_cast<void>(run());
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorKind::internal, "", "run() threw nothing");
  }
  bool has_column(const std::string& name) {
    return database_.query_one(
               "SELECT count(*) FROM information_schema.columns WHERE"
               " table_name = 'orders' AND column_name = '" +
               name + "'") == "1";
  }
  pg::Value index_state() {
    return database_.query_one(
        "SELECT coalesce((SELECT indisvalid::text FROM pg_index"
        " WHERE indexrelid = to_regclass('ix')), 'absent')");
  }
  /// An application that holds what `statement` locks for that long.
  std::jthread application(const std::string& statement, milliseconds time) {
    auto session = std::shared_ptr(database_.application());
    session->run(Statement::of("BEGIN ISOLATION LEVEL REPEATABLE READ"));
    session->run(Statement::verbatim(statement));
    return std::jthread([session, time] {
      std::this_thread::sleep_for(time);
      session->run(Statement::of("COMMIT"));
    });
  }

  testing::TestDatabase database_;
  plan::Plan plan_;
  RunOptions options_;
  Recording reporter_;
  StopRequest stop_;
  std::unique_ptr<Runner> runner_;
};

TEST_F(ExecutorOnServer, ARollbackLeavesTheSchemaAsItWas) {
  plan_.steps = {sql_step("expand-1", Phase::expand,
                          {"ALTER TABLE public.orders ADD COLUMN s2 text"})};
  plan_.steps[0].undo = {sql_undo("ALTER TABLE public.orders DROP COLUMN s2")};
  start();
  const std::string before = testing::schema_dump(database_.dsn());
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_TRUE(has_column("s2"));
  EXPECT_EQ(roll_back().outcome, RunOutcome::reached);
  EXPECT_EQ(testing::schema_dump(database_.dsn()), before);
}

TEST_F(ExecutorOnServer, WhileItWaitsTheApplicationDoesNot) {
  plan_.steps = {sql_step("expand-1", Phase::expand,
                          {"ALTER TABLE public.orders ADD COLUMN s2 text"})};
  start();
  const auto reader = application("SELECT FROM orders LIMIT 1", 2s);
  std::jthread runs([this] { static_cast<void>(run()); });
  milliseconds worst{0};
  for (const auto end = Clock::now() + 2s; Clock::now() < end;) {
    const auto begin = Clock::now();
    database_.query("SELECT count(*) FROM orders");
    worst = std::max(
        worst, std::chrono::duration_cast<milliseconds>(Clock::now() - begin));
    std::this_thread::sleep_for(20ms);
  }
  runs.join();
  EXPECT_TRUE(has_column("s2"));
  EXPECT_LT(worst, 1s);  // lock.timeout 300 ms, on a slow machine; not 2 s.
}

TEST_F(ExecutorOnServer, AUsedUpBudgetNamesTheHolder) {
  plan_.steps = {sql_step("expand-1", Phase::expand,
                          {"ALTER TABLE public.orders ADD COLUMN s2 text"})};
  options_.lock_budget = 700ms;
  start();
  const auto holder = database_.application();
  holder->run(Statement::of("BEGIN"));
  holder->run(Statement::of("SELECT FROM orders"));
  const Error error = error_of_run();
  EXPECT_EQ(error.code(), "lock.budget-used-up");
  EXPECT_THAT(error.detail(), HasSubstr(std::to_string(holder->backend_pid())));
  EXPECT_FALSE(has_column("s2"));
}

TEST_F(ExecutorOnServer, APreparedTransactionIsNamedAsTheHolder) {
  plan_.steps = {sql_step("expand-1", Phase::expand,
                          {"ALTER TABLE public.orders ADD COLUMN s2 text"})};
  options_.lock_budget = 700ms;
  start();
  const auto holder = database_.application();
  holder->run(Statement::of("BEGIN"));
  holder->run(Statement::of("UPDATE orders SET status = 'old' WHERE id = 1"));
  holder->run(Statement::of("PREPARE TRANSACTION 'forgotten'"));
  const Error error = error_of_run();
  holder->run(Statement::of("ROLLBACK PREPARED 'forgotten'"));
  EXPECT_EQ(error.code(), "lock.budget-used-up");
  EXPECT_THAT(error.detail(), HasSubstr("prepared transaction 'forgotten'"));
}

TEST_F(ExecutorOnServer, TheSecondSignalCancelsAnyStep) {
  plan_.steps = {
      sql_step("expand-1", Phase::expand, {"SELECT pg_catalog.pg_sleep(20)"})};
  plan_.steps[0].budget = plan::Budget::step;
  start();
  std::jthread signal([this] {
    std::this_thread::sleep_for(500ms);
    stop_.signals = 2;
  });
  const auto begin = Clock::now();
  EXPECT_EQ(run().outcome, RunOutcome::interrupted);
  EXPECT_LT(Clock::now() - begin, 5s);
}

TEST_F(ExecutorOnServer, AStepThatHoldsItsLockTooLongIsRolledBack) {
  plan_.steps = {sql_step("expand-1", Phase::expand,
                          {"ALTER TABLE public.orders ADD COLUMN s2 text",
                           "SELECT pg_catalog.pg_sleep(3)"})};
  start();
  EXPECT_EQ(error_of_run().code(), "step.over-budget");
  EXPECT_FALSE(has_column("s2"));
}

TEST_F(ExecutorOnServer, AConcurrentBuildSaysWhomItWaitsFor) {
  plan_.steps = {
      index_step("CREATE INDEX CONCURRENTLY ix ON public.orders (status)")};
  options_.through = Phase::backfill;
  start();
  const auto old = application("SELECT 1", 3s);
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_EQ(index_state(), "true");
  const auto waits = reporter_.waits();
  ASSERT_FALSE(waits.empty());
  EXPECT_EQ(waits[0].what, "old transactions");
  EXPECT_EQ(waits[0].blockers.size(), 1U);
}

TEST_F(ExecutorOnServer, TheFirstSignalCancelsABuildAndLeavesNoRemnant) {
  plan_.steps = {
      index_step("CREATE INDEX CONCURRENTLY ix ON public.orders (status)")};
  options_.through = Phase::backfill;
  start();
  const auto old = application("SELECT 1", 4s);
  std::jthread signal([this] {
    std::this_thread::sleep_for(1s);
    stop_.signals = 1;
  });
  EXPECT_EQ(run().outcome, RunOutcome::interrupted);
  EXPECT_EQ(index_state(), "absent");
  stop_.signals = 0;
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_EQ(index_state(), "true");
}

TEST_F(ExecutorOnServer, AUniqueIndexOverDuplicatesLeavesNothing) {
  plan_.steps = {index_step(
      "CREATE UNIQUE INDEX CONCURRENTLY ix ON public.orders (status)", true)};
  options_.through = Phase::backfill;
  start();
  EXPECT_EQ(error_of_run().code(), "index.duplicates");
  EXPECT_EQ(index_state(), "absent");
}

TEST_F(ExecutorOnServer, AStrangersIndexIsLeftAlone) {
  plan_.steps = {
      index_step("CREATE INDEX CONCURRENTLY ix ON public.orders (status)")};
  options_.through = Phase::backfill;
  start();
  database_.exec("CREATE INDEX ix ON orders (status)");
  EXPECT_EQ(error_of_run().code(), "index.name-taken");
  EXPECT_EQ(index_state(), "true");
}

TEST_F(ExecutorOnServer, AKilledWorkBackendIsReplacedAndTheStepRunsOnce) {
  plan_.steps = {sql_step("expand-1", Phase::expand,
                          {"INSERT INTO public.orders VALUES (1001, 'x')",
                           "SELECT pg_catalog.pg_sleep(1)"})};
  plan_.steps[0].budget = plan::Budget::unlimited;
  start();
  const int pid = runner_->work().backend_pid();
  std::jthread kills([this, pid] {
    std::this_thread::sleep_for(500ms);
    database_.query("SELECT pg_terminate_backend(" + std::to_string(pid) + ")");
  });
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_NE(runner_->work().backend_pid(), pid);
  EXPECT_EQ(database_.query_one("SELECT count(*) FROM orders WHERE id = 1001"),
            "1");
}

TEST_F(ExecutorOnServer, DriftInATouchedColumnStopsTheNextPhase) {
  plan_.steps = {sql_step("expand-1", Phase::expand,
                          {"ALTER TABLE public.orders ADD COLUMN s2 text"}),
                 sql_step("switch-1", Phase::switch_over,
                          {"ALTER TABLE public.orders RENAME s2 TO s3"})};
  start();
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  database_.exec("ALTER TABLE orders ALTER status SET DEFAULT 'x'");
  options_.through = Phase::switch_over;
  const Error error = error_of_run();
  EXPECT_EQ(error.code(), "drift.changed");
  EXPECT_THAT(error.detail(), HasSubstr("status"));
  options_.accept_drift = true;
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_TRUE(has_column("s3"));
}

TEST_F(ExecutorOnServer, AFailedEnforceStepLeavesTheMigrationVerified) {
  plan_.steps = {sql_step("switch-1", Phase::switch_over,
                          {"ALTER TABLE public.orders ADD CONSTRAINT c"
                           " CHECK (status <> 'new') NOT VALID"}),
                 sql_step("switch-2", Phase::switch_over,
                          {"ALTER TABLE public.orders VALIDATE CONSTRAINT c"})};
  plan_.steps[0].enforces = plan_.steps[1].enforces = true;
  plan_.steps[0].undo = {
      sql_undo("ALTER TABLE public.orders DROP CONSTRAINT c")};
  options_.through = Phase::switch_over;
  start();
  EXPECT_EQ(error_of_run().sqlstate(), "23514");
  EXPECT_EQ(database_.query_one(
                "SELECT count(*) FROM pg_constraint WHERE conname = 'c'"),
            "0");
  EXPECT_EQ(database_.query_one("SELECT completed FROM pgexpand.migration"),
            "verify");
}

TEST_F(ExecutorOnServer, ABackfillIsFilledVerifiedAndRepaired) {
  plan::Step fill;
  fill.id = "backfill-1";
  fill.title = "fill s2";
  fill.phase = Phase::backfill;
  fill.budget = plan::Budget::unlimited;
  fill.action = plan::BackfillRows{
      .table = orders,
      .assign = {{Identifier("s2"), sql::Expression{"t.status"}}},
      .pending = {"t.s2 IS DISTINCT FROM t.status"}};
  plan::Step compare;
  compare.id = "verify-1";
  compare.title = "compare s2";
  compare.phase = Phase::verify;
  compare.action = plan::CompareRows{
      .table = orders,
      .before_switch = {
          {.title = "s2 = status",
           .differs = {"t.s2 IS DISTINCT FROM t.status"},
           .repair = plan::Assignment{Identifier("s2"), {"t.status"}}}}};
  plan_.steps = {sql_step("expand-1", Phase::expand,
                          {"ALTER TABLE public.orders ADD COLUMN s2 text"}),
                 fill, compare};
  options_.through = Phase::backfill;
  options_.pace.pause = 0ms;
  start();
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  database_.exec("UPDATE orders SET s2 = 'wrong' WHERE id < 4");
  options_.through = Phase::verify;
  EXPECT_EQ(error_of_run().code(), "verify.differences");
  EXPECT_EQ(database_.query_one("SELECT verify_clean FROM pgexpand.migration"),
            "f");
  options_.repair = true;
  EXPECT_EQ(run().outcome, RunOutcome::reached);
  EXPECT_EQ(database_.query_one("SELECT count(*) FROM orders"
                                " WHERE s2 IS DISTINCT FROM status"),
            "0");
}

}  // namespace
}  // namespace pgexpand::exec
