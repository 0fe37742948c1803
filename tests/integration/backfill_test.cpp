#include "integration/walk_fixture.hpp"

#include <atomic>
#include <thread>

namespace pgexpand::testing {
namespace {

using backfill::Outcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class BackfillTest : public WalkTest {
 protected:
  std::string waiting_in_state() {
    return database_.query_one("SELECT waiting_for FROM pgexpand.progress")
        .value_or("");
  }
};

sql::Statement text(const std::string& sql) {
  return sql::Statement::verbatim(sql);
}

/// Writes rows, moves them to other pages and deletes some, until told to stop.
class BusyApplication {
 public:
  explicit BusyApplication(const TestDatabase& database)
      : session_(database.application()), thread_([this] { run(); }) {}
  ~BusyApplication() { finish(); }
  void finish() {
    stop_ = true;
    if (thread_.joinable()) {
      thread_.join();
    }
  }

 private:
  void run() {
    for (int i = 0; !stop_; ++i) {
      const auto number = std::to_string(i);
      session_->run(text("UPDATE public.orders SET status = 'w" + number +
                         "', note = repeat('m', 50 + " + number +
                         " % 150) WHERE id % 997 = " + number + " % 997"));
      session_->run(text("DELETE FROM public.orders WHERE id = " + number));
      session_->run(
          text("INSERT INTO public.orders (id, status, note) VALUES"
               " (1000000 + " +
               number + ", 'i', 'new')"));
    }
  }

