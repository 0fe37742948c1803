#include "pgexpand/campaign/checkup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace pgexpand::campaign {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// A server where nothing is wrong.
Surroundings sound() {
  Surroundings at;
  at.arrival.host = "db1:5432";
  at.arrival.server_version = "15.4 (Debian)";
  at.health.role = {.name = "deploy",
                    .acts_as = "owner",
                    .sees_activity = true,
                    .may_skip_triggers = true};
  at.health.connection = {.encryption = "TLSv1.3", .free = 90};
  at.health.settings = {{"autovacuum", "on"},
                        {"deadlock_timeout", "1000"},
                        {"max_slot_wal_keep_size", "-1"},
                        {"synchronous_commit", "on"},
                        {"synchronous_standby_names", ""},
                        {"track_activities", "on"},
                        {"track_counts", "on"}};
  return at;
}

/// "verdict area code" of all that is more than ok or a note.
std::vector<std::string> bad(const Surroundings& at) {
  std::vector<std::string> lines;
  for (const Check& check : check_up(at)) {
    if (check.verdict >= Verdict::warning) {
      lines.push_back(std::string(name(check.verdict)) + " " + check.area +
                      " " + check.code);
    }
  }
  return lines;
}

Check find(const Surroundings& at, const std::string& text) {
  for (const Check& check : check_up(at)) {
    if (check.message.find(text) != std::string::npos) {
      return check;
    }
  }
  ADD_FAILURE() << "no check says " << text;
  return {};
}

TEST(Checkup, FindsNothingWrongWithASoundServer) {
  EXPECT_THAT(bad(sound()), IsEmpty());
}

TEST(Checkup, LooksAtEveryArea) {
  std::vector<std::string> areas;
  for (const Check& check : check_up(sound())) {
    if (std::ranges::find(areas, check.area) == areas.end()) {
      areas.push_back(check.area);
    }
  }
  EXPECT_THAT(areas, ElementsAre("pooler", "connection", "rights", "settings",
                                 "transactions", "replication", "publications",
                                 "disk"));
}

TEST(Checkup, BehindAPoolerLooksAtNothingElse) {
  Surroundings at = sound();
  at.arrival.behind_pooler = true;
  EXPECT_EQ(check_up(at).size(), 1U);
  EXPECT_THAT(bad(at), ElementsAre("refused pooler pg.pooler"));
}

TEST(Checkup, RefusesAStandby) {
  Surroundings at = sound();
  at.arrival.is_standby = true;
  EXPECT_THAT(bad(at), ElementsAre("refused connection target.standby"));
}

TEST(Checkup, CountsTheConnectionsThatWorkersNeed) {
  Surroundings at = sound();
  at.health.connection.free = 5;
  EXPECT_THAT(bad(at), IsEmpty());
  at.settings.backfill_workers = 4;
  EXPECT_THAT(bad(at),
              ElementsAre("warning connection doctor.few-connections"));
  EXPECT_THAT(find(at, "more connections").message, HasSubstr("up to 7"));
}

TEST(Checkup, WarnsOfTcpWithoutEncryptionOnly) {
  Surroundings at = sound();
  at.health.connection.encryption.clear();
  EXPECT_THAT(bad(at), ElementsAre("warning connection doctor.not-encrypted"));
  at.health.connection.is_local = true;
  EXPECT_THAT(bad(at), IsEmpty());
}

TEST(Checkup, PassesOnWhyTheStateSchemaCannotBeMade) {
  Surroundings at = sound();
  at.state_obstacle =
      Error(ErrorKind::refused, "state.may-not-create", "may not")
          .hint("GRANT it");
  EXPECT_THAT(bad(at), ElementsAre("refused rights state.may-not-create"));
  EXPECT_EQ(find(at, "may not").cure, "GRANT it");
}

