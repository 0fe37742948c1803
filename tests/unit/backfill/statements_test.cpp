#include "backfill/statements.hpp"

#include <gmock/gmock.h>

namespace pgexpand::backfill {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

plan::BackfillRows fill() {
  return {.table = {sql::Identifier("shop"), sql::Identifier("orders")},
          .assign = {{sql::Identifier("fresh"), {"upper(t.\"old\")"}}},
          .pending = {"a OR b"},
          .key = {sql::Identifier("id"), sql::Identifier("part")}};
}

TEST(StatementsTest, APassAsksTheUsersExpressionOnlyOfItsShare) {
  const auto text =
      update_rows(fill(), Blocks{5, 9}, {.number = 2, .of = 8}).text();
  EXPECT_THAT(text, HasSubstr("UPDATE ONLY \"shop\".\"orders\" AS t SET"));
  EXPECT_THAT(text, HasSubstr("t.ctid >= '(5,0)'::tid"));
  EXPECT_THAT(text, HasSubstr("t.ctid < '(9,0)'::tid"));
  EXPECT_THAT(text,
              HasSubstr("CASE WHEN get_byte(decode('0001020304050607000102"));
  EXPECT_THAT(text, HasSubstr("', 'hex'), get_byte(tidsend(t.ctid), 5)) = 2"
                              " THEN (a OR b) ELSE false END"));
}

TEST(StatementsTest, TheSweepTakesEveryShare) {
  const auto text =
      update_rows(fill(), Blocks{5, 9}, {.number = 7, .of = 8}).text();
  EXPECT_THAT(text, Not(HasSubstr("get_byte")));
  EXPECT_THAT(text, HasSubstr("AND (a OR b)"));
}

TEST(StatementsTest, FreeRowsAreLockedBeforeTheyAreWritten) {
  const auto text = update_free_rows(fill(), Blocks{5, 9}, {}).text();
  EXPECT_THAT(text, HasSubstr("FOR NO KEY UPDATE SKIP LOCKED"));
  EXPECT_THAT(text, HasSubstr("AND (a OR b)"));
}

TEST(StatementsTest, ARowInQuarantineIsNamedByItsWholeKey) {
  EXPECT_THAT(update_each_row(fill(), Blocks{5, 6}).text(),
              HasSubstr("t.\"id\"::text, t.\"part\"::text"));
}

TEST(StatementsTest, ARowWithoutKeyIsNamedByItsPlace) {
  auto keyless = fill();
  keyless.key.clear();
  EXPECT_THAT(update_each_row(keyless, Blocks{5, 6}).text(),
              HasSubstr("t.ctid::text AS key"));
}

TEST(StatementsTest, EachComparisonIsCountedAndAllTogether) {
  const std::vector<plan::Comparison> asked{
      {.title = "one", .differs = {"p"}, .repair = {}},
      {.title = "two", .differs = {"q"}, .repair = {}}};
  EXPECT_THAT(count_differences(fill().table, asked, Blocks{0, 4}).text(),
              HasSubstr("SELECT count(*), count(*) FILTER (WHERE (p) OR (q)),"
                        " count(*) FILTER (WHERE p),"
                        " count(*) FILTER (WHERE q)"));
}

}  // namespace
}  // namespace pgexpand::backfill
