// A server that is 30 ms away: every operation's example there and back, and
// how often a blocking lock waits for the network.
//
// Long form: PGEXPAND_LONG_TESTS=1 takes both modes of each.
#include "example.hpp"
#include "pgexpand/ops/operation.hpp"
#include "support/fault_proxy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto distance = 30ms;
constexpr std::size_t most_under_a_lock = 2;

struct Trip {
  std::string operation;
  std::string versions;  ///< The setting.
  bool is_taken = true;
};

/// All of them take minutes; else every other, in turn.
bool is_long() {
  const char* text = std::getenv("PGEXPAND_LONG_TESTS");
  return text != nullptr && std::string(text) == "1";
}

std::vector<Trip> trips() {
  std::vector<Trip> all;
  for (const auto* type : ops::all_operations()) {
    for (const char* versions : {"none", "views"}) {
      const bool is_turn = all.size() % 4 == 0 || all.size() % 4 == 3;
      all.push_back({std::string(type->name), versions, is_turn || is_long()});
    }
  }
  std::erase_if(all, [](const Trip& trip) { return !trip.is_taken; });
  return all;
}

class FarAway : public ::testing::TestWithParam<Trip> {
 protected:
  FarAway()
      : example_(GetParam().operation,
                 {.rows = 1'000,
                  .config = "versions: " + GetParam().versions + "\n"}),
        proxy_(shared_server().folder(),
               {},
               FaultProxy::Transport::unix_socket,
               distance) {}

  void expect_zero(std::vector<std::string> words) {
    words.insert(words.begin(),
                 {"--dsn", proxy_.dsn(example_.database().name())});
    EXPECT_EQ(example_.run(words), 0) << example_.said();
  }

  Example example_;
  FaultProxy proxy_;
};

TEST_P(FarAway, EverythingWorksAndNoLockWaitsForTheNetwork) {
  const auto schema = example_.schema();
  expect_zero({"apply", "--through", "switch"});
  expect_zero({"rollback", example_.id()});
  EXPECT_EQ(example_.schema(), schema);
  expect_zero({"apply", "--through", "switch"});
  expect_zero({"contract"});
  EXPECT_EQ(example_.leftovers(), "");
  EXPECT_LE(proxy_.most_under_a_lock(), most_under_a_lock);
}

INSTANTIATE_TEST_SUITE_P(
    Examples, FarAway, ::testing::ValuesIn(trips()), [](const auto& param) {
      return param.param.operation + "_" + param.param.versions;
    });

TEST(RoundTrips, ACommandWithNothingToDoTakesTenAtMost) {
  Example example("create_index", {.rows = 100});
  ASSERT_EQ(example.apply("contract"), 0) << example.said();
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"plan"}, {"status"}, {"apply"}}) {
    const FaultProxy proxy(shared_server().folder(), {},
                           FaultProxy::Transport::unix_socket, distance);
    std::vector<std::string> all{"--dsn", proxy.dsn(example.database().name())};
    all.insert(all.end(), words.begin(), words.end());
    EXPECT_EQ(example.run(all), 0) << example.said();
    EXPECT_LE(proxy.round_trips(), 10U) << words.front();
  }
}

TEST(RoundTrips, VerboseShowsEachWithItsSessionAndItsTime) {
  Example example("create_index", {.rows = 100});
  const auto result = example.spawn({"status", "--verbose"}).wait();
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, ContainsRegex("backend [0-9]+: [0-9.]+ ms, SELECT"));
  EXPECT_THAT(example.spawn({"status"}).wait().err, Not(HasSubstr("backend")));
}

}  // namespace
}  // namespace pgexpand::testing
