#include "pgexpand/exec/executor.hpp"
#include "support/test_database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace pgexpand::exec {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class Silent : public report::Reporter {
 public:
  void on(const report::Event& /*event*/) override {}
};

class RunnerTest : public ::testing::Test {
 protected:
  std::unique_ptr<Runner> runner(milliseconds wait = 0ms) {
    return std::make_unique<Runner>(
        Runner::Options{.connect = {.dsn = database_.dsn()},
                        .state_schema = sql::Identifier("pgexpand"),
                        .wait = wait},
        silent_, stop_);
  }
  state::RunnerRecord record() {
    const auto session = database_.session();
    return state::Store(*session, sql::Identifier("pgexpand")).runner();
  }
  void terminate(int pid) {
    database_.query("SELECT pg_terminate_backend(" + std::to_string(pid) +
                    ", 10000)");
  }
  /// The code of the Error that `act` throws; "" if it throws none.
  template <typename Act>
  std::string error_of(Act act) {
    try {
      act();
      return "";
    } catch (const Error& error) {
      return error.code();
    }
  }
  bool becomes_lost(const Runner& runner) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!runner.lost() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(50ms);
    }
    return runner.lost();
  }

  testing::TestDatabase database_;
  Silent silent_;
  StopRequest stop_;
};

TEST_F(RunnerTest, TheFirstOneCreatesTheStateSchemaAndRegisters) {
  const auto first = runner();
  EXPECT_EQ(record().epoch, 1);
  EXPECT_EQ(record().work_pid, first->work().backend_pid());
  EXPECT_FALSE(first->lost());
}

TEST_F(RunnerTest, ARivalIsToldWhoIsAtWork) {
  const auto first = runner();
  try {
    const auto second = runner(300ms);
    FAIL() << "two runners at once";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "runner.busy");
    EXPECT_THAT(error.message(),
                HasSubstr(std::to_string(first->work().backend_pid())));
  }
}

TEST_F(RunnerTest, ARivalThatWaitsGetsTheLease) {
  auto first = runner();
  std::thread ends([&] {
    std::this_thread::sleep_for(500ms);
    first.reset();
  });
  const auto second = runner(20s);
  ends.join();
  EXPECT_EQ(record().epoch, 2);
}

TEST_F(RunnerTest, AWaitEndsOnAStopRequest) {
  const auto first = runner();
  stop_.signals = 1;
  EXPECT_EQ(error_of([&] { runner(20s); }), "runner.interrupted");
}

TEST_F(RunnerTest, ATakeOverEndsTheOldWorkBackend) {
  const auto first = runner();
  const int old_pid = first->work().backend_pid();
  terminate(record().control_pid);  // The lease is free, its work goes on.
  const auto second = runner(5s);
  EXPECT_EQ(database_.query_one("SELECT count(*) FROM pg_stat_activity"
                                " WHERE pid = " +
                                std::to_string(old_pid)),
            "0");
  EXPECT_EQ(record().work_pid, second->work().backend_pid());
}

TEST_F(RunnerTest, AReplacedRunnerIsLostAndCannotComeBack) {
  const auto first = runner();
  terminate(record().control_pid);
  const auto second = runner(5s);
  EXPECT_TRUE(becomes_lost(*first));
  EXPECT_EQ(error_of([&] { first->recover(5s); }), "runner.fenced");
  EXPECT_FALSE(second->lost());
}

TEST_F(RunnerTest, ItRecoversWhenBothConnectionsBroke) {
  const auto first = runner();
  const auto before = record();
  terminate(before.control_pid);
  terminate(before.work_pid);
  EXPECT_TRUE(becomes_lost(*first));
  first->recover(10s);
  EXPECT_FALSE(first->lost());
  EXPECT_EQ(first->work().run(sql::Statement::of("SELECT 1")).single(), "1");
  EXPECT_EQ(record().epoch, before.epoch + 1);
}

TEST_F(RunnerTest, ItRecoversWhenOnlyItsWorkBroke) {
  const auto first = runner();
  terminate(record().work_pid);
  EXPECT_THROW(first->work().run(sql::Statement::of("SELECT 1")), Error);
  first->recover(10s);
  EXPECT_EQ(first->work().run(sql::Statement::of("SELECT 1")).single(), "1");
}

TEST_F(RunnerTest, AnIdleLeasePinsNoSnapshot) {
  const auto first = runner();
  EXPECT_EQ(database_.query_one("SELECT backend_xmin FROM pg_stat_activity"
                                " WHERE pid = " +
                                std::to_string(record().control_pid)),
            std::nullopt);
}

