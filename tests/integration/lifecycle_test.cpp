// What every operation promises, tried on its example: a second run does
// nothing, nothing of ours is left, rollback restores the start, and neither a
// kill -9 nor a broken link changes the end.
//
// Short form: --gtest_filter='*Lifecycle.RunsOnce*:*Lifecycle.RollsBack*'
// Long form: PGEXPAND_LONG_TESTS=1 kills at many more moments.
#include "example.hpp"
#include "link_breaker.hpp"
#include "pgexpand/ops/operation.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <thread>

namespace pgexpand {
namespace {

using std::chrono::milliseconds;
using ::testing::AnyOf;
using testing::Example;
using testing::Process;

struct Smooth {
  std::string schema, data;
  milliseconds apply_time{0}, contract_time{0}, rollback_time{0};
};

milliseconds time_of(Process process) {
  const auto start = std::chrono::steady_clock::now();
  const auto result = process.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return std::chrono::duration_cast<milliseconds>(
      std::chrono::steady_clock::now() - start);
}

/// The end of a run that nothing disturbed, once an operation.
const Smooth& smooth_run(const std::string& operation) {
  static std::map<std::string, Smooth> runs;
  if (const auto known = runs.find(operation); known != runs.end()) {
    return known->second;
  }
  Example example(operation);
  Smooth smooth;
  time_of(example.spawn({"apply", "--through", "switch"}));
  smooth.rollback_time = time_of(example.spawn({"rollback", operation}));
  smooth.apply_time = time_of(example.spawn({"apply", "--through", "switch"}));
  smooth.contract_time = time_of(example.spawn({"contract"}));
  smooth.schema = example.schema();
  smooth.data = example.data();
  return runs.emplace(operation, smooth).first->second;
}

std::vector<milliseconds> moments_of(milliseconds whole, int few) {
  const char* is_long = std::getenv("PGEXPAND_LONG_TESTS");
  const int count =
      is_long != nullptr && std::string(is_long) == "1" ? 40 : few;
  std::vector<milliseconds> moments;
  for (int i = 0; i < count; ++i) {
    moments.push_back(whole * (2 * i + 1) / (2 * count));
  }
  return moments;
}

void kill_after(milliseconds moment, Process process) {
  std::this_thread::sleep_for(moment);
  process.kill();
}

class Lifecycle : public ::testing::TestWithParam<std::string> {
 protected:
  void expect_smooth_end(Example& example) {
    const Smooth& smooth = smooth_run(GetParam());
    EXPECT_EQ(example.apply(), 0) << example.said();
    EXPECT_EQ(example.contract(), 0) << example.said();
    EXPECT_EQ(example.schema(), smooth.schema);
    EXPECT_EQ(example.data(), smooth.data);
    EXPECT_EQ(example.leftovers(), "");
  }

  // The statement on its way when the tool was killed may still arrive.
  void expect_contract_opens_with_switch(Example& example) {
    const bool was_switched = example.is_switched();
    const int code = example.contract();
    if (was_switched) {
      EXPECT_EQ(code, 0) << example.said();
    } else if (!example.is_switched()) {
      EXPECT_EQ(code, 7) << example.said();
    }
  }

  void rolls_back_from(const std::string& phase) {
    Example example(GetParam());
    const auto schema = example.schema();
    const auto data = example.data();
    ASSERT_EQ(example.apply(phase), 0) << example.said();
    const auto kept =
        example.keeps_data_after_rollback() ? example.data() : data;
    EXPECT_EQ(example.roll_back(), 0) << example.said();
    EXPECT_EQ(example.schema(), schema);
    EXPECT_EQ(example.data(), kept);
    EXPECT_EQ(example.leftovers(), "");
  }

