#include "pgexpand/plan/plan.hpp"

#include <gmock/gmock.h>

namespace pgexpand::plan {
namespace {

using sql::Identifier;
using sql::Statement;
using testing::ElementsAre;

const sql::TableName orders{Identifier("public"), Identifier("orders")};

std::vector<std::string> texts(const Action& action) {
  std::vector<std::string> result;
  for (const auto& statement : statements_of(action)) {
    result.push_back(statement.text());
  }
  return result;
}

TEST(PlanNames, EveryPhaseReadsBack) {
  for (const Phase phase : phases) {
    EXPECT_EQ(phase_from_name(name(phase)), phase);
  }
  EXPECT_EQ(name(Phase::switch_over), "switch");
  EXPECT_EQ(phase_from_name("switch_over"), std::nullopt);
}

TEST(PlanNames, ALockSaysWhatItBlocks) {
  EXPECT_EQ(name(LockMode::share_row_exclusive), "SHARE ROW EXCLUSIVE");
  EXPECT_EQ(name(LockMode::none), "");
  EXPECT_EQ(blocks(LockMode::access_exclusive), "reads, writes");
  EXPECT_EQ(blocks(LockMode::share), "writes");
  EXPECT_EQ(blocks(LockMode::share_update_exclusive), "");
}

TEST(StatementsOf, WhatRunsIsShown) {
  EXPECT_THAT(texts(RunSql{{Statement::of("SELECT 1")}}),
              ElementsAre("SELECT 1"));
  EXPECT_THAT(texts(BuildIndex{.create = Statement::of("CREATE INDEX a")}),
              ElementsAre("CREATE INDEX a"));
}

TEST(StatementsOf, ABatchShowsItsWindow) {
  const BackfillRows fill{
      .table = orders,
      .assign = {{Identifier("a"), {"t.b"}}, {Identifier("c"), {"1"}}},
      .pending = {"t.a IS NULL OR t.c IS NULL"}};
  EXPECT_THAT(
      texts(fill),
      ElementsAre("UPDATE ONLY \"public\".\"orders\" AS t SET \"a\" = t.b, "
                  "\"c\" = 1 WHERE t.ctid >= $1 AND t.ctid < $2 AND "
                  "(t.a IS NULL OR t.c IS NULL)"));
  EXPECT_EQ(update_clause(fill),
            "UPDATE ONLY \"public\".\"orders\" AS t SET \"a\" = t.b, \"c\" = "
            "1");
}

TEST(StatementsOf, AComparisonIsACount) {
  const CompareRows compare{.table = orders,
                            .before_switch = {{"a = b", {"t.a <> t.b"}, {}}}};
  EXPECT_THAT(texts(compare),
              ElementsAre("SELECT count(*) FILTER (WHERE t.a <> t.b) FROM ONLY "
                          "\"public\".\"orders\" AS t WHERE t.ctid >= $1 AND "
                          "t.ctid < $2"));
}

TEST(Plan, StepsOfAPhaseKeepTheirOrder) {
  const Plan plan{.steps = {{.id = "a", .phase = Phase::expand},
                            {.id = "b", .phase = Phase::contract},
                            {.id = "c", .phase = Phase::expand}}};
  const auto found = plan.steps_of(Phase::expand);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0]->id, "a");
  EXPECT_EQ(found[1]->id, "c");
}

}  // namespace
}  // namespace pgexpand::plan
