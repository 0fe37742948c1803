#include "backfill/throttle.hpp"

#include "support/standby.hpp"
#include "support/test_database.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <thread>

namespace pgexpand::testing {
namespace {

using backfill::Limits;
using backfill::Throttle;
using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Reasons = std::vector<std::string>;

sql::Statement text(const std::string& sql) {
  return sql::Statement::verbatim(sql);
}

class ThrottleTest : public ::testing::Test {
 protected:
  ThrottleTest() {
    database_.exec("CREATE TABLE public.orders (id int PRIMARY KEY)");
  }

  /// A second passes: the throttle looks again.
  Reasons next(const Limits& limits) {
    now_ += 1s;
    return throttle_.reasons(limits);
  }
  /// Looks in real time until the reasons are so; the last ones.
  template <typename Matcher>
  Reasons await(const Limits& limits, const Matcher& matcher) {
    Reasons reasons;
    for (int i = 0; i < 300; ++i) {
      std::this_thread::sleep_for(100ms);
      now_ += 100ms;
      reasons = throttle_.reasons(limits);
      if (::testing::Matches(matcher)(reasons)) {
        break;
      }
    }
    return reasons;
  }
  void write_some() {
    database_.query("SELECT pg_logical_emit_message(false, 'x', 'y')");
    database_.query("SELECT pg_switch_wal()");
  }
  std::string refusal(const Limits& limits) {
    try {
      throttle_.first_look(limits);
    } catch (const Error& error) {
      return error.code();
    }
    return {};
  }

