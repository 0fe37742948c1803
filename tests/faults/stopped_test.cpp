// A process that is stopped while it holds locks: the server takes them away
// after lock.hold, long before the lease, and the application goes on.
#include "faults/trial.hpp"

#include <gtest/gtest.h>

namespace pgexpand::testing {
namespace {

class Stopped : public ::testing::TestWithParam<const char*> {};

TEST_P(Stopped, DoesNotKeepItsLocksFromTheApplication) {
  Example example("add_column",
                  {.rows = 300,
                   .variables = {{"PGEXPAND_BATCH_ROWS", "100"},
                                 {"PGEXPAND_BATCH_TARGET", "1h"},
                                 {"PGEXPAND_LOCK_HOLD", "500ms"}}});
  Victim stopped(example, {"apply", example.id()},
                 std::string(GetParam()) + "=sleep");
  ASSERT_TRUE(stopped.await_sleep());
  // The lease would last for half a minute.
  example.database().query("SET statement_timeout = '10s'");
  EXPECT_NO_THROW(example.database().query("UPDATE orders SET note = 'mine'"));
  stopped.wake();
  const auto run = stopped.wait();
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(example.contract(), 0) << example.said();
  EXPECT_EQ(wrong_records(example), "");
}

INSTANTIATE_TEST_SUITE_P(
    Points,
    Stopped,
    ::testing::Values("transaction_locked", "transaction_acted", "batch_acted"),
    [](const auto& each) { return std::string(each.param); });

}  // namespace
}  // namespace pgexpand::testing
