#include "integration/walk_fixture.hpp"

#include <atomic>
#include <mutex>
#include <thread>

namespace pgexpand::testing {
namespace {

using backfill::Outcome;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// Several workers over the fixture's table; on_sleep_ is called by one thread
/// at a time.
class WorkersTest : public WalkTest {
 protected:
  WorkersTest() { pace_.workers = 4; }

  [[nodiscard]] backfill::Walk shared_walk() {
    backfill::Walk walk = WalkTest::walk();
    walk.sleep = [this](milliseconds time) {
      const std::scoped_lock lock(mutex_);
      between_batches(time);
    };
    walk.should_stop = [this] { return stop_all_.load(); };
    walk.open_session = [this]() -> std::shared_ptr<pg::Session> {
      const std::scoped_lock lock(mutex_);
      std::shared_ptr<pg::Session> session = database_.session();
      pids_.push_back(session->backend_pid());
      return session;
    };
    return walk;
  }
  backfill::FillResult fill(const plan::BackfillRows& action) {
    return backfill::fill(action, shared_walk(), pace_);
  }
  std::vector<state::Progress> ranges() { return store_.progress("m"); }
  std::int64_t recorded_rows() {
    std::int64_t rows = 0;
    for (const auto& range : ranges()) {
      rows += range.rows;
    }
    return rows;
  }

