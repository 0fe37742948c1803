// A link that breaks at the n-th message: whatever n is, the same command run
// again ends in the schema and the data of a run that nothing disturbed.
//
// Long form: PGEXPAND_LONG_TESTS=1 strikes at each statement of each
// operation's example, in each way; PGEXPAND_PROXY_STRIDE=7 at each seventh.
#include "support/fault_proxy.hpp"

#include "example.hpp"
#include "pgexpand/exec/executor.hpp"
#include "pgexpand/ops/operation.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <thread>

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AnyOf;

const std::vector<std::string> whole_way{"apply", "--through", "contract"};

constexpr const char* recorded_twice =
    "SELECT coalesce(string_agg(step, ', '), '') FROM"
    " (SELECT detail::json ->> 'step' AS step FROM pgexpand.event"
    " WHERE kind = 'step_done' GROUP BY 1 HAVING count(*) > 1) AS twice";

std::size_t number_from(const char* variable, std::size_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoul(text);
}

bool is_long() { return number_from("PGEXPAND_LONG_TESTS", 0) == 1; }

Process spawn_through(const FaultProxy& proxy, Example& example) {
  std::vector<std::string> words{"--dsn", proxy.dsn(example.database().name())};
  words.insert(words.end(), whole_way.begin(), whole_way.end());
  return example.spawn(words);
}

class Unheard : public report::Reporter {
 public:
  void on(const report::Event& /*event*/) override {}
};

struct Smooth {
  std::string schema, data;
  std::size_t messages = 0;  ///< That count, in a run through a proxy.
};

/// A run through a proxy that does nothing, once an operation and `types`.
const Smooth& smooth_run(const std::string& operation,
                         const std::string& types) {
  static std::map<std::string, Smooth> runs;
  const std::string key = operation + types;
  if (const auto known = runs.find(key); known != runs.end()) {
    return known->second;
  }
  Example example(operation);
  const FaultProxy proxy(shared_server().folder(), {.types = types});
  const auto result = spawn_through(proxy, example).wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return runs
      .emplace(key, Smooth{example.schema(), example.data(), proxy.counted()})
      .first->second;
}

/// One way to break a link.
struct Weather {
  const char* name;
  Fault fault;
  const char* types;
  bool everywhere;  ///< It does not come back, and the tool is told to stop.
};

// Execute alone does the work of a COMMIT; what runs outside a transaction
// block is committed by Sync.
const std::vector<Weather> weathers{
    {"BeforeExecute", Fault::cut_before, "E", false},
    {"AfterExecute", Fault::cut_after, "E", false},
    {"AfterSync", Fault::cut_after, "S", false},
    {"BeforeExecuteForGood", Fault::cut_before, "E", true},
    {"AfterExecuteForGood", Fault::cut_after, "E", true},
    {"AfterSyncForGood", Fault::cut_after, "S", true},
};

/// The exit code of a run that ends by itself or, when the link does not come
/// back, after being told to.
int code_of_run(const FaultProxy& proxy, Example& example, bool is_for_good) {
  Process process = spawn_through(proxy, example);
  while (is_for_good && process.is_running()) {
    if (proxy.has_struck()) {
      process.send_signal(SIGINT);
      break;
    }
    std::this_thread::sleep_for(5ms);
  }
  return process.wait().exit_code;
}

class BrokenLink : public ::testing::TestWithParam<std::string> {
 protected:
  /// Returns false if the run ended before the strike.
  static bool strike_at(std::size_t n, const Weather& weather) {
    const Smooth& smooth = smooth_run(GetParam(), weather.types);
    Example example(GetParam());
    const FaultProxy proxy(shared_server().folder(),
                           {.fault = weather.fault,
                            .at = n,
                            .types = weather.types,
                            .everywhere = weather.everywhere});
    const int code = code_of_run(proxy, example, weather.everywhere);
    SCOPED_TRACE(fmt::format("{} at {} in: {}", weather.name, n,
                             proxy.struck_statement().substr(0, 200)));
    EXPECT_THAT(code, AnyOf(0, 3, 6));
    EXPECT_EQ(example.run(whole_way), 0) << example.said();
    EXPECT_EQ(example.schema(), smooth.schema);
    EXPECT_EQ(example.data(), smooth.data);
    EXPECT_EQ(example.leftovers(), "");
    EXPECT_EQ(example.database().query_one(recorded_twice), "");
    return proxy.has_struck();
  }

