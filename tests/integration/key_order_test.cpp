// The fallback for tables whose blocks cannot be walked, on ordinary tables.
#include "integration/walk_fixture.hpp"

namespace pgexpand::testing {
namespace {

using backfill::Outcome;
using ::testing::ElementsAre;

class KeyOrder : public WalkTest {
 protected:
  KeyOrder() { pace_.key_order = true; }
};

TEST_F(KeyOrder, FillsEveryRowOnce) {
  make_table(10'000);
  EXPECT_EQ(fill(plain_fill()).rows, 10'000);
  EXPECT_EQ(unfilled(), "0");
  EXPECT_EQ(progress().key_after, "[\"10000\"]");
  EXPECT_EQ(reporter_.all.back().blocks_done,
            reporter_.all.back().blocks_total);
}

TEST_F(KeyOrder, WalksAKeyOfSeveralColumnsInItsOrder) {
  database_.exec(
      "CREATE TABLE public.orders (region text, id bytea, status text,"
      " fresh text, PRIMARY KEY (region, id));"
      "INSERT INTO public.orders SELECT 'it''s ' || g % 3,"
      " decode(md5(g::text), 'hex'), 's' FROM generate_series(1, 3000) AS g;"
      "ANALYZE public.orders");
  auto action = plain_fill();
  action.key = {sql::Identifier("region"), sql::Identifier("id")};
  EXPECT_EQ(fill(action).rows, 3'000);
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(KeyOrder, GoesOnFromTheLastKey) {
  make_table(10'000);
  in_pause(5, [&] { stop_ = true; });
  EXPECT_EQ(fill(plain_fill()).outcome, Outcome::stopped);
  EXPECT_EQ(progress().key_after, "[\"2500\"]");
  stop_ = false;
  EXPECT_EQ(fill(plain_fill()).rows, 10'000);
}

TEST_F(KeyOrder, ABatchThatSomebodyHasDeletedIsNotTheEnd) {
  make_table(10'000);
  in_pause(5, [&] {
    database_.exec("DELETE FROM public.orders WHERE id BETWEEN 2000 AND 8000");
  });
  fill(plain_fill());
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(KeyOrder, RowsDoneAlreadyAreNotTheEnd) {
  make_table(10'000);
  exec_unsynced(
      "UPDATE public.orders SET fresh = upper(status)"
      " WHERE id BETWEEN 2000 AND 8000");
  EXPECT_EQ(fill(plain_fill()).rows, 3'999);
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(KeyOrder, RowsWhoseValueFailsAreListedAndTheOthersFilled) {
  make_table(5'000);
  database_.exec(
      "UPDATE public.orders SET amount = 0 WHERE id IN (1, 4000, 4001)");
  EXPECT_EQ(fill(fill_by("(100 / t.amount)::text")).quarantined, 3);
  EXPECT_THAT(quarantined_keys(),
              ElementsAre("22012 1", "22012 4000", "22012 4001"));
  EXPECT_EQ(count("fresh IS NULL"), "3");
}

TEST_F(KeyOrder, LockedRowsAreWaitedForAfterTheOthers) {
  make_table(3'000);
  const auto holder = database_.application();
  holder->run(sql::Statement::verbatim("BEGIN"));
  holder->run(sql::Statement::verbatim(
      "SELECT FROM public.orders WHERE id < 400 FOR UPDATE"));
  on_sleep_ = [&](milliseconds) {
    if (!reporter_.waiting_for().empty()) {
      EXPECT_EQ(count("id BETWEEN 400 AND 500 AND fresh IS NULL"), "0");
      holder->run(sql::Statement::verbatim("ROLLBACK"));
      on_sleep_ = {};
    }
  };
  EXPECT_EQ(fill(plain_fill()).rows, 3'000);
  EXPECT_EQ(unfilled(), "0");
}

TEST_F(KeyOrder, AnEmptyTableIsDone) {
  make_table(0);
  EXPECT_EQ(fill(plain_fill()).outcome, Outcome::done);
  EXPECT_TRUE(progress().done);
}

TEST_F(KeyOrder, WithoutAKeyItIsRefused) {
  make_table(10);
  auto action = plain_fill();
  action.key.clear();
  try {
    fill(action);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "backfill.no-key");
  }
}

TEST_F(KeyOrder, Compares) {
  make_table(10'000);
  fill(plain_fill());
  exec_unsynced("UPDATE public.orders SET fresh = 'x' WHERE id IN (5, 9999)");
  const std::vector<plan::Comparison> asked{
      {.title = "fresh",
       .differs = {"t.fresh IS DISTINCT FROM upper(t.status)"},
       .repair = {}}};
  const plan::CompareRows action{.table = table_,
                                 .before_switch = {},
                                 .after_switch = {},
                                 .key = {sql::Identifier("id")}};
  const auto result = backfill::compare(action, asked, walk("c"), pace_);
  EXPECT_EQ(result.rows, 10'000);
  EXPECT_THAT(result.sample_keys, ElementsAre("5", "9999"));
}

}  // namespace
}  // namespace pgexpand::testing
