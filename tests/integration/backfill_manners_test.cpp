// A walk among others who lock, delete, move and rewrite what it walks over.
// What backfill_test.cpp says of one row is said here of whole batches.
#include "integration/walk_fixture.hpp"

#include <ostream>

namespace pgexpand::testing {
namespace {

using backfill::Outcome;

sql::Statement text(const std::string& sql) {
  return sql::Statement::verbatim(sql);
}

/// What somebody does to the rows of several batches, and how it ends.
struct Meddling {
  const char* name;
  const char* statement;
  const char* end;
  std::int64_t rows;  ///< What is left for the walk to fill, of 5,000.
};

void PrintTo(const Meddling& meddling, std::ostream* out) {
  *out << meddling.name;
}

class WholeBatches : public WalkTest,
                     public ::testing::WithParamInterface<Meddling> {};

TEST_P(WholeBatches, AreWaitedForAndNeverSkipped) {
  make_table(5'000);
  make_sync_trigger();
  const auto holder = database_.application();
  holder->run(text("BEGIN"));
  holder->run(text(GetParam().statement));
  std::string others;
  on_sleep_ = [&](milliseconds) {
    if (others.empty() && sleeps_ > 30 && !reporter_.waiting_for().empty()) {
      others = count("id BETWEEN 1 AND 900 AND fresh IS NULL");
      holder->run(text(GetParam().end));
    }
  };
  EXPECT_EQ(fill(plain_fill()).outcome, Outcome::done);
  EXPECT_EQ(others, "0") << "free rows were not done while it waited";
  EXPECT_EQ(unfilled(), "0");
  EXPECT_EQ(progress().rows, GetParam().rows);
}

INSTANTIATE_TEST_SUITE_P(
    OfOneHolder,
    WholeBatches,
    ::testing::Values(
        Meddling{"Locked",
                 "SELECT FROM public.orders WHERE id BETWEEN 901 AND 3000"
                 " FOR UPDATE",
                 "ROLLBACK", 5'000},
        Meddling{"DeletedInVain",
                 "DELETE FROM public.orders WHERE id BETWEEN 901 AND 3000",
                 "ROLLBACK", 5'000},
        Meddling{"Deleted",
                 "DELETE FROM public.orders WHERE id BETWEEN 901 AND 3000",
                 "COMMIT", 2'900},
        Meddling{"ChangedInVain",
                 "UPDATE public.orders SET status = 'x', note = repeat('y', 90)"
                 " WHERE id BETWEEN 901 AND 3000",
                 "ROLLBACK", 5'000},
        Meddling{"MovedToOtherKeys",
                 "UPDATE public.orders SET id = id + 10000"
                 " WHERE id BETWEEN 901 AND 3000",
                 "COMMIT", 2'900}),
    [](const auto& test) { return std::string(test.param.name); });

class Manners : public WalkTest {
 protected:
  /// walk(), with `meddle` when it asks the `batch`-th time whether to stop: it
  /// does so before each batch at least.
  backfill::Walk meddled(int batch, std::function<void()> meddle) {
    const auto plain = walk();
    const auto ask = [this, batch, meddle = std::move(meddle)] {
      if (++begun_ == batch) {
        meddle();
      }
      return false;
    };
    return {.migration = plain.migration,
            .step = plain.step,
            .epoch = plain.epoch,
            .state_schema = plain.state_schema,
            .session = plain.session,
            .reporter = plain.reporter,
            .should_stop = ask,
            .sleep = plain.sleep,
            .open_session = plain.open_session};
  }

 private:
  int begun_ = 0;
};

TEST_F(Manners, ALongSnapshotSeesTheOldRowsAndLosesNoneOfTheNew) {
  make_table(10'000);
  const auto reader = database_.application();
  const auto seen = [&] {
    return reader
        ->run(text("SELECT count(*) FROM public.orders WHERE fresh IS NULL"))
        .single();
  };
  std::string before;
  in_pause(5, [&] {
    reader->run(text("BEGIN ISOLATION LEVEL REPEATABLE READ"));
    before = seen().value_or("");
  });
  EXPECT_EQ(fill(plain_fill()).rows, 10'000);
  EXPECT_EQ(unfilled(), "0");
  EXPECT_GT(std::stoi(before), 0);
  EXPECT_EQ(seen(), before);
}

TEST_F(Manners, ATableThatGrowsFasterThanItIsFilledHasAnEnd) {
  make_table(5'000);
  make_sync_trigger();
  int added = 0;
  on_sleep_ = [&](milliseconds) {
    added += 700;
    database_.query(
        "INSERT INTO public.orders (id, status, note) SELECT g, 'new',"
        " repeat('n', 60) FROM generate_series(5001 + " +
        std::to_string(added) + " - 700, 5000 + " + std::to_string(added) +
        ") AS g");
  };
  const auto blocks =
      database_.query_one("SELECT pg_relation_size('public.orders') / 8192");
  EXPECT_EQ(fill(plain_fill()).rows, 5'000);
  EXPECT_GT(added, 5'000);
  EXPECT_EQ(unfilled(), "0");
  EXPECT_EQ(
      database_.query_one("SELECT max(bound_block) FROM pgexpand.progress"),
      blocks);
}

/// One row is left to do, and moves to the table's first page while a walk that
/// found nothing yet is behind that page and before the row.
class AMovingRow : public Manners {
 protected:
  AMovingRow() {
    make_table(10'000);
    database_.exec(
        "ALTER TABLE public.orders ALTER note SET STORAGE PLAIN;"
        "UPDATE public.orders SET fresh = upper(status) WHERE id <> 9000;"
        "CLUSTER public.orders USING orders_pkey; ANALYZE public.orders;"
        "DELETE FROM public.orders WHERE id < 200; VACUUM public.orders;");
    pace_.passes = 1;
  }
  void move() {
    const auto is_moved = database_.query_one(
        "UPDATE public.orders SET note = repeat('m', 6000) WHERE id = 9000"
        " RETURNING ctid < '(2,0)'");
    EXPECT_EQ(is_moved, "t");
  }
};

TEST_F(AMovingRow, IsFilledWithoutATriggerToo) {
  auto action = plain_fill();
  action.until_clean = true;
  constexpr int batch = 8;
  EXPECT_EQ(backfill::fill(action, meddled(batch, [&] { move(); }), pace_).rows,
            1);
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(AMovingRow, IsSeenByVerify) {
  pace_.batch_rows = 50;  // Verify reads ten times that.
  const std::vector<plan::Comparison> comparisons{
      {.title = "no row is left to fill",
       .differs = {"t.fresh IS DISTINCT FROM upper(t.status)"}}};
  const plan::CompareRows action{
      .table = table_, .key = {}, .one_snapshot = true};
  constexpr int batch = 8;
  EXPECT_EQ(backfill::compare(action, comparisons,
                              meddled(batch, [&] { move(); }), pace_)
                .differences,
            1);
}

TEST_F(Manners, HugeValuesThatAreReadMakeTheNextBatchesSmall) {
  make_table(2'000);
  database_.exec(
      "UPDATE public.orders SET note = repeat('x', 8 * 1024 * 1024)"
      " WHERE id % 1000 < 25; VACUUM FULL public.orders;");
  pace_.passes = 1;
  pace_.batch_target = milliseconds(40);
  fill(fill_by("md5(t.note)"));
  EXPECT_EQ(count("fresh IS DISTINCT FROM md5(note)"), "0");
  std::int64_t smallest = 2'000;
  for (std::size_t i = 1; i + 1 < reporter_.all.size(); ++i) {
    const auto rows = reporter_.all[i].rows - reporter_.all[i - 1].rows;
    smallest = rows > 0 ? std::min(smallest, rows) : smallest;
  }
  EXPECT_LT(smallest, 100) << "no batch became smaller";
}

}  // namespace
}  // namespace pgexpand::testing
