// Replicas, slots, a vacuum against wraparound: what others of the server have
// to do because of us, and the rights that it takes to see that.
#include "integration/throttle_fixture.hpp"

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using ThrottleReplicationTest = ThrottleTest;

TEST_F(ThrottleReplicationTest, AStandbyThatKeepsUpIsNoReason) {
  const Standby standby("fine");
  const Limits limits{.max_lag = 2s};
  throttle_.first_look(limits);
  write_a_segment();
  EXPECT_THAT(await(limits, IsEmpty()), IsEmpty());
  EXPECT_EQ(database_.query_one("SELECT count(*) FROM pg_stat_replication"),
            "1");
}

TEST_F(ThrottleReplicationTest, AStandbyThatAppliesLateHolds) {
  const Standby late("late", "recovery_min_apply_delay = '60s'");
  const Limits limits{.max_lag = 2s};
  throttle_.first_look(limits);
  await(limits, IsEmpty());
  // Only commits are delayed, and what comes after them.
  database_.query("INSERT INTO public.orders VALUES (1)");
  const auto behind = ElementsAre("standby late is more than 2s behind");
  EXPECT_THAT(await(limits, behind), behind);
  EXPECT_THAT(throttle_.reasons({.max_lag = std::nullopt}), IsEmpty());
}

TEST_F(ThrottleReplicationTest, AFrozenStandbyHoldsUntilItHasCaughtUp) {
  Standby standby("frozen");
  const Limits limits{.max_lag = 2s};
  throttle_.first_look(limits);
  EXPECT_THAT(await(limits, IsEmpty()), IsEmpty());
  standby.freeze();
  write_a_segment();
  const auto frozen_at = now_;
  const auto behind = Contains("standby frozen is more than 2s behind");
  EXPECT_THAT(await(limits, behind), behind);
  EXPECT_LE(now_ - frozen_at, 2s + 2s) << "noticed too late";
  standby.thaw();
  EXPECT_THAT(await(limits, IsEmpty()), IsEmpty());
}

TEST_F(ThrottleReplicationTest, OneThatWasFrozenBeforeWeCameHoldsAtOnce) {
  Standby standby("before");
  standby.freeze();
  write_a_segment();
  throttle_.first_look({});
  EXPECT_THAT(
      throttle_.reasons({}),
      ElementsAre("standby before is behind, not known yet for how long"));
  standby.thaw();
  EXPECT_THAT(await({}, IsEmpty()), IsEmpty());
}

TEST_F(ThrottleReplicationTest, OneThatIsCutOffWhileItHoldsGoesOnHolding) {
  Standby standby("gone", "wal_retrieve_retry_interval = '100ms'");
  const Limits limits{.max_lag = 1s};
  throttle_.first_look(limits);
  await(limits, IsEmpty());
  standby.freeze();
  write_a_segment();
  const auto behind = Contains(HasSubstr("standby gone is more than"));
  EXPECT_THAT(await(limits, behind), behind);
  const auto gone =
      ElementsAre("standby gone has disconnected, and was too far behind");
  {
    const ServerSetting impatient("wal_sender_timeout", "'500ms'");
    EXPECT_THAT(await(limits, gone), gone);
  }
  standby.thaw();
  EXPECT_THAT(await(limits, IsEmpty()), IsEmpty());
}

TEST_F(ThrottleReplicationTest, ABackupInProgressIsNoStandby) {
  const std::string folder = shared_server().folder() + "/backup";
  Process backup({server_program("pg_basebackup"),
                  "--dbname=" + shared_server().dsn(), "--pgdata=" + folder,
                  "--wal-method=stream", "--max-rate=32k",
                  "--checkpoint=fast"});
  throttle_.first_look({});
  const auto walsenders = [&] {
    return std::stoi(
        *database_.query_one("SELECT count(*) FROM pg_stat_replication"));
  };
  for (int i = 0; i < 300 && walsenders() < 2; ++i) {
    std::this_thread::sleep_for(100ms);
  }
  ASSERT_EQ(walsenders(), 2) << backup.err();
  write_a_segment();
  EXPECT_THAT(next({.max_lag = 1ms}), IsEmpty());
  write_a_segment();
  EXPECT_THAT(next({.max_lag = 1ms}), IsEmpty());
  backup.kill();
  run_process({"rm", "-rf", folder});
}