  std::recursive_mutex mutex_;
  std::atomic<bool> stop_all_{false};
  std::vector<int> pids_;  ///< Of the sessions opened: the monitor's first.
};

TEST_F(WorkersTest, ShareTheTableAndFillEachRowOnce) {
  make_table(60'000);
  const auto result = fill(plain_fill());
  EXPECT_EQ(result.outcome, Outcome::done);
  EXPECT_EQ(result.rows, 60'000);
  EXPECT_EQ(unfilled(), "0");
  EXPECT_THAT(ranges(), SizeIs(4));
  for (const auto& range : ranges()) {
    EXPECT_GT(range.rows, 10'000);
    EXPECT_TRUE(range.done);
  }
}

TEST_F(WorkersTest, TellOneProgressOfAll) {
  make_table(60'000);
  fill(plain_fill());
  std::int64_t rows = 0;
  for (const auto& progress : reporter_.all) {
    EXPECT_GE(progress.rows, rows);
    EXPECT_EQ(progress.workers, 4);
    rows = progress.rows;
  }
  EXPECT_EQ(rows, 60'000);
  EXPECT_EQ(reporter_.all.back().blocks_done,
            reporter_.all.back().blocks_total);
}

TEST_F(WorkersTest, TheEndOfOneConnectionLosesAndRepeatsNothing) {
  make_table(60'000);
  for (std::size_t victim = 0; victim < 5; ++victim) {
    database_.query("UPDATE public.orders SET fresh = NULL");
    store_.clear_progress("m", "fill");
    pids_.clear();
    sleeps_ = 0;
    in_pause(20, [&] {
      const int pid = victim < 4 ? pids_.at(victim) : session_->backend_pid();
      database_.query("SELECT pg_terminate_backend(" + std::to_string(pid) +
                      ", 5000)");
    });
    if (victim == 0) {  // the monitor's: opened again by itself
      EXPECT_EQ(fill(plain_fill()).rows, 60'000);
      continue;
    }
    EXPECT_THROW(fill(plain_fill()), Error);
    if (victim == 4) {
      break;  // the fixture's own session: the next test has another
    }
    EXPECT_EQ(std::to_string(recorded_rows()), count("fresh IS NOT NULL"));
    EXPECT_EQ(fill(plain_fill()).rows, 60'000);
    EXPECT_EQ(unfilled(), "0");
  }
}

TEST_F(WorkersTest, AnotherNumberOfThemHoldsFromTheNextBatchOn) {
  pace_.workers = 1;
  make_table(60'000);
  const auto other = database_.session();
  state::Store orders(*other, sql::Identifier("pgexpand"));
  in_pause(3, [&] { orders.set_live("m", {{"workers", 3}}); });
  EXPECT_EQ(fill(plain_fill()).rows, 60'000);
  EXPECT_EQ(unfilled(), "0");
  EXPECT_THAT(ranges(), SizeIs(3));
  EXPECT_EQ(reporter_.all.back().workers, 3);
}

TEST_F(WorkersTest, FewerOfThemFinishTheRangesOfMore) {
  make_table(60'000);
  in_pause(30, [&] { stop_all_ = true; });
  EXPECT_EQ(fill(plain_fill()).outcome, Outcome::stopped);
  stop_all_ = false;
  pace_.workers = 1;
  EXPECT_EQ(fill(plain_fill()).rows, 60'000);
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(WorkersTest, ARewrittenTableIsWalkedFromItsBeginning) {
  make_table(60'000);
  in_pause(40, [&] { database_.exec("VACUUM FULL public.orders"); });
  fill(plain_fill());
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(WorkersTest, CompareTogether) {
  make_table(60'000);
  fill(plain_fill());
  exec_unsynced(
      "UPDATE public.orders SET fresh = 'x' WHERE id IN (5, 30000, 59999)");
  const plan::CompareRows action{
      .table = table_,
      .before_switch = {{.title = "fresh",
                         .differs = {"t.fresh IS DISTINCT FROM"
                                     " upper(t.status)"},
                         .repair = {}}},
      .after_switch = {},
      .key = {sql::Identifier("id")}};
  auto walk = shared_walk();
  walk.step = "compare";
  const auto result =
      backfill::compare(action, action.before_switch, walk, pace_);
  EXPECT_EQ(result.rows, 60'000);
  EXPECT_EQ(result.differences, 3);
  EXPECT_THAT(result.sample_keys, SizeIs(3));
  EXPECT_THAT(result.sample_keys, Contains("30000"));
}

TEST_F(WorkersTest, LeavesOfAPartitionedTableAreFilledOneByOne) {
  database_.exec(
      "CREATE TABLE public.orders (id bigint, status text, fresh text)"
      " PARTITION BY RANGE (id);"
      "CREATE TABLE public.low PARTITION OF public.orders"
      " FOR VALUES FROM (0) TO (20000);"
      "CREATE TABLE public.high (fresh text, id bigint, gone int, status text);"
      "ALTER TABLE public.high DROP COLUMN gone;"
      "ALTER TABLE public.orders ATTACH PARTITION public.high"
      " FOR VALUES FROM (20000) TO (40000);"
      "INSERT INTO public.orders SELECT g, 's' || g % 7"
      " FROM generate_series(1, 39999) AS g");
  in_pause(20, [&] {
    database_.exec(
        "CREATE TABLE public.late AS SELECT g::bigint AS id, 'l' AS status,"
        " NULL::text AS fresh FROM generate_series(40000, 40099) AS g;"
        "ALTER TABLE public.orders ATTACH PARTITION public.late"
        " FOR VALUES FROM (40000) TO (50000)");
  });
  EXPECT_EQ(fill(plain_fill()).rows, 40'099);
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(WorkersTest, APartitionThatIsDroppedMeanwhileNeedsNothing) {
  database_.exec(
      "CREATE TABLE public.orders (id bigint, status text, fresh text)"
      " PARTITION BY RANGE (id);"
      "CREATE TABLE public.low PARTITION OF public.orders"
      " FOR VALUES FROM (0) TO (20000);"
      "CREATE TABLE public.high PARTITION OF public.orders"
      " FOR VALUES FROM (20000) TO (40000);"
      "INSERT INTO public.orders SELECT g, 's'"
      " FROM generate_series(1, 39999) AS g");
  pace_.workers = 1;
  in_pause(10, [&] { database_.exec("DROP TABLE public.high"); });
  EXPECT_EQ(fill(plain_fill()).outcome, Outcome::done);
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(WorkersTest, AThrottleHoldsThemAllAndSaysWhy) {
  make_table(20'000);
  database_.exec("CREATE TABLE public.flag AS SELECT false AS stop");
  pace_.limits.throttle_query = "SELECT stop FROM public.flag";
  std::atomic<bool> was_held{false};
  on_sleep_ = [&](milliseconds time) {
    if (sleeps_ == 10) {
      database_.exec("UPDATE public.flag SET stop = true");
    }
    std::this_thread::sleep_for(time);
    const auto waiting = reporter_.waiting_for();
    if (waiting.find("the throttle query says so") != std::string::npos) {
      was_held = true;
      EXPECT_EQ(database_.query_one("SELECT max(waiting_for)"
                                    " FROM pgexpand.progress"),
                waiting);
      database_.exec("UPDATE public.flag SET stop = false");
      on_sleep_ = {};
    }
  };
  pace_.pause = milliseconds(50);
  EXPECT_EQ(fill(plain_fill()).rows, 20'000);
  EXPECT_TRUE(was_held);
}

TEST_F(WorkersTest, HeldUpTooLongTheyStopWithTheReason) {
  make_table(20'000);
  pace_.limits.throttle_file = "/";
  pace_.limits.max_wait = milliseconds(300);
  on_sleep_ = [](milliseconds time) { std::this_thread::sleep_for(time); };
  try {
    fill(plain_fill());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "backfill.throttled");
    EXPECT_THAT(error.message(), HasSubstr("the file / exists"));
  }
  EXPECT_EQ(unfilled(), "20000");
}

TEST_F(WorkersTest, APauseOrderIsHeardWhileTheyAreHeldUp) {
  make_table(20'000);
  pace_.limits.throttle_file = "/";
  const auto other = database_.session();
  state::Store orders(*other, sql::Identifier("pgexpand"));
  on_sleep_ = [&](milliseconds time) {
    if (sleeps_ == 2) {
      orders.set_paused("m", true, "ann");
    }
    std::this_thread::sleep_for(time);
  };
  EXPECT_EQ(fill(plain_fill()).outcome, Outcome::paused);
}

TEST_F(WorkersTest, APinnedHorizonMeansOnePassAndAWarning) {
  pace_.workers = 1;
  make_table(20'000);
  const auto old = database_.application();
  old->run(sql::Statement::verbatim("BEGIN ISOLATION LEVEL REPEATABLE READ"));
  old->run(sql::Statement::verbatim("SELECT FROM public.orders LIMIT 1"));
  std::this_thread::sleep_for(milliseconds(2'100));
  EXPECT_EQ(fill(plain_fill()).rows, 20'000);
  EXPECT_EQ(unfilled(), "0");
  EXPECT_THAT(reporter_.warnings,
              Contains(HasSubstr("pid " + std::to_string(old->backend_pid()))));
  const auto batches = reporter_.all.size();
  EXPECT_LT(batches, 20'000 / pace_.batch_rows * 2);
  old->run(sql::Statement::verbatim("COMMIT"));
}

}  // namespace
}  // namespace pgexpand::testing