TEST(Checkup, SaysAMissingRightOnceForAllMigrations) {
  Surroundings at = sound();
  at.missing_rights.refuse({.file = "1.yaml"}, "rights.x", "lacks it", "GRANT");
  at.missing_rights.refuse({.file = "2.yaml"}, "rights.x", "lacks it", "GRANT");
  EXPECT_THAT(bad(at), ElementsAre("refused rights rights.x"));
}

TEST(Checkup, WithoutMigrationsNamesTheOwnersOutOfReach) {
  Surroundings at = sound();
  at.health.role.owners = {{.name = "owner", .tables = 3, .may_become = true},
                           {.name = "billing", .tables = 1},
                           {.name = "root", .is_superuser = true, .tables = 1}};
  EXPECT_THAT(find(at, "3 tables of owner").message, HasSubstr("by SET ROLE"));
  EXPECT_EQ(find(at, "1 table of billing").cure,
            R"(GRANT "billing" TO "deploy")");
  EXPECT_THAT(find(at, "1 table of root").cure, Not(HasSubstr("GRANT")));
  EXPECT_THAT(bad(at), IsEmpty());
}

TEST(Checkup, GivesTheRightToLookToTheRoleThatLooks) {
  Surroundings at = sound();
  at.health.role.sees_activity = false;
  EXPECT_THAT(bad(at), ElementsAre("warning rights doctor.blind"));
  EXPECT_EQ(find(at, "activity of other roles").cure,
            R"(GRANT pg_read_all_stats TO "owner")");
}

TEST(Checkup, RefusesWhereStandbysAreHidden) {
  Surroundings at = sound();
  at.health.role.sees_activity = false;
  at.health.standbys = {{.name = "pid 7"}};
  EXPECT_THAT(bad(at),
              ElementsAre("refused rights throttle.hidden-replication"));
  at.settings.backfill_max_lag.reset();
  EXPECT_THAT(bad(at), ElementsAre("warning rights doctor.blind"));
}

TEST(Checkup, NamesTheGrantForTriggers) {
  Surroundings at = sound();
  at.health.role.may_skip_triggers = false;
  EXPECT_THAT(find(at, "triggers of yours").cure,
              HasSubstr("GRANT SET ON PARAMETER session_replication_role TO "
                        "\"owner\""));
}

TEST(Checkup, WarnsOfSettingsWithTheCommandThatMendsThem) {
  Surroundings at = sound();
  at.health.settings["autovacuum"] = "off";
  at.health.settings["track_activities"] = "off";
  at.health.settings["deadlock_timeout"] = "300";
  EXPECT_THAT(bad(at), ElementsAre("warning settings doctor.deadlock-timeout",
                                   "warning settings doctor.autovacuum-off",
                                   "warning settings doctor.blind"));
  EXPECT_EQ(find(at, "autovacuum is off").cure,
            "ALTER SYSTEM SET autovacuum = on");
}

TEST(Checkup, WarnsOfWraparoundAndNotesEventTriggers) {
  Surroundings at = sound();
  at.health.transaction_id_age = 1'700'000'000;
  at.health.event_triggers = {"guard"};
  EXPECT_THAT(bad(at), ElementsAre("warning settings doctor.wraparound"));
  EXPECT_EQ(find(at, "event trigger guard").verdict, Verdict::note);
}

