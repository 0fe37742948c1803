// A concurrent build waits three times: for writers before it builds, for
// writers before it validates, and for old snapshots. Struck in each wait.
#include "faults/reference.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AnyOf;
using Clock = std::chrono::steady_clock;
using Application = std::unique_ptr<pg::Session>;

ExampleOptions small() { return {.rows = 300}; }

struct Wait {
  const char* name;   ///< For the test.
  const char* phase;  ///< As pg_stat_progress_create_index has it.
};

constexpr Wait before_build{"BeforeTheBuild",
                            "waiting for writers before build"};
constexpr Wait before_validation{"BeforeTheValidation",
                                 "waiting for writers before validation"};
constexpr Wait old_snapshots{"ForOldSnapshots", "waiting for old snapshots"};

class IndexWait
    : public ::testing::TestWithParam<std::tuple<Wait, const char*>> {
 protected:
  static void run(const Application& session, const std::string& sql) {
    session->run(sql::Statement::verbatim(sql));
  }
  Application open(const std::string& sql) {
    Application session = example_.database().application();
    run(session, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    run(session, sql);
    return session;
  }
  Application writer() { return open("UPDATE orders SET note = note"); }
  Application reader() { return open("SELECT count(*) FROM pg_class"); }

  void await_phase(const char* phase) {
    const auto deadline = Clock::now() + 30s;
    const auto query = fmt::format(
        "SELECT count(*) FROM pg_stat_progress_create_index WHERE datname ="
        " current_database() AND phase = '{}'",
        phase);
    while (example_.database().query_one(query) != "1") {
      ASSERT_LT(Clock::now(), deadline) << "never in: " << phase;
      std::this_thread::sleep_for(5ms);
    }
  }

  /// Whoever holds the build in the wait of this test, and in none after it.
  Application hold() {
    const Wait& wait = std::get<Wait>(GetParam());
    if (wait.phase == old_snapshots.phase) {
      return reader();
    }
    return writer();
  }

  /// The build is on its way, in its wait, and meets its end there.
  void strike() {
    const Wait& wait = std::get<Wait>(GetParam());
    const std::string action = std::get<const char*>(GetParam());
    const bool is_second = wait.phase == before_validation.phase;
    Application first = is_second ? open(
                                        "UPDATE orders SET note = note"
                                        " WHERE id = 1")
                                  : nullptr;
    Application holder = is_second ? nullptr : hold();
    Victim victim(example_, apply_words, "wait_seen=" + action);
    if (is_second) {
      await_phase(before_build.phase);
      holder = open("UPDATE orders SET note = note WHERE id = 2");
      run(first, "COMMIT");
    }
    await_phase(wait.phase);
    victim.await_strike();
    run(holder, "COMMIT");
    const auto struck = victim.wait();
    EXPECT_TRUE(struck.was_struck);
    EXPECT_THAT(struck.exit_code, AnyOf(action == "kill" ? 137 : 0, 3))
        << struck.err;
  }

  Example example_{"create_index", small()};
};

TEST_P(IndexWait, TheNextRunBuildsIt) {
  ASSERT_NO_FATAL_FAILURE(strike());
  EXPECT_EQ(example_.apply(), 0) << example_.said();
  EXPECT_EQ(example_.contract(), 0) << example_.said();
  EXPECT_EQ(picture_of(example_).schema,
            reference({"create_index"}).after.schema);
  EXPECT_EQ(example_.leftovers(), "");
  EXPECT_EQ(wrong_records(example_), "");
}

TEST_P(IndexWait, ARollbackLeavesNothing) {
  ASSERT_NO_FATAL_FAILURE(strike());
  EXPECT_EQ(example_.roll_back(), 0) << example_.said();
  EXPECT_EQ(picture_of(example_).schema,
            reference({"create_index"}).before.schema);
  EXPECT_EQ(example_.leftovers(), "");
}

/// The short form has one action for each wait.
std::vector<std::tuple<Wait, const char*>> waits() {
  if (!is_full_form()) {
    return {{before_build, "drop-connection"},
            {before_validation, "kill"},
            {old_snapshots, "throw"}};
  }
  std::vector<std::tuple<Wait, const char*>> all;
  for (const Wait& wait : {before_build, before_validation, old_snapshots}) {
    for (const char* action : {"kill", "throw", "drop-connection"}) {
      all.emplace_back(wait, action);
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(
    Waits, IndexWait, ::testing::ValuesIn(waits()), [](const auto& each) {
      const std::string action = std::get<const char*>(each.param);
      return std::string(std::get<Wait>(each.param).name) + "_" +
             action.substr(0, action.find('-'));
    });

}  // namespace
}  // namespace pgexpand::testing
