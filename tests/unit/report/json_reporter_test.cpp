#include "pgexpand/report/json_reporter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace pgexpand::report {
namespace {

using namespace std::chrono_literals;

class JsonReporterTest : public ::testing::Test {
 protected:
  [[nodiscard]] long lines() const {
    const std::string text = out_.str();
    return std::ranges::count(text, '\n');
  }

  std::ostringstream out_;
  std::chrono::system_clock::time_point now_{1h};
  JsonReporter reporter_{out_, [this] { return now_; }};
};

TEST_F(JsonReporterTest, ProgressIsALineASecond) {
  for (int i = 0; i < 100; ++i) {
    reporter_.on(Progress{.id = "1_a", .step = "s", .rows = i});
    now_ += 20ms;
  }
  EXPECT_EQ(lines(), 2);
}

TEST_F(JsonReporterTest, AWaitAndAnotherStepAreSaidAtOnce) {
  reporter_.on(Progress{.id = "1_a", .step = "s"});
  reporter_.on(Progress{.id = "1_a", .step = "s", .waiting_for = "a lock"});
  reporter_.on(Progress{.id = "1_a", .step = "t"});
  EXPECT_EQ(lines(), 3);
}

TEST_F(JsonReporterTest, EveryOtherEventIsALine) {
  for (int i = 0; i < 3; ++i) {
    reporter_.on(StepStarted{.id = "1_a", .step = "s", .title = "t"});
  }
  EXPECT_EQ(lines(), 3);
}

}  // namespace
}  // namespace pgexpand::report
