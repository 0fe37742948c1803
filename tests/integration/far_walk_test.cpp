// Walks of a table that is far away: slices go together, each on what the one
// before it has done.
#include "support/fault_proxy.hpp"
#include "walk_fixture.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;

class FarWalk : public WalkTest {
 protected:
  FarWalk() {
    near_ = std::exchange(
        session_, pg::connect({.dsn = proxy_.dsn(database_.name())}).session);
    pace_ = {.batch_rows = 10'000, .pause = milliseconds(0)};
  }

  FaultProxy proxy_{
      shared_server().folder(), {}, FaultProxy::Transport::unix_socket, 10ms};
  std::unique_ptr<pg::Session> near_;  ///< What the store asks.
};

TEST_F(FarWalk, TakesFewerRoundTripsThanSlices) {
  make_table(120'000);
  const auto before = proxy_.round_trips();
  EXPECT_EQ(fill(plain_fill()).rows, 120'000);
  EXPECT_EQ(unfilled(), "0");
  EXPECT_LT(2 * (proxy_.round_trips() - before), reporter_.all.size());
}

TEST_F(FarWalk, GoesOnBehindARowThatFails) {
  make_table(20'000);
  database_.exec("UPDATE public.orders SET amount = 0 WHERE id IN (7, 12345)");
  analyze();
  const std::string up = "upper(t.status) || repeat('', 1 / t.amount)";
  const auto result = fill(fill_by(up));
  EXPECT_EQ(result.rows, 19'998);
  EXPECT_EQ(result.quarantined, 2);
  EXPECT_EQ(count("fresh IS NULL"), "2");
}

TEST_F(FarWalk, ALockedRowIsFilledWhenItIsFree) {
  make_table(20'000);
  const auto holder = database_.session();
  auto hold = std::make_unique<pg::Transaction>(*holder, pg::Timeouts{});
  holder->run(sql::Statement::of(
      "SELECT 1 FROM public.orders WHERE id = 5000 FOR UPDATE"));
  in_pause(2, [&] { hold.reset(); });
  EXPECT_EQ(fill(plain_fill()).rows, 20'000);
  EXPECT_EQ(unfilled(), "0");
}

}  // namespace
}  // namespace pgexpand::testing