TEST_F(RunnerTest, ASchemaOfAStrangerIsRefused) {
  database_.exec(
      "DO $$ BEGIN CREATE ROLE stranger; EXCEPTION WHEN duplicate_object THEN "
      "NULL; END $$; DO $$ BEGIN CREATE ROLE deployer LOGIN; EXCEPTION WHEN "
      "duplicate_object THEN NULL; END $$;"
      "CREATE SCHEMA pgexpand AUTHORIZATION stranger");
  const auto as_deployer = [&] {
    const Runner refused(
        {.connect = {.dsn = database_.dsn() + " user=deployer"},
         .state_schema = sql::Identifier("pgexpand"),
         .wait = 0ms},
        silent_, stop_);
  };
  EXPECT_EQ(error_of(as_deployer), "state.foreign-schema");
}

/// The calls of the store that the other tests do not come by.
class StoreOnServer : public ::testing::Test {
 protected:
  StoreOnServer() : session_(database_.session()) {
    store_.ensure();
    plan::Plan plan;
    plan.id = "m1";
    store_.start(plan, "text", plan::Phase::verify);
  }

  testing::TestDatabase database_;
  std::unique_ptr<pg::Session> session_;
  state::Store store_{*session_, sql::Identifier("pgexpand")};
};

TEST_F(StoreOnServer, EnsureTwiceIsNothing) {
  store_.ensure();
  EXPECT_EQ(store_.read_version(), state::state_version);
}

TEST_F(StoreOnServer, RivalsMayCreateItTogether) {
  database_.exec("DROP SCHEMA pgexpand CASCADE");
  const auto create = [this] {
    const auto session = database_.session();
    state::Store(*session, sql::Identifier("pgexpand")).ensure();
  };
  std::vector<std::jthread> rivals;
  for (int i = 0; i < 4; ++i) {
    rivals.emplace_back(create);
  }
  rivals.clear();
  EXPECT_EQ(store_.read_version(), state::state_version);
}

TEST_F(StoreOnServer, AMigrationReadsBackAsItWasStarted) {
  const auto migration = store_.migration("m1");
  ASSERT_TRUE(migration && migration->plan());
  EXPECT_EQ(migration->status, state::Status::in_progress);
  EXPECT_EQ(migration->through, plan::Phase::verify);
  EXPECT_EQ(migration->spec_text, "text");
  EXPECT_EQ(store_.migrations().size(), 1U);
}

TEST_F(StoreOnServer, AStartedMigrationIsNotStartedAgain) {
  plan::Plan plan;
  plan.id = "m1";
  EXPECT_THROW(store_.start(plan, "", {}), Error);
}

TEST_F(StoreOnServer, ProgressReadsBack) {
  state::Progress progress;
  progress.migration = "m1";
  progress.step = "backfill-1";
  progress.next_block = 17;
  progress.done = true;
  store_.save_progress(progress);
  store_.save_progress(progress);
  const auto all = store_.progress("m1");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].next_block, 17);
  EXPECT_TRUE(all[0].done);
}

TEST_F(StoreOnServer, AdvancingMovesTheCursorAndAddsWhatWasDone) {
  state::Progress progress;
  progress.migration = "m1";
  progress.step = "backfill-1";
  progress.key_bound = "[\"9\"]";
  progress.rows = 5;
  store_.save_progress(progress);
  progress.next_block = 3;
  pg::Transaction transaction(*session_, {});
  store_.queue_advance(
      progress, {.counts = {"SELECT 7::bigint, 1::bigint, 0::bigint, 'it'"}},
      {"1 + 1"});
  const pg::Answers answers = transaction.commit_together();
  answers.check();
  EXPECT_EQ(answers.results.at(answers.results.size() - 2).rows.at(0),
            (pg::Row{"7", "1", "0", "it", "2"}));
  const auto saved = store_.progress("m1").at(0);
  EXPECT_EQ(saved.next_block, 3);
  EXPECT_EQ(saved.rows, 12);
  EXPECT_EQ(saved.differences, 1);
  EXPECT_EQ(saved.key_bound, "[\"9\"]");
}

TEST_F(StoreOnServer, OrdersAreForTheRunnerAndTheCursorThatAreThere) {
  state::Progress progress;
  progress.migration = "m1";
  progress.step = "backfill-1";
  store_.save_progress(progress);
  const auto epoch = store_.take_over("m1").epoch;
  const auto state_of = [&](std::int64_t number) {
    pg::Transaction transaction(*session_, {});
    store_.queue_orders(progress, number, {"1"});
    const pg::Answers answers = transaction.commit_together();
    return answers.error ? answers.error->sqlstate() : "";
  };
  EXPECT_EQ(state_of(epoch), "");
  EXPECT_EQ(state_of(epoch - 1), state::refusal::fenced);
  progress.next_block = 1;
  EXPECT_EQ(state_of(epoch), state::refusal::moved);
  store_.set_paused("m1", true, "ann");
  EXPECT_EQ(state_of(epoch), state::refusal::paused);
}