  std::unique_ptr<pg::Session> session_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

TEST_F(BackfillTest, FillsEveryRowOnce) {
  make_table(20'000);
  const auto result = fill(plain_fill());
  EXPECT_EQ(result.outcome, Outcome::done);
  EXPECT_EQ(result.rows, 20'000);
  EXPECT_EQ(unfilled(), "0");
  EXPECT_TRUE(progress().done);
}

TEST_F(BackfillTest, MostUpdatesAreHot) {
  make_table(20'000);
  fill(plain_fill());
  EXPECT_GT(progress().hot_rows, 14'000);
  EXPECT_GT(reporter_.all.back().hot_share, 0.7);
}

TEST_F(BackfillTest, NoBatchIsMuchLargerThanAllowed) {
  make_table(20'000);
  fill(plain_fill());
  std::int64_t before = 0;
  for (const auto& progress : reporter_.all) {
    EXPECT_LE(progress.rows - before, 600);
    before = progress.rows;
  }
}

TEST_F(BackfillTest, ProgressOnlyGrowsAndEndsAtTheTotal) {
  make_table(5'000);
  fill(plain_fill());
  std::int64_t before = 0;
  for (const auto& progress : reporter_.all) {
    EXPECT_GE(progress.blocks_done, before);
    before = progress.blocks_done;
  }
  EXPECT_EQ(before, reporter_.all.back().blocks_total);
}

TEST_F(BackfillTest, LeavesNothingBehindBesideWritersThatMoveRows) {
  make_table(20'000);
  make_sync_trigger();
  BusyApplication application(database_);
  const auto result = fill(plain_fill());
  application.finish();
  EXPECT_EQ(result.outcome, Outcome::done);
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(BackfillTest, AFinishedWalkDoesNothingMore) {
  make_table(2'000);
  fill(plain_fill());
  reporter_.all.clear();
  EXPECT_EQ(fill(plain_fill()).rows, 2'000);
  EXPECT_THAT(reporter_.all, IsEmpty());
}

TEST_F(BackfillTest, GoesOnFromTheLastCommitAfterALostLink) {
  make_table(10'000);
  in_pause(5, [&] {
    database_.query("SELECT pg_terminate_backend(" +
                    std::to_string(session_->backend_pid()) + ", 5000)");
  });
  EXPECT_THROW(fill(plain_fill()), Error);
  const auto done_before = std::stoll(count("fresh IS NOT NULL"));
  EXPECT_GT(done_before, 0);
  const auto fresh = database_.session();
  state::Store store(*fresh, sql::Identifier("pgexpand"));
  EXPECT_EQ(store.progress("m").at(0).rows, done_before);
  auto again = walk();
  const backfill::Walk second{
      again.migration,    again.step,  again.epoch,
      again.state_schema, *fresh,      again.reporter,
      again.should_stop,  again.sleep, again.open_session};
  EXPECT_EQ(backfill::fill(plain_fill(), second, pace_).rows, 10'000);
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(BackfillTest, StopsBetweenBatchesAndGoesOnLater) {
  make_table(10'000);
  in_pause(3, [&] { stop_ = true; });
  EXPECT_EQ(fill(plain_fill()).outcome, Outcome::stopped);
  EXPECT_NE(unfilled(), "0");
  stop_ = false;
  EXPECT_EQ(fill(plain_fill()).rows, 10'000);
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(BackfillTest, WaitsForALockedRowAfterDoingTheOthers) {
  make_table(3'000);
  const auto holder = database_.application();
  holder->run(text("BEGIN"));
  holder->run(text("UPDATE public.orders SET note = 'x' WHERE id = 7"));
  std::string waited_for;
  on_sleep_ = [&](milliseconds) {
    if (waited_for.empty() && sleeps_ > 20 &&
        !reporter_.waiting_for().empty()) {
      waited_for = waiting_in_state();
      EXPECT_EQ(count("id < 100 AND id <> 7 AND fresh IS NULL"), "0");
      holder->run(text("ROLLBACK"));
    }
  };
  EXPECT_EQ(fill(plain_fill()).outcome, Outcome::done);
  EXPECT_THAT(waited_for,
              HasSubstr("pid " + std::to_string(holder->backend_pid())));
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(BackfillTest, AStopEndsTheWaitForALockedRow) {
  make_table(3'000);
  const auto holder = database_.application();
  holder->run(text("BEGIN"));
  holder->run(text("SELECT FROM public.orders WHERE id = 7 FOR UPDATE"));
  on_sleep_ = [&](milliseconds) {
    stop_ = stop_ || !reporter_.waiting_for().empty();
  };
  EXPECT_EQ(fill(plain_fill()).outcome, Outcome::stopped);
  holder->run(text("ROLLBACK"));
  stop_ = false;
  fill(plain_fill());
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(BackfillTest, WaitsForALockedTable) {
  make_table(3'000);
  const auto holder = database_.application();
  holder->run(text("BEGIN"));
  holder->run(text("LOCK TABLE public.orders IN SHARE MODE"));
  in_pause(2, [&] { holder->run(text("COMMIT")); });
  EXPECT_EQ(fill(plain_fill()).rows, 3'000);
}

TEST_F(BackfillTest, RowsWhoseValueFailsAreListedAndTheOthersFilled) {
  make_table(10'000);
  database_.exec(
      "UPDATE public.orders SET amount = 0 WHERE id IN (1, 4000, 4001)");
  const auto result = fill(fill_by("(100 / t.amount)::text"));
  EXPECT_EQ(result.outcome, Outcome::done);
  EXPECT_EQ(result.quarantined, 3);
  EXPECT_THAT(quarantined_keys(),
              ElementsAre("22012 1", "22012 4000", "22012 4001"));
  EXPECT_EQ(count("fresh IS NULL"), "3");
}

TEST_F(BackfillTest, AFunctionThatRaisesIsARowsFault) {
  make_table(2'000);
  database_.exec(
      "CREATE FUNCTION public.up(bigint) RETURNS text LANGUAGE plpgsql AS $$"
      "BEGIN IF $1 = 77 THEN RAISE 'not this one'; END IF;"
      " RETURN $1::text; END$$");
  fill(fill_by("public.up(t.id)"));
  EXPECT_THAT(quarantined_keys(), ElementsAre("P0001 77"));
  EXPECT_EQ(count("fresh IS NULL"), "1");
}

TEST_F(BackfillTest, AConstraintCheckedAtCommitIsARowsFault) {
  make_table(2'000);
  database_.exec(
      "ALTER TABLE public.orders ADD UNIQUE (fresh)"
      " DEFERRABLE INITIALLY DEFERRED");
  fill(fill_by("CASE t.id WHEN 11 THEN '10' ELSE t.id::text END"));
  EXPECT_THAT(quarantined_keys(), SizeIs(1));
  EXPECT_EQ(count("fresh IS NULL"), "1");
}

TEST_F(BackfillTest, AMissingColumnIsNoRowsFault) {
  make_table(2'000);
  try {
    fill(fill_by("t.no_such_column"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.sqlstate(), "42703");
  }
  EXPECT_THAT(quarantined_keys(), IsEmpty());
}

TEST_F(BackfillTest, ACancelledBatchIsTriedWithLess) {
  make_table(2'000);
  database_.exec(
      "CREATE SEQUENCE public.calls;"
      "CREATE FUNCTION public.up(text) RETURNS text LANGUAGE plpgsql AS $$"
      "BEGIN IF nextval('public.calls') = 300 THEN"
      " RAISE query_canceled; END IF; RETURN upper($1); END$$");
  EXPECT_EQ(fill(fill_by("public.up(t.status)")).rows, 2'000);
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(BackfillTest, ARewrittenTableIsWalkedFromItsBeginning) {
  make_table(10'000);
  in_pause(12, [&] { database_.exec("VACUUM FULL public.orders"); });
  const auto before =
      database_.query_one("SELECT pg_relation_filenode('public.orders')");
  fill(plain_fill());
  EXPECT_NE(std::to_string(progress().relfilenode), before);
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(BackfillTest, ATableRewrittenBetweenTwoRunsIsWalkedFromItsBeginning) {
  make_table(10'000);
  in_pause(15, [&] { stop_ = true; });
  EXPECT_EQ(fill(plain_fill()).outcome, Outcome::stopped);
  database_.exec(
      "CLUSTER public.orders USING orders_pkey;"
      "INSERT INTO public.orders (id, status) SELECT g, 'x'"
      " FROM generate_series(20001, 20100) AS g");
  stop_ = false;
  fill(plain_fill());
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(BackfillTest, WithoutATriggerPassesRepeatUntilOneIsClean) {
  make_table(5'000);
  in_pause(5, [&] {
    database_.exec(
        "INSERT INTO public.orders (id, status) SELECT g, 'late'"
        " FROM generate_series(10001, 10100) AS g");
  });
  auto action = plain_fill();
  action.until_clean = true;
  const auto result = fill(action);
  EXPECT_EQ(result.rows, 5'100);
  EXPECT_GE(progress().round, 1);
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(BackfillTest, APauseOrderStopsItAndNamesWhoGaveIt) {
  make_table(5'000);
  const auto other = database_.session();
  state::Store orders(*other, sql::Identifier("pgexpand"));
  in_pause(2, [&] { orders.set_paused("m", true, "ann"); });
  const auto result = fill(plain_fill());
  EXPECT_EQ(result.outcome, Outcome::paused);
  EXPECT_EQ(result.paused_by, "ann");
  orders.set_paused("m", false, "ann");
  EXPECT_EQ(fill(plain_fill()).rows, 5'000);
}

TEST_F(BackfillTest, ATableWithARuleIsFilledAndCounted) {
  make_table(1'200);
  database_.exec(
      "CREATE TABLE public.log (id bigint); CREATE RULE also AS ON UPDATE TO"
      " public.orders DO ALSO INSERT INTO public.log VALUES (NEW.id)");
  EXPECT_EQ(fill(plain_fill()).rows, 1'200);
  EXPECT_EQ(unfilled(), "0");
  EXPECT_EQ(progress().rows, 1'200);
}

TEST_F(BackfillTest, LiveSettingsHoldFromTheNextBatchOn) {
  make_table(5'000);
  const auto other = database_.session();
  state::Store orders(*other, sql::Identifier("pgexpand"));
  std::vector<milliseconds> pauses;
  on_sleep_ = [&](milliseconds time) {
    pauses.push_back(time);
    if (sleeps_ == 1) {
      orders.set_live("m", {{"batch_rows", 100}, {"pause_ms", 7}});
    }
  };
  fill(plain_fill());
  EXPECT_EQ(pauses.at(0), milliseconds(1));
  EXPECT_EQ(pauses.at(1), milliseconds(7));
  EXPECT_GT(pauses.size(), 40U);
}

TEST_F(BackfillTest, AnotherRunnersEpochStopsIt) {
  make_table(5'000);
  const auto other = database_.session();
  state::Store rival(*other, sql::Identifier("pgexpand"));
  in_pause(2, [&] { rival.take_over("m"); });
  try {
    fill(plain_fill());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "runner.fenced");
  }
  EXPECT_NE(unfilled(), "0");
}

TEST_F(BackfillTest, UserTriggersAreSkippedWhereThatIsSafe) {
  make_table(1'000);
  database_.exec(
      "CREATE TABLE public.audit (id bigint);"
      "CREATE FUNCTION public.audit() RETURNS trigger LANGUAGE plpgsql AS $$"
      "BEGIN INSERT INTO public.audit VALUES (NEW.id); RETURN NEW; END$$;"
      "CREATE TRIGGER audit AFTER UPDATE ON public.orders"
      " FOR EACH ROW EXECUTE FUNCTION public.audit()");
  auto action = plain_fill();
  action.may_skip_user_triggers = true;
  fill(action);
  EXPECT_EQ(database_.query_one("SELECT count(*) FROM public.audit"), "0");
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(BackfillTest, UserTriggersFireWhereSkippingIsNotSafe) {
  make_table(1'000);
  database_.exec(
      "CREATE FUNCTION public.stamp() RETURNS trigger LANGUAGE plpgsql AS $$"
      "BEGIN NEW.note := 'stamped'; RETURN NEW; END$$;"
      "CREATE TRIGGER stamp BEFORE UPDATE ON public.orders"
      " FOR EACH ROW EXECUTE FUNCTION public.stamp()");
  fill(plain_fill());
  EXPECT_EQ(count("note = 'stamped'"), "1000");
}

TEST_F(BackfillTest, AnEmptyTableIsDoneAtOnce) {
  make_table(0);
  EXPECT_EQ(fill(plain_fill()).rows, 0);
  EXPECT_TRUE(progress().done);
}

TEST_F(BackfillTest, OneRowIsATable) {
  make_table(1);
  EXPECT_EQ(fill(plain_fill()).rows, 1);
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(BackfillTest, DeadPagesAreWalkedOver) {
  make_table(10'000);
  database_.exec("DELETE FROM public.orders WHERE id < 2000 OR id > 5000");
  EXPECT_EQ(fill(plain_fill()).rows, 3'001);
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(BackfillTest, ATableNeverAnalyzedIsFilled) {
  make_table(0);
  database_.exec(
      "INSERT INTO public.orders (id, status) SELECT g, 's'"
      " FROM generate_series(1, 5000) AS g");
  EXPECT_EQ(fill(plain_fill()).rows, 5'000);
}

TEST_F(BackfillTest, HugeValuesAmongSmallRowsMakeTheFirstBatchesSmall) {
  make_table(2'000);
  database_.exec(
      "ALTER TABLE public.orders ALTER COLUMN note SET STORAGE EXTERNAL;"
      "UPDATE public.orders SET note = repeat('x', 8 * 1024 * 1024)"
      " WHERE id IN (3, 1000, 1999)");
  EXPECT_EQ(fill(plain_fill()).rows, 2'000);
  EXPECT_EQ(unfilled(), "0");
}

}  // namespace
}  // namespace pgexpand::testing