TEST(Checkup, NamesLongTransactionsAndNotShortOnes) {
  Surroundings at = sound();
  at.health.transactions = {
      {.pid = 7,
       .name = "psql",
       .state = "active",
       .age = milliseconds(61'000)},
      {.pid = 8, .name = "app", .state = "active", .age = milliseconds(900)}};
  EXPECT_THAT(bad(at),
              ElementsAre("warning transactions doctor.long-transaction"));
  EXPECT_THAT(find(at, "pid 7 (psql, active)").cure,
              HasSubstr("SELECT pg_terminate_backend(7)"));
}

TEST(Checkup, NamesThreeLongTransactionsAndCountsTheOthers) {
  Surroundings at = sound();
  at.health.transactions.assign(5, {.pid = 7, .age = milliseconds(61'000)});
  EXPECT_EQ(bad(at).size(), 3U);
  EXPECT_EQ(find(at, "2 more").verdict, Verdict::note);
}

TEST(Checkup, QuotesTheNameOfAPreparedTransaction) {
  Surroundings at = sound();
  at.health.transactions = {
      {.name = "it's", .state = "prepared", .age = milliseconds(86'400'000)}};
  EXPECT_THAT(bad(at),
              ElementsAre("warning transactions doctor.prepared-transaction"));
  EXPECT_THAT(find(at, "prepared transaction").cure,
              HasSubstr("ROLLBACK PREPARED 'it''s'"));
}

TEST(Checkup, SaysWhatItCannotSee) {
  Surroundings at = sound();
  at.health.hidden_transactions = 2;
  EXPECT_THAT(find(at, "how long 2 transactions").message,
              HasSubstr("not ours to see"));
  EXPECT_THAT(find(at, "server's disks").message,
              HasSubstr("no client can see"));
}

TEST(Checkup, ComparesTheLagWithItsLimit) {
  Surroundings at = sound();
  at.health.standbys = {
      {.name = "a", .state = "streaming", .lag = milliseconds(500)},
      {.name = "b", .state = "catchup", .lag = milliseconds(11'000)}};
  EXPECT_THAT(bad(at),
              ElementsAre("warning replication doctor.standby-behind"));
  EXPECT_THAT(find(at, "standby b").message, HasSubstr("less than 10s"));
  EXPECT_THAT(find(at, "standby a is").message, HasSubstr("streaming"));
}

TEST(Checkup, MissesASynchronousStandby) {
  Surroundings at = sound();
  at.health.settings["synchronous_standby_names"] = "s1";
  EXPECT_THAT(bad(at),
              ElementsAre("warning replication doctor.no-synchronous-standby"));
  at.health.standbys = {
      {.name = "s1", .state = "streaming", .is_synchronous = true}};
  EXPECT_THAT(bad(at), IsEmpty());
}

TEST(Checkup, TellsSlotsThatAreLostInDangerAndUnused) {
  Surroundings at = sound();
  at.health.slots = {
      {.name = "a", .wal_status = "lost"},
      {.name = "b", .wal_status = "unreserved"},
      {.name = "c", .wal_status = "reserved"},
      {.name = "d", .is_active = true, .wal_status = "reserved"}};
  EXPECT_THAT(bad(at), ElementsAre("warning replication doctor.slot-lost",
                                   "warning replication doctor.slot-in-danger",
                                   "warning replication doctor.slot-inactive"));
  EXPECT_THAT(find(at, "slot a").cure,
              HasSubstr("SELECT pg_drop_replication_slot('a')"));
}

TEST(Checkup, WarnsOfPublishedTablesOfMigrations) {
  Surroundings at = sound();
  at.health.publications = {{.name = "all", .all_tables = true}};
  EXPECT_THAT(bad(at), IsEmpty());
  at.tables = {{.name = {sql::Identifier("shop"), sql::Identifier("orders")},
                .size_bytes = 1 << 20,
                .publications = {"all"}}};
  EXPECT_THAT(bad(at), ElementsAre("warning publications doctor.published"));
}

TEST(Checkup, AddsUpTheTablesToMigrate) {
  Surroundings at = sound();
  at.health.disk.archiving_fails = true;
  for (const char* each : {"orders", "items"}) {
    at.tables.push_back(
        {.name = {sql::Identifier("shop"), sql::Identifier(each)},
         .size_bytes = 50 << 20});
  }
  EXPECT_THAT(bad(at), ElementsAre("warning disk doctor.archiving-fails"));
  EXPECT_THAT(find(at, "table shop.orders").message, HasSubstr("50 MB"));
  EXPECT_THAT(find(at, "writes every row anew").message, HasSubstr("100 MB"));
}

}  // namespace
}  // namespace pgexpand::campaign
