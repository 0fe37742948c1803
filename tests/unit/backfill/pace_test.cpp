#include "pgexpand/backfill/engine.hpp"

#include <gtest/gtest.h>

namespace pgexpand::backfill {
namespace {

TEST(PaceTest, EveryValueCanBeChangedAndReadsBack) {
  state::WalkSettings changes;
  for (const auto& [name, value] : values_of(Pace{})) {
    changes[name] = name == "wait_while_pinned" ? 1 : value + 7;
  }
  EXPECT_EQ(values_of(with(Pace{}, changes)), changes);
}

TEST(PaceTest, MinusOneSwitchesALimitOff) {
  const Pace pace = with(Pace{}, {{"max_lag_ms", -1}});
  EXPECT_EQ(pace.limits.max_lag, std::nullopt);
  EXPECT_EQ(values_of(pace).at("max_lag_ms"), -1);
}

TEST(PaceTest, WhatIsNotChangedStays) {
  const Pace pace = with({.batch_rows = 5}, {{"pause_ms", 3}});
  EXPECT_EQ(pace.batch_rows, 5);
  EXPECT_EQ(pace.pause, milliseconds(3));
}

}  // namespace
}  // namespace pgexpand::backfill
