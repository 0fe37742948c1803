#include "integration/walk_fixture.hpp"

namespace pgexpand::testing {
namespace {

using backfill::Outcome;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class VerifyTest : public WalkTest {
 protected:
  /// A table that is filled already.
  void make_filled_table(int rows) {
    make_table(rows);
    database_.exec(
        "UPDATE public.orders SET fresh = upper(status);"
        "VACUUM FULL ANALYZE public.orders");
    make_sync_trigger();
  }

  void use(const std::string& up) {
    comparisons_ = {
        {.title = "fresh = " + up,
         .differs = {"t.fresh IS DISTINCT FROM " + up},
         .repair = plan::Assignment{sql::Identifier("fresh"), {up}}}};
  }

  backfill::CompareResult compare() {
    return backfill::compare(action_, comparisons_, walk("verify"), pace_);
  }
  std::int64_t repair() {
    return backfill::repair(action_, comparisons_, walk("verify:repair"),
                            pace_);
  }

  plan::CompareRows action_{.table = table_, .key = {sql::Identifier("id")}};
  std::vector<plan::Comparison> comparisons_{
      {.title = "fresh = upper(status)",
       .differs = {"t.fresh IS DISTINCT FROM upper(t.status)"},
       .repair =
           plan::Assignment{sql::Identifier("fresh"), {"upper(t.status)"}}}};
};

TEST_F(VerifyTest, AFilledTableIsClean) {
  make_filled_table(20'000);
  const auto result = compare();
  EXPECT_EQ(result.outcome, Outcome::done);
  EXPECT_EQ(result.rows, 20'000);
  EXPECT_EQ(result.differences, 0);
  EXPECT_THAT(result.titles, IsEmpty());
}

TEST_F(VerifyTest, AnEmptyTableIsClean) {
  make_filled_table(0);
  EXPECT_EQ(compare().differences, 0);
}

TEST_F(VerifyTest, FindsOneWrongRowAndNamesIt) {
  make_filled_table(20'000);
  exec_unsynced("UPDATE public.orders SET fresh = 'no' WHERE id = 12345");
  const auto result = compare();
  EXPECT_EQ(result.differences, 1);
  EXPECT_THAT(result.titles, ElementsAre("fresh = upper(status)"));
  EXPECT_THAT(result.sample_keys, ElementsAre("12345"));
}

TEST_F(VerifyTest, NamesTenRowsAtMost) {
  make_filled_table(20'000);
  exec_unsynced("UPDATE public.orders SET fresh = 'no' WHERE id % 100 = 0");
  const auto result = compare();
  EXPECT_EQ(result.differences, 200);
  EXPECT_THAT(result.sample_keys, SizeIs(10));
}

TEST_F(VerifyTest, SeesRowsThatAppearBehindItsEnd) {
  make_filled_table(20'000);
  in_pause(1, [&] {
    exec_unsynced(
        "INSERT INTO public.orders (id, status) SELECT g, 'late'"
        " FROM generate_series(30001, 32000) AS g");
  });
  EXPECT_EQ(compare().differences, 2'000);
}

TEST_F(VerifyTest, NamesOnlyTheComparisonThatFailed) {
  make_filled_table(100);
  comparisons_.push_back(
      {.title = "amount is 1", .differs = {"t.amount <> 1"}, .repair = {}});
  database_.exec("UPDATE public.orders SET amount = 2 WHERE id IN (5, 6)");
  const auto result = compare();
  EXPECT_EQ(result.differences, 2);
  EXPECT_THAT(result.titles, ElementsAre("amount is 1"));
}

TEST_F(VerifyTest, ARowThatDiffersTwiceIsOneRow) {
  make_filled_table(100);
  comparisons_.push_back(
      {.title = "amount is 1", .differs = {"t.amount <> 1"}, .repair = {}});
  exec_unsynced(
      "UPDATE public.orders SET amount = 2, fresh = 'no' WHERE id = 5");
  EXPECT_EQ(compare().differences, 1);
}

TEST_F(VerifyTest, AComparisonThatFailsOnARowIsADifference) {
  make_table(5'000);
  use("(100 / t.amount)::text");
  database_.exec(
      "UPDATE public.orders SET fresh = '100';"
      "UPDATE public.orders SET amount = 0 WHERE id IN (10, 4000)");
  const auto result = compare();
  EXPECT_EQ(result.rows, 5'000);
  EXPECT_EQ(result.differences, 2);
  EXPECT_THAT(result.sample_keys,
              ::testing::UnorderedElementsAre("10", "4000"));
  EXPECT_THAT(result.titles, SizeIs(1));
}

TEST_F(VerifyTest, AComparisonThatFailsOnEveryRowIsAnError) {
  make_filled_table(5'000);
  use("t.no_such_column");
  EXPECT_THROW(compare(), Error);
}

TEST_F(VerifyTest, AComparisonThatFailsOnOnePageIsAnErrorToo) {
  make_filled_table(5);
  use("t.no_such_column");
  EXPECT_THROW(compare(), Error);
}

TEST_F(VerifyTest, GoesOnWhereItStopped) {
  make_filled_table(20'000);
  in_pause(1, [&] { stop_ = true; });
  const auto first = compare();
  EXPECT_EQ(first.outcome, Outcome::stopped);
  EXPECT_LT(first.rows, 20'000);
  stop_ = false;
  const auto events = reporter_.all.size();
  EXPECT_EQ(compare().rows, 20'000);
  EXPECT_GT(reporter_.all.at(events).rows, first.rows);
}

TEST_F(VerifyTest, ANewRunLooksAtEveryRowAgain) {
  make_filled_table(20'000);
  EXPECT_EQ(compare().differences, 0);
  exec_unsynced("UPDATE public.orders SET fresh = 'no' WHERE id = 1");
  const auto again = compare();
  EXPECT_EQ(again.rows, 20'000);
  EXPECT_EQ(again.differences, 1);
}

TEST_F(VerifyTest, ATableRewrittenMeanwhileIsComparedFromItsBeginning) {
  make_filled_table(20'000);
  in_pause(2, [&] { database_.exec("VACUUM FULL public.orders"); });
  const auto result = compare();
  EXPECT_EQ(result.rows, 20'000);
  EXPECT_EQ(result.differences, 0);
}

TEST_F(VerifyTest, APauseOrderStopsIt) {
  make_filled_table(20'000);
  const auto other = database_.session();
  state::Store orders(*other, sql::Identifier("pgexpand"));
  orders.set_paused("m", true, "ann");
  const auto result = compare();
  EXPECT_EQ(result.outcome, Outcome::paused);
  EXPECT_EQ(result.paused_by, "ann");
}

TEST_F(VerifyTest, ARepairedTableIsClean) {
  make_filled_table(20'000);
  exec_unsynced("UPDATE public.orders SET fresh = 'no' WHERE id % 10 = 0");
  EXPECT_EQ(compare().differences, 2'000);
  EXPECT_EQ(repair(), 2'000);
  EXPECT_EQ(compare().differences, 0);
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(VerifyTest, ARepairLeavesWhatItCannotMend) {
  make_filled_table(100);
  comparisons_.at(0).repair.reset();
  exec_unsynced("UPDATE public.orders SET fresh = 'no' WHERE id = 1");
  EXPECT_EQ(repair(), 0);
  EXPECT_EQ(compare().differences, 1);
}

TEST_F(VerifyTest, ARowThatWorksAgainLeavesQuarantine) {
  make_table(3'000);
  use("(100 / t.amount)::text");
  database_.exec("UPDATE public.orders SET amount = 0 WHERE id IN (10, 20)");
  fill(fill_by("(100 / t.amount)::text"));
  EXPECT_EQ(compare().quarantined, 2);
  database_.exec("UPDATE public.orders SET amount = 4 WHERE id = 10");
  EXPECT_EQ(repair(), 1);
  const auto after = compare();
  EXPECT_EQ(after.quarantined, 1);
  EXPECT_EQ(after.differences, 1);
  EXPECT_THAT(quarantined_keys(), ElementsAre("22012 20"));
}

TEST_F(VerifyTest, ARepairThatWasStoppedGoesOn) {
  make_filled_table(20'000);
  exec_unsynced("UPDATE public.orders SET fresh = 'no'");
  in_pause(3, [&] { stop_ = true; });
  const auto first = repair();
  EXPECT_LT(first, 20'000);
  stop_ = false;
  EXPECT_EQ(repair(), 20'000);
  EXPECT_THAT(progress("verify:repair").step, IsEmpty());
}

}  // namespace
}  // namespace pgexpand::testing