  TestDatabase database_;
  std::shared_ptr<pg::Session> monitor_;
  Throttle::TimePoint now_ = std::chrono::steady_clock::now();
  Throttle throttle_{[this] {
                       monitor_ = database_.session();
                       return monitor_;
                     },
                     [this] { return now_; }};
};

TEST_F(ThrottleTest, AQuietServerIsNoReason) {
  throttle_.first_look({});
  EXPECT_THAT(next({}), IsEmpty());
}

TEST_F(ThrottleTest, AFileHoldsAsLongAsItExists) {
  const std::string path = ::testing::TempDir() + "/pgexpand-stop";
  const Limits limits{.throttle_file = path};
  EXPECT_THAT(next(limits), IsEmpty());
  std::ofstream(path) << "stop";
  EXPECT_THAT(next(limits), Contains("the file " + path + " exists"));
  std::remove(path.c_str());
  EXPECT_THAT(next(limits), IsEmpty());
}

TEST_F(ThrottleTest, AFileThatCannotBeLookedForHolds) {
  EXPECT_THAT(next({.throttle_file = std::string(5'000, 'x')}),
              Contains(HasSubstr("cannot be looked for")));
}

TEST_F(ThrottleTest, AQueryHoldsWhileItIsTrue) {
  database_.exec("CREATE TABLE public.flag AS SELECT false AS stop");
  const Limits limits{.throttle_query = "SELECT stop FROM flag",
                      .search_path = "public"};
  throttle_.first_look(limits);
  EXPECT_THAT(next(limits), IsEmpty());
  database_.exec("UPDATE public.flag SET stop = true");
  EXPECT_THAT(next(limits), Contains("the throttle query says so"));
}

TEST_F(ThrottleTest, AQueryThatBeginsToFailHolds) {
  database_.exec("CREATE TABLE public.flag AS SELECT false AS stop");
  const Limits limits{.throttle_query = "SELECT stop FROM public.flag"};
  throttle_.first_look(limits);
  database_.exec("DROP TABLE public.flag");
  EXPECT_THAT(next(limits), Contains(HasSubstr("does not exist")));
}

TEST_F(ThrottleTest, AQueryThatCannotBeUsedIsRefusedAtFirst) {
  database_.exec("CREATE TABLE public.flag (stop boolean)");
  for (const char* query :
       {"SELECT 1", "SELECT", "SELECT NULL::boolean", "not SQL",
        "SELECT true; SELECT true", "SELECT stop FROM public.flag",
        "INSERT INTO public.flag VALUES (true) RETURNING true",
        "SELECT pg_sleep(30) IS NULL"}) {
    EXPECT_EQ(refusal({.throttle_query = query}), "throttle.bad-query")
        << query;
  }
  EXPECT_EQ(database_.query_one("SELECT count(*) FROM public.flag"), "0");
}

TEST_F(ThrottleTest, ActiveBackendsHoldAndOurOwnDoNotCount) {
  const auto busy = database_.application();
  std::thread work(
      [&] { EXPECT_THROW(busy->run(text("SELECT pg_sleep(30)")), Error); });
  const Limits limits{.max_active = 1};
  EXPECT_THAT(await(limits, Contains("1 backends are active")),
              Contains("1 backends are active"));
  throttle_.watch_tables({}, {busy->backend_pid()});
  EXPECT_THAT(next(limits), IsEmpty());
  busy->cancel();
  work.join();
}

TEST_F(ThrottleTest, WalAboveTheRateHolds) {
  const Limits limits{.max_wal = 1'000'000};
  throttle_.first_look(limits);
  EXPECT_THAT(next(limits), IsEmpty());
  write_some();  // a whole segment of 16 MB
  EXPECT_THAT(next(limits), Contains(HasSubstr("of WAL a second")));
  EXPECT_THAT(next(limits), IsEmpty());
}

TEST_F(ThrottleTest, WhoeverWaitsForTheWholeTableGoesFirst) {
  const auto oid =
      std::stoul(*database_.query_one("SELECT 'public.orders'::regclass::oid"));
  throttle_.watch_tables({static_cast<std::uint32_t>(oid)}, {});
  const auto holder = database_.application();
  holder->run(text("BEGIN"));
  holder->run(text("LOCK TABLE public.orders IN ROW SHARE MODE"));
  const auto waiter = database_.application();
  std::thread wait([&] {
    waiter->run(text("BEGIN"));
    waiter->run(text("LOCK TABLE public.orders"));
    waiter->run(text("COMMIT"));
  });
  const auto expected =
      Contains(HasSubstr("another session waits for a lock on"));
  EXPECT_THAT(await({}, expected), expected);
  holder->run(text("COMMIT"));
  wait.join();
  EXPECT_THAT(next({}), IsEmpty());
}

TEST_F(ThrottleTest, SlowCommitsHoldUntilTheyAreForgotten) {
  throttle_.first_look({});
  for (int i = 0; i < 10; ++i) {
    throttle_.record_commit(400ms);
  }
  EXPECT_THAT(next({}), Contains(HasSubstr("a commit takes")));
  now_ += 10s;
  EXPECT_THAT(next({}), IsEmpty());
}

TEST_F(ThrottleTest, AServerThatCannotBeReadHoldsUntilItCan) {
  throttle_.first_look({});
  database_.query("SELECT pg_terminate_backend(" +
                  std::to_string(monitor_->backend_pid()) + ", 5000)");
  EXPECT_THAT(next({}), Contains(HasSubstr("cannot be read")));
  EXPECT_THAT(next({}), IsEmpty());
}

TEST_F(ThrottleTest, AnOldTransactionIsNamed) {
  const auto old = database_.application();
  old->run(text("SET application_name = 'report'"));
  old->run(text("BEGIN ISOLATION LEVEL REPEATABLE READ"));
  old->run(text("SELECT FROM public.orders"));
  throttle_.first_look({});
  EXPECT_EQ(throttle_.horizon_holder(), std::nullopt);
  const auto name = "pid " + std::to_string(old->backend_pid()) + " (report)";
  now_ += 2s;
  const Limits waits{.wait_while_pinned = true};
  EXPECT_THAT(next(waits), Contains(HasSubstr(name)));
  EXPECT_EQ(throttle_.horizon_holder(), name);
  EXPECT_THAT(next({}), IsEmpty());
  old->run(text("COMMIT"));
  next({});
  EXPECT_EQ(throttle_.horizon_holder(), std::nullopt);
}

TEST_F(ThrottleTest, APreparedTransactionIsNamed) {
  const auto old = database_.application();
  old->run(text("BEGIN"));
  old->run(text("INSERT INTO public.orders VALUES (1)"));
  old->run(text("PREPARE TRANSACTION 'left'"));
  throttle_.first_look({});
  next({});
  now_ += 2s;
  next({});
  EXPECT_EQ(throttle_.horizon_holder(), "prepared transaction 'left'");
  old->run(text("ROLLBACK PREPARED 'left'"));
}

TEST_F(ThrottleTest, AStandbyThatAppliesLateHolds) {
  const Standby late("late", "recovery_min_apply_delay = '60s'");
  const Limits limits{.max_lag = 2s};
  throttle_.first_look(limits);
  write_some();
  const auto behind = Contains(HasSubstr("standby late is"));
  EXPECT_THAT(await(limits, behind), behind);
  EXPECT_THAT(throttle_.reasons({.max_lag = std::nullopt}), IsEmpty());
}

TEST_F(ThrottleTest, AStandbyThatStandsStillHoldsUntilItHasCaughtUp) {
  Standby standby("still");
  const Limits limits{.max_lag = 2s};
  throttle_.first_look(limits);
  standby.freeze();
  write_some();
  next(limits);
  write_some();
  const auto behind = Contains(HasSubstr("standby still is"));
  EXPECT_THAT(await(limits, behind), behind);
  standby.thaw();
  EXPECT_THAT(await(limits, IsEmpty()), IsEmpty());
}

TEST_F(ThrottleTest, ARoleThatMayNotSeeTheStandbysIsRefused) {
  const Standby standby("hidden");
  database_.exec("DROP ROLE IF EXISTS blind; CREATE ROLE blind LOGIN");
  Throttle blind(
      [this]() -> std::shared_ptr<pg::Session> {
        auto session = database_.session();
        session->run(text("SET SESSION AUTHORIZATION blind"));
        return session;
      },
      [this] { return now_; });
  const auto code = [&](const Limits& limits) {
    try {
      blind.first_look(limits);
    } catch (const Error& error) {
      return error.code();
    }
    return std::string();
  };
  EXPECT_EQ(code({}), "throttle.hidden-replication");
  EXPECT_EQ(code({.max_lag = std::nullopt, .max_active = 5}),
            "throttle.hidden-activity");
  EXPECT_EQ(code({.max_lag = std::nullopt}), "");
  database_.exec("GRANT pg_monitor TO blind");
  EXPECT_EQ(code({.max_active = 50}), "");
}

}  // namespace
}  // namespace pgexpand::testing
