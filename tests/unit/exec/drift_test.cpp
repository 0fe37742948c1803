#include "exec/drift.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgexpand::exec {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

plan::Plan plan_on_status() {
  plan::Plan plan;
  plan.id = "m1";
  plan.tables.emplace_back();
  plan.tables[0].name = {sql::Identifier("public"), sql::Identifier("orders")};
  plan.tables[0].columns = {sql::Identifier("status")};
  plan.own = {sql::Identifier("~pgexpand_m1")};
  return plan;
}

TEST(Drift, TheSameLinesAreNone) {
  const std::vector<std::string> lines{"public.orders: column status text"};
  const Drift drift = compare_fingerprints(plan_on_status(), {}, lines, lines);
  EXPECT_THAT(drift.touched, IsEmpty());
  EXPECT_THAT(drift.other, IsEmpty());
}

TEST(Drift, AChangedColumnOfThePlanIsTouched) {
  const Drift drift = compare_fingerprints(
      plan_on_status(), {}, {"public.orders: column status text"},
      {"public.orders: column status integer"});
  EXPECT_THAT(drift.touched,
              ElementsAre("- public.orders: column status text",
                          "+ public.orders: column status integer"));
}

TEST(Drift, AnIndexOnAnotherColumnIsOther) {
  const Drift drift = compare_fingerprints(
      plan_on_status(), {}, {}, {"public.orders: index ix (status_v2)"});
  EXPECT_THAT(drift.touched, IsEmpty());
  EXPECT_THAT(drift.other,
              ElementsAre("+ public.orders: index ix (status_v2)"));
}

TEST(Drift, ADroppedTriggerOfThisMigrationIsTouched) {
  const Drift drift = compare_fingerprints(
      plan_on_status(), {}, {"public.orders: trigger ~pgexpand_m1"}, {});
  EXPECT_THAT(drift.touched,
              ElementsAre("- public.orders: trigger ~pgexpand_m1"));
}

TEST(Drift, WhatAnotherMigrationAddsIsNone) {
  const Drift drift =
      compare_fingerprints(plan_on_status(), {"~pgexpand_m2"}, {},
                           {"public.orders: trigger ~pgexpand_m2"});
  EXPECT_THAT(drift.touched, IsEmpty());
  EXPECT_THAT(drift.other, IsEmpty());
}

TEST(Drift, ANameLikeOursIsNotOurs) {
  const Drift drift =
      compare_fingerprints(plan_on_status(), {"~pgexpand_m2"}, {},
                           {"public.orders: column pgexpand_state integer"});
  EXPECT_THAT(drift.other,
              ElementsAre("+ public.orders: column pgexpand_state integer"));
}

}  // namespace
}  // namespace pgexpand::exec
