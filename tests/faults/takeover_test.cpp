// A runner that is stopped, loses its lease and wakes: whoever came meanwhile
// is not disturbed, and the woken one does nothing and says so with exit 5.
//
// Long form: PGEXPAND_FAULT_FORM=full stops it at each moment of a run, and
// waits for the server to take the lease away by itself.
#include "faults/reference.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AnyOf;
using Clock = std::chrono::steady_clock;

ExampleOptions small() {
  return {.rows = 300,
          .variables = {{"PGEXPAND_BATCH_ROWS", "100"},
                        {"PGEXPAND_BATCH_TARGET", "1h"}}};
}

/// What the server does after 30 s to a client that is silent in a transaction:
/// the lease, and whatever else was open.
void end_silent_transactions(Example& example) {
  example.database().query(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
      " WHERE datname = current_database() AND pid <> pg_backend_pid()"
      " AND (state LIKE 'idle in transaction%' OR"
      " application_name = 'pgexpand lease')");
}

std::string state_of(Example& example) {
  return example.database()
      .query_one(
          "SELECT (SELECT json_agg(r) FROM pgexpand.runner AS r)::text ||"
          " (SELECT json_agg(m) FROM pgexpand.migration AS m) ||"
          " (SELECT json_agg(s ORDER BY step) FROM pgexpand.step AS s) ||"
          " (SELECT json_agg(e ORDER BY id) FROM pgexpand.event AS e)")
      .value();
}

std::vector<Moment> moments_of(const std::string& operation) {
  Example example(operation, small());
  return run_faulty(example, apply_words).moments;
}

class Takeover : public ::testing::TestWithParam<const char*> {
 protected:
  /// Stopped at `fault`; meanwhile another one goes to the end.
  void expect_harmless(const std::string& fault, bool was_runner) {
    Example example(operation(), small());
    Victim stopped(example, apply_words, fault);
    ASSERT_TRUE(stopped.await_sleep());
    end_silent_transactions(example);
    EXPECT_EQ(example.apply(), 0) << example.said();
    EXPECT_EQ(example.contract(), 0) << example.said();
    const std::string schema = example.schema();
    const std::string data = example.data();
    const std::string state = was_runner ? state_of(example) : "";
    stopped.wake();
    const auto run = stopped.wait();
    if (was_runner) {
      EXPECT_EQ(run.exit_code, 5) << run.err;
      EXPECT_EQ(state_of(example), state);
    } else {
      EXPECT_THAT(run.exit_code, AnyOf(0, 3)) << run.err;
    }
    EXPECT_EQ(example.schema(), schema);
    EXPECT_EQ(example.data(), data);
    EXPECT_EQ(example.leftovers(), "");
    EXPECT_EQ(wrong_records(example), "");
  }

  [[nodiscard]] static std::string operation() { return GetParam(); }
};

TEST_P(Takeover, AStoppedRunnerDoesNothingWhenItWakes) {
  const auto moments = moments_of(operation());
  const auto first =
      std::ranges::find(moments, std::string("lease_won"), &Moment::point);
  ASSERT_NE(first, moments.end());
  const int step = is_full_form() ? 1 : 37;
  for (auto at = 0; at < static_cast<int>(moments.size()); at += step) {
    const auto& moment = moments.at(static_cast<std::size_t>(at));
    SCOPED_TRACE(moment.fault("sleep"));
    expect_harmless(moment.fault("sleep"), at >= first - moments.begin());
  }
}

INSTANTIATE_TEST_SUITE_P(Examples,
                         Takeover,
                         ::testing::Values("add_column", "create_index"),
                         [](const auto& each) {
                           return std::string(each.param);
                         });

/// Stopped between winning the lease and holding a session of its own, it must
/// not take the one who came meanwhile for its predecessor.
class TakeoverHalfWay : public ::testing::TestWithParam<const char*> {};

TEST_P(TakeoverHalfWay, LeavesARivalAtWorkAlone) {
  Example example("add_column", small());
  Victim stopped(example, apply_words, std::string(GetParam()) + "=sleep");
  ASSERT_TRUE(stopped.await_sleep());
  end_silent_transactions(example);
  Victim rival(example, apply_words, "between_batches:2=sleep");
  ASSERT_TRUE(rival.await_sleep());
  stopped.wake();
  const auto woken = stopped.wait();
  EXPECT_EQ(woken.exit_code, 5) << woken.err;
  rival.wake();
  const auto run = rival.wait();
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(std::ranges::count(run.moments, std::string("connection_lost"),
                               &Moment::point),
            0);
  EXPECT_EQ(example.contract(), 0) << example.said();
  EXPECT_EQ(wrong_records(example), "");
}

INSTANTIATE_TEST_SUITE_P(
    Points,
    TakeoverHalfWay,
    ::testing::Values("lease_won",
                      "older_backends_ended",
                      "before_commit:3",  // the registration
                      "runner_registered",
                      "migration_taken_up",
                      "before_step",
                      "batch_acted:2"),
    [](const auto& each) {
      std::string text = each.param;
      std::ranges::replace(text, ':', '_');
      return text;
    });

TEST(LostLease, AStoppedRunnerLosesItByItselfAndExitsWithFive) {
  if (!is_full_form()) {
    GTEST_SKIP() << "takes 35 s; PGEXPAND_FAULT_FORM=full";
  }
  Example example("add_column", small());
  Victim stopped(example, apply_words, "transaction_acted=sleep");
  ASSERT_TRUE(stopped.await_sleep());
  const auto start = Clock::now();
  EXPECT_EQ(example.apply(), 0) << example.said();
  EXPECT_LT(Clock::now() - start, 35s + 5s) << "5 s are for the apply itself";
  EXPECT_GT(Clock::now() - start, 20s) << "it was not waited for";
  EXPECT_EQ(example.contract(), 0) << example.said();
  const Picture end = {example.schema(), example.data(), example.leftovers()};
  const std::string state = state_of(example);
  stopped.wake();
  const auto run = stopped.wait();
  EXPECT_EQ(run.exit_code, 5) << run.err;
  EXPECT_EQ(picture_of(example), end);
  EXPECT_EQ(state_of(example), state);
}

}  // namespace
}  // namespace pgexpand::testing
