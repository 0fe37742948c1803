#pragma once

#include "unit/exec/fakes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgexpand::exec::testing {

/// Runs a hand-made plan on the fakes.
class RunTest : public ::testing::Test {
 protected:
  RunTest() {
    plan_.id = "m1";
    options_.through = plan::Phase::expand;
  }
  RunResult run() {
    session_.plan_json = plan::to_json(plan_);
    return run_on(bench_, "m1", options_, sql::Identifier("pgexpand"),
                  reporter_, stop_);
  }
  RunResult roll_back() {
    session_.plan_json = plan::to_json(plan_);
    return roll_back_on(bench_, "m1", options_, sql::Identifier("pgexpand"),
                        reporter_, stop_);
  }
  /// The code of the Error that run() throws; "" if it throws none.
  std::string error_of_run() {
    try {
      static_cast<void>(run());
      return "";
    } catch (const Error& error) {
      return error.code();
    }
  }

  plan::Plan plan_;
  RunOptions options_;
  FakeBench bench_;
  FakeSession& session_ = bench_.session;
  FakeReporter reporter_;
  StopRequest stop_;
};

}  // namespace pgexpand::exec::testing