  void survives(testing::LinkBreaker::Victims victims) {
    Example example(GetParam());
    testing::LinkBreaker breaker(example.database(), victims);
    const int code = example.run({"apply", "--through", "contract"});
    EXPECT_GE(breaker.stop(), 1);
    EXPECT_THAT(code, AnyOf(0, 3)) << example.said();
    expect_smooth_end(example);
  }
};

TEST_P(Lifecycle, RunsOnceAndLeavesNothingBehind) {
  Example example(GetParam());
  EXPECT_EQ(example.apply(), 0) << example.said();
  const auto switched = example.schema() + example.data();
  EXPECT_EQ(example.apply(), 0) << example.said();
  EXPECT_EQ(example.schema() + example.data(), switched);
  EXPECT_EQ(example.contract(), 0) << example.said();
  const auto contracted = example.schema() + example.data();
  EXPECT_EQ(example.contract(), 0) << example.said();
  EXPECT_EQ(example.apply("contract"), 0) << example.said();
  EXPECT_EQ(example.schema() + example.data(), contracted);
  EXPECT_EQ(example.leftovers(), "");
}

TEST_P(Lifecycle, KeepsContractClosedUntilSwitch) {
  Example example(GetParam());
  EXPECT_EQ(example.contract(), 7) << example.said();
  EXPECT_EQ(example.apply("verify"), 0) << example.said();
  EXPECT_EQ(example.contract(), 7) << example.said();
}

TEST_P(Lifecycle, RollsBackFromExpand) { rolls_back_from("expand"); }
TEST_P(Lifecycle, RollsBackFromBackfill) { rolls_back_from("backfill"); }
TEST_P(Lifecycle, RollsBackFromVerify) { rolls_back_from("verify"); }
TEST_P(Lifecycle, RollsBackFromSwitch) { rolls_back_from("switch"); }

TEST_P(Lifecycle, RunsAgainAfterARollback) {
  Example example(GetParam());
  EXPECT_EQ(example.apply(), 0) << example.said();
  EXPECT_EQ(example.roll_back(), 0) << example.said();
  expect_smooth_end(example);
}

TEST_P(Lifecycle, GoesOnAfterAKilledApply) {
  for (const auto moment : moments_of(smooth_run(GetParam()).apply_time, 3)) {
    SCOPED_TRACE(fmt::format("killed after {} ms", moment.count()));
    Example example(GetParam());
    kill_after(moment, example.spawn({"apply", "--through", "switch"}));
    expect_contract_opens_with_switch(example);
    expect_smooth_end(example);
  }
}

TEST_P(Lifecycle, GoesOnAfterAKilledContract) {
  for (const auto moment :
       moments_of(smooth_run(GetParam()).contract_time, 1)) {
    SCOPED_TRACE(fmt::format("killed after {} ms", moment.count()));
    Example example(GetParam());
    EXPECT_EQ(example.apply(), 0) << example.said();
    kill_after(moment, example.spawn({"contract"}));
    expect_smooth_end(example);
  }
}

TEST_P(Lifecycle, GoesOnAfterAKilledRollback) {
  for (const auto moment :
       moments_of(smooth_run(GetParam()).rollback_time, 1)) {
    SCOPED_TRACE(fmt::format("killed after {} ms", moment.count()));
    Example example(GetParam());
    const auto start = example.schema();
    EXPECT_EQ(example.apply(), 0) << example.said();
    kill_after(moment, example.spawn({"rollback", GetParam()}));
    EXPECT_EQ(example.roll_back(), 0) << example.said();
    EXPECT_EQ(example.schema(), start);
    EXPECT_EQ(example.leftovers(), "");
  }
}

TEST_P(Lifecycle, SurvivesTheLossOfItsWorkBackend) {
  survives(testing::LinkBreaker::Victims::work);
}

TEST_P(Lifecycle, SurvivesTheLossOfAllItsBackends) {
  survives(testing::LinkBreaker::Victims::all);
}

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const auto* type : ops::all_operations()) {
    names.emplace_back(type->name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Examples,
                         Lifecycle,
                         ::testing::ValuesIn(operation_names()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace pgexpand
