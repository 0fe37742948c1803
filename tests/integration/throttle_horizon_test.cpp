// Who keeps dead rows from being reused.
#include "integration/throttle_fixture.hpp"

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ThrottleHorizonTest : public ThrottleTest {
 protected:
  /// Looks for three seconds of its own clock, with some xids used in between.
  std::optional<std::string> after_a_while() {
    for (int i = 0; i < 3; ++i) {
      use_some_xids();
      next({});
    }
    return throttle_.horizon_holder();
  }
  std::unique_ptr<pg::Session> old_snapshot(const std::string& name) {
    auto session = database_.application();
    session->run(text("SET application_name = '" + name + "'"));
    session->run(text("BEGIN ISOLATION LEVEL REPEATABLE READ"));
    session->run(text("SELECT FROM public.orders"));
    return session;
  }
};

TEST_F(ThrottleHorizonTest, NobodyHoldsItOnAQuietServer) {
  EXPECT_EQ(after_a_while(), std::nullopt);
}

TEST_F(ThrottleHorizonTest, AnOldSnapshotIsNamed) {
  const auto old = old_snapshot("report");
  throttle_.first_look({});
  EXPECT_EQ(throttle_.horizon_holder(), std::nullopt) << "it is young";
  const auto name =
      fmt::format("pid {} (report), transaction open for", old->backend_pid());
  EXPECT_THAT(after_a_while().value_or(""), HasSubstr(name));
  EXPECT_THAT(next({}), IsEmpty()) << "the default is to go on";
  EXPECT_THAT(
      next({.wait_while_pinned = true}),
      ElementsAre(::testing::AllOf(
          HasSubstr(name), HasSubstr("keeps dead rows from being reused"))));
  old->run(text("COMMIT"));
  EXPECT_THAT(next({.wait_while_pinned = true}), IsEmpty());
  EXPECT_EQ(throttle_.horizon_holder(), std::nullopt);
}

TEST_F(ThrottleHorizonTest, OneThatIsOldAlreadyIsNamedAtTheFirstLook) {
  const auto old = old_snapshot("report");
  std::this_thread::sleep_for(2'100ms);
  throttle_.first_look({});
  EXPECT_EQ(throttle_.horizon_holder(),
            fmt::format("pid {} (report), transaction open for 2s",
                        old->backend_pid()));
}

TEST_F(ThrottleHorizonTest, AnIdleTransactionHoldsWhatItsLastResultSaw) {
  const auto idle = database_.application();
  idle->run(text("BEGIN"));
  idle->run(text("SELECT FROM public.orders"));
  EXPECT_NE(after_a_while(), std::nullopt) << "its last result is still open";
  idle->run(text("SET LOCAL lock_timeout = 0"));
  EXPECT_EQ(after_a_while(), std::nullopt);
}

TEST_F(ThrottleHorizonTest, OurOwnSessionsAreNotNamed) {
  const auto ours = old_snapshot("pgexpand");
  throttle_.watch_tables({}, {ours->backend_pid()});
  EXPECT_EQ(after_a_while(), std::nullopt);
}

TEST_F(ThrottleHorizonTest, AnotherDatabaseHoldsNothingHere) {
  const TestDatabase other;
  const auto old = other.application();
  old->run(text("BEGIN ISOLATION LEVEL REPEATABLE READ"));
  old->run(text("SELECT pg_current_xact_id()"));
  EXPECT_EQ(after_a_while(), std::nullopt);
}

TEST_F(ThrottleHorizonTest, OfSeveralTheOldestIsNamed) {
  const auto oldest = old_snapshot("first");
  use_some_xids();
  const auto younger = old_snapshot("second");
  EXPECT_THAT(after_a_while().value_or(""), HasSubstr("(first)"));
  oldest->run(text("COMMIT"));
  EXPECT_THAT(after_a_while().value_or(""), HasSubstr("(second)"));
}

TEST_F(ThrottleHorizonTest, ARoleWithoutRightsSeesItToo) {
  database_.exec("DROP ROLE IF EXISTS unseeing; CREATE ROLE unseeing");
  const auto old = old_snapshot("report");
  backfill::Throttle throttle([this] { return session_of("unseeing"); },
                              [this] { return now_; });
  for (int i = 0; i < 3; ++i) {
    now_ += 1s;
    static_cast<void>(throttle.reasons({}));
  }
  EXPECT_THAT(throttle.horizon_holder().value_or(""),
              HasSubstr(fmt::format("pid {} (report)", old->backend_pid())));
}

TEST_F(ThrottleHorizonTest, APreparedTransactionIsNamed) {
  const auto old = database_.application();
  old->run(text("BEGIN"));
  old->run(text("INSERT INTO public.orders VALUES (1)"));
  old->run(text("PREPARE TRANSACTION 'left'"));
  EXPECT_THAT(after_a_while().value_or(""),
              HasSubstr("prepared transaction 'left', transaction open for"));
  old->run(text("ROLLBACK PREPARED 'left'"));
  EXPECT_EQ(after_a_while(), std::nullopt);
}

/// A reader on a standby that tells the primary which rows it still sees.
class FeedbackTest : public ThrottleHorizonTest {
 protected:
  Process reader_of(const Standby& standby) {
    return Process({server_program("psql"), "--no-psqlrc",
                    "--dbname=" + standby.dsn("postgres"), "-c",
                    "BEGIN ISOLATION LEVEL REPEATABLE READ", "-c",
                    "SELECT count(*) FROM pg_class", "-c",
                    "SELECT pg_sleep(60)"});
  }
  /// In real time: the standby reports once a second.
  std::string await_holder(const std::string& name) {
    for (int i = 0; i < 150; ++i) {
      use_some_xids();
      std::this_thread::sleep_for(100ms);
      now_ += 100ms;
      static_cast<void>(throttle_.reasons({.max_lag = std::nullopt}));
      const auto holder = throttle_.horizon_holder();
      if (holder == name) {
        break;
      }
    }
    return throttle_.horizon_holder().value_or("");
  }
  const std::string feedback_ =
      "hot_standby_feedback = on\nwal_receiver_status_interval = '1s'";
};

TEST_F(FeedbackTest, AStandbyIsNamed) {
  const Standby standby("reading", feedback_);
  const Process reader = reader_of(standby);
  EXPECT_EQ(await_holder("standby reading"), "standby reading");
}

TEST_F(FeedbackTest, ASlotIsNamedAndGoesOnWhenItsStandbyIsGone) {
  database_.query("SELECT pg_create_physical_replication_slot('replica')");
  {
    const Standby standby("slotted",
                          feedback_ + "\nprimary_slot_name = 'replica'");
    const Process reader = reader_of(standby);
    EXPECT_EQ(await_holder("replication slot replica"),
              "replication slot replica");
  }
  EXPECT_EQ(after_a_while(), "replication slot replica");
  database_.query("SELECT pg_drop_replication_slot('replica')");
  EXPECT_EQ(after_a_while(), std::nullopt);
}

}  // namespace
}  // namespace pgexpand::testing