  static void strike_everywhere(const Weather& weather) {
    const std::size_t stride = number_from("PGEXPAND_PROXY_STRIDE", 1);
    std::size_t n = 1 + salt_of(weather) % stride;
    int faults = 0;
    for (; strike_at(n, weather); n += stride) {
      ++faults;
    }
    std::cout << fmt::format("{} {}: {} messages in a run, {} faults\n",
                             GetParam(), weather.name,
                             smooth_run(GetParam(), weather.types).messages,
                             faults)
              << std::flush;
  }

  static std::size_t salt_of(const Weather& weather) {
    return std::hash<std::string>{}(GetParam() + weather.name);
  }
};

TEST_P(BrokenLink, LosesNothingWhereverItBreaks) {
  if (is_long()) {
    for (const Weather& weather : weathers) {
      strike_everywhere(weather);
    }
    return;
  }
  // One moment of every other weather, others for each operation.
  for (std::size_t i = std::hash<std::string>{}(GetParam()) % 2;
       i < weathers.size(); i += 2) {
    const Weather& weather = weathers[i];
    const std::size_t messages = smooth_run(GetParam(), weather.types).messages;
    ASSERT_GT(messages, 20U);
    strike_at(1 + salt_of(weather) % messages, weather);
  }
}

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const auto* type : ops::all_operations()) {
    names.emplace_back(type->name);
  }
  return names;
}

/// A runner whose recovery loses its own n-th COMMIT, each n from 1.
void expect_recovery_from(Fault fault) {
  const TestDatabase database;
  int commits = -1;
  for (bool has_struck = true; has_struck; ++commits) {
    FaultProxy proxy(
        shared_server().folder(),
        {.fault = fault, .at = 0, .types = "E", .statement = "^COMMIT$"});
    const exec::StopRequest stop;
    Unheard unheard;
    exec::Runner runner({.connect = {.dsn = proxy.dsn(database.name())},
                         .state_schema = sql::Identifier("pgexpand")},
                        unheard, stop);
    database.exec(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'pgexpand'");
    proxy.strike_in(static_cast<std::size_t>(commits) + 2);
    EXPECT_NO_THROW(runner.recover(30s)) << "commit " << commits + 2;
    has_struck = proxy.has_struck();
  }
  EXPECT_GE(commits, 1);
}

TEST(BrokenRecovery, GoesOnWhicheverOfItsCommitsIsNotAnswered) {
  expect_recovery_from(Fault::cut_after);
}

TEST(BrokenRecovery, GoesOnWhicheverOfItsCommitsDoesNotArrive) {
  expect_recovery_from(Fault::cut_before);
}

struct Silence {
  const char* statement;
  std::size_t at;
  bool everywhere;
  int exit_code;
};

// A network that stays silent ends the run, one link alone is replaced; but not
// before there is a runner to do so.
const std::vector<Silence> silences{
    {"^BEGIN", 3, false, 3},   {"^UPDATE ONLY", 3, true, 3},
    {"^BEGIN", 25, true, 3},   {"^UPDATE ONLY", 3, false, 0},
    {"^BEGIN", 25, false, 0},  {"^COMMIT$", 12, false, 0},
    {"^COMMIT$", 12, true, 3},
};

void expect_noticed(const Silence& silence) {
  Example example("add_column");
  const FaultProxy proxy(shared_server().folder(),
                         {.fault = Fault::silence,
                          .at = silence.at,
                          .types = "E",
                          .statement = silence.statement,
                          .everywhere = silence.everywhere},
                         FaultProxy::Transport::tcp);
  EXPECT_EQ(spawn_through(proxy, example).wait(180s).exit_code,
            silence.exit_code);
  std::this_thread::sleep_for(100ms);
  const auto after = proxy.noticed_after();
  ASSERT_TRUE(after);
  EXPECT_LT(*after, 30s);
  EXPECT_EQ(example.run(whole_way), 0) << example.said();
  EXPECT_EQ(example.schema(), smooth_run("add_column", "E").schema);
  EXPECT_EQ(example.data(), smooth_run("add_column", "E").data);
  EXPECT_EQ(example.leftovers(), "");
  std::cout << fmt::format("{} {} {}: noticed after {} ms\n", silence.statement,
                           silence.at, silence.everywhere, after->count())
            << std::flush;
}

TEST(SilentNetwork, IsNoticedWithinHalfAMinute) {
  if (!is_long()) {
    GTEST_SKIP() << "takes minutes; silent_link_test has shorter limits";
  }
  for (const Silence& silence : silences) {
    SCOPED_TRACE(fmt::format("{} {} {}", silence.statement, silence.at,
                             silence.everywhere));
    expect_noticed(silence);
  }
}

INSTANTIATE_TEST_SUITE_P(Examples,
                         BrokenLink,
                         ::testing::ValuesIn(operation_names()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace pgexpand::testing