TEST_F(ThrottleReplicationTest, ASlotThatMayLoseItsWalHolds) {
  database_.query("SELECT pg_create_physical_replication_slot('cdc', true)");
  throttle_.first_look({});
  write_a_segment();
  EXPECT_THAT(next({}), IsEmpty());
  {
    const ServerSetting little("max_slot_wal_keep_size", "'1MB'");
    const auto expected =
        ElementsAre("replication slot cdc is about to lose its WAL");
    EXPECT_THAT(await({}, expected), expected);
    EXPECT_THAT(next({.max_lag = std::nullopt}), IsEmpty());
  }
  database_.query("SELECT pg_drop_replication_slot('cdc')");
}

TEST_F(ThrottleReplicationTest, ARoleThatMayNotSeeWhatItNeedsIsRefused) {
  const Standby standby("hidden");
  database_.exec("DROP ROLE IF EXISTS \"Blind\"; CREATE ROLE \"Blind\"");
  backfill::Throttle blind([this] { return session_of("Blind"); },
                           [this] { return now_; });
  const Limits without{.max_lag = std::nullopt};
  EXPECT_EQ(refusal(blind, {}), "throttle.hidden-replication");
  EXPECT_EQ(refusal(blind, {.max_lag = std::nullopt, .max_active = 5}),
            "throttle.hidden-activity");
  EXPECT_EQ(refusal(blind, without), "");
  EXPECT_THAT(blind.reasons(without), IsEmpty());
  EXPECT_THAT(blind.reasons({.max_active = 5}),
              ElementsAre("the lag of a standby cannot be read",
                          "the active backends cannot be read"));
  try {
    blind.first_look({});
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_EQ(error.hint(),
              "GRANT pg_monitor TO \"Blind\", or pass --max-lag off");
  }
  database_.exec("GRANT pg_monitor TO \"Blind\"");
  EXPECT_EQ(refusal(blind, {.max_active = 50}), "");
}

TEST_F(ThrottleReplicationTest, WithoutStandbysNoRightIsNeeded) {
  database_.exec("DROP ROLE IF EXISTS plain; CREATE ROLE plain");
  backfill::Throttle plain([this] { return session_of("plain"); },
                           [this] { return now_; });
  EXPECT_EQ(refusal(plain, {.max_wal = 1 << 30}), "");
  EXPECT_THAT(plain.reasons({.max_wal = 1 << 30}), IsEmpty());
}

TEST_F(ThrottleReplicationTest, TheLoginRolesRightsCountBehindSetRole) {
  const Standby standby("seen");
  database_.exec(
      "DROP ROLE IF EXISTS deployer, worker;"
      "CREATE ROLE worker; CREATE ROLE deployer IN ROLE worker, pg_monitor");
  backfill::Throttle throttle(
      [this] {
        auto session = session_of("deployer");
        session->run(text("SET ROLE worker"));
        return session;
      },
      [this] { return now_; });
  EXPECT_EQ(refusal(throttle, {.max_active = 50}), "");
}

/// A vacuum that autovacuum is forced to make, too slow to end here.
TEST_F(ThrottleReplicationTest, AVacuumAgainstWraparoundHolds) {
  database_.exec(
      "CREATE TABLE public.old AS SELECT repeat('x', 800) AS note"
      " FROM generate_series(1, 5000);"
      "ALTER TABLE public.old SET (autovacuum_vacuum_cost_delay = 100,"
      " autovacuum_vacuum_cost_limit = 1, autovacuum_freeze_max_age = 100000);"
      "SET synchronous_commit = off;"
      "DO 'BEGIN FOR i IN 1..110000 LOOP BEGIN PERFORM 1;"
      " INSERT INTO public.orders VALUES (i); EXCEPTION WHEN OTHERS THEN"
      " RAISE; END; END LOOP; END'");
  const ServerSetting often("autovacuum_naptime", "'1s'");
  const auto oid = database_.query_one("SELECT 'public.old'::regclass::oid");
  throttle_.watch_tables({static_cast<std::uint32_t>(std::stoul(*oid))}, {});
  const auto expected =
      ElementsAre("a vacuum of public.old prevents wraparound");
  EXPECT_THAT(await({}, expected), expected);
  EXPECT_EQ(throttle_.horizon_holder(), std::nullopt);
  database_.exec("DROP ROLE IF EXISTS plain; CREATE ROLE plain");
  backfill::Throttle plain([this] { return session_of("plain"); },
                           [this] { return now_; });
  plain.watch_tables({static_cast<std::uint32_t>(std::stoul(*oid))}, {});
  EXPECT_THAT(plain.reasons({}), expected) << "it needs no right";
  watch_orders();
  EXPECT_THAT(next({}), IsEmpty());
}

}  // namespace
}  // namespace pgexpand::testing