// From another row, or before the lock, the test would see the old epoch.
TEST_F(StoreOnServer, ABatchThatWaitedForATakeOverIsFenced) {
  state::Progress progress;
  progress.migration = "m1";
  progress.step = "backfill-1";
  store_.save_progress(progress);
  const auto epoch = store_.take_over("m1").epoch;
  const auto rival = database_.session();
  pg::Transaction taking(*rival, {});
  rival->run(
      sql::Statement::of("UPDATE pgexpand.migration SET epoch = epoch + 1"));
  std::string state;
  {
    std::jthread batch([&] {
      pg::Transaction transaction(*session_, {.lock = milliseconds{10'000}});
      store_.queue_orders(progress, epoch, {"1"});
      const pg::Answers answers = transaction.commit_together();
      state = answers.error ? answers.error->sqlstate() : "none";
    });
    const auto watcher = database_.session();
    while (watcher
               ->run(sql::Statement::of(
                   "SELECT count(*) FROM pg_locks WHERE NOT granted"))
               .single() == "0") {
    }
    taking.commit();
  }
  EXPECT_EQ(state, state::refusal::fenced);
}

TEST_F(StoreOnServer, AFurtherChangeLeavesOtherLiveSettingsAlone) {
  const auto epoch = store_.take_over("m1").epoch;
  store_.set_live("m1", {{"batch_rows", 500}, {"pause_ms", 7}});
  store_.set_live("m1", {{"pause_ms", 9}});
  const state::WalkSettings expected{{"batch_rows", 500}, {"pause_ms", 9}};
  EXPECT_EQ(store_.begin_batch("m1", epoch).live, expected);
  EXPECT_EQ(store_.migration("m1")->live, expected);
}

TEST_F(StoreOnServer, ABatchLearnsOfAPauseAndOfATakeOver) {
  const auto epoch = store_.take_over("m1").epoch;
  EXPECT_FALSE(store_.begin_batch("m1", epoch).pause);
  store_.set_paused("m1", true, "ann");
  const auto orders = store_.begin_batch("m1", epoch);
  EXPECT_TRUE(orders.pause);
  EXPECT_EQ(orders.paused_by, "ann");
  store_.take_over("m1");
  EXPECT_THROW(static_cast<void>(store_.begin_batch("m1", epoch)), Error);
}

TEST_F(StoreOnServer, AQuarantinedRowIsListedOnce) {
  store_.add_quarantine("m1", "public.orders", "7", "22P02");
  store_.add_quarantine("m1", "public.orders", "7", "22P02");
  EXPECT_EQ(store_.quarantine_count("m1"), 1);
  EXPECT_EQ(store_.quarantine("m1", 10).at(0).key, "7");
  store_.clear_quarantine("m1", "public.orders");
  EXPECT_EQ(store_.quarantine_count("m1"), 0);
}

TEST_F(StoreOnServer, AFingerprintKeepsItsLinesAndTheFirstOne) {
  const std::vector<std::string> first{"a, \"b\"", "c {d}\ne"};
  store_.set_fingerprint("m1", first, "{one}");
  store_.set_fingerprint("m1", {"f"}, "{two}");
  EXPECT_EQ(store_.fingerprint_before("m1"), first);
  EXPECT_EQ(store_.fingerprint("m1"), std::vector<std::string>{"f"});
}

TEST_F(StoreOnServer, AFingerprintIsDueWhileTheStampIsAnother) {
  store_.set_fingerprint("m1", {"f"}, "{one}");
  store_.note_stamp("m1", {"ARRAY['one']"});
  EXPECT_FALSE(store_.stamp("m1", {"ARRAY['one']"}).is_due);
  store_.note_stamp("m1", {"ARRAY['two']"});
  const auto stamp = store_.stamp("m1", {"ARRAY['three']"});
  EXPECT_TRUE(stamp.is_due);
  EXPECT_EQ(stamp.stored, "{two}");
  EXPECT_EQ(stamp.now, "{three}");
  store_.set_fingerprint("m1", {"g"}, "{two}");
  EXPECT_FALSE(store_.stamp("m1", {"ARRAY['two']"}).is_due);
}

TEST_F(StoreOnServer, ARollbackForgetsEverythingButTheEvents) {
  store_.set_step("m1", "expand-1", state::StepStatus::done);
  store_.add_quarantine("m1", "public.orders", "7", "22P02");
  store_.add_event("m1", "note", R"({"a": 1})");
  store_.finish_rollback("m1");
  EXPECT_TRUE(store_.steps("m1").empty());
  EXPECT_EQ(store_.quarantine_count("m1"), 0);
  EXPECT_EQ(store_.migration("m1")->status, state::Status::pending);
  EXPECT_EQ(store_.events("m1").size(), 1U);
  EXPECT_EQ(store_.events({}).at(0).detail, R"({"a": 1})");
}

TEST_F(StoreOnServer, NothingIsOpenToPublic) {
  EXPECT_EQ(database_.query_one(
                "SELECT bool_or(has_table_privilege('pg_monitor', c.oid,"
                " 'SELECT, INSERT')) FROM pg_class AS c WHERE relkind = 'r'"
                " AND relnamespace = 'pgexpand'::regnamespace"),
            "f");
}

}  // namespace
}  // namespace pgexpand::exec
