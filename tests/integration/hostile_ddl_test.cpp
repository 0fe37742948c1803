// Somebody else's DDL between the phases: the migration goes on and is right,
// or stops with what differs, and rollback works. Never a silent wrong.
#include "integration/flow.hpp"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <thread>

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Lt;
using ::testing::Not;

class HostileDdl : public Flow {
 protected:
  HostileDdl() {
    database_.exec(
        "CREATE TABLE t (id bigint PRIMARY KEY, s text, n integer);"
        "INSERT INTO t SELECT g, 'row ' || g, g FROM generate_series(1, 40) g;"
        "CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RETURN NEW; END';");
    line_.write("pgexpand.yaml",
                "lock: {hold: 20s}\ncolumn_order: free\n");  // a slow machine
    write_spec("1_column", "add_column",
               {"table: t", "column: c", "type: text", "nullable: false",
                "up: upper(s)", "unique: {name: t_c}"});
  }

  void apply_through(const std::string& phase) {
    ASSERT_EQ(run({"apply", id_, "--through", phase}), 0) << line_.err;
  }

  void expect_stopped(const std::string& code, const std::string& text = "") {
    EXPECT_EQ(run({"apply", id_, "--through", "contract"}), 7) << line_.err;
    EXPECT_THAT(line_.err, AllOf(HasSubstr("[" + code + "]"), HasSubstr(text)));
  }

  void expect_done() {
    EXPECT_EQ(run({"apply", id_, "--through", "contract"}), 0) << line_.err;
    EXPECT_EQ(one("SELECT count(*) FROM t WHERE c IS DISTINCT FROM upper(s)"),
              "0");
    expect_nothing_left();
  }

  void expect_rolled_back(const std::vector<std::string>& flags = {}) {
    std::vector<std::string> words{"rollback", id_};
    words.insert(words.end(), flags.begin(), flags.end());
    EXPECT_EQ(run(words), 0) << line_.err;
    EXPECT_EQ(one("SELECT status FROM pgexpand.migration"), "pending");
    expect_nothing_left();
  }

  void expect_nothing_left() {
    EXPECT_THAT(dump(), Not(HasSubstr("~pgexpand")));
    EXPECT_EQ(one("SELECT count(*) FROM pg_proc WHERE proname LIKE 'sync\\_%'"
                  " AND pronamespace = 'pgexpand'::regnamespace"),
              "0");
  }

  std::string id_ = "1_column";
};

class HostileDdlBetween : public HostileDdl,
                          public ::testing::WithParamInterface<std::string> {};

std::string name_of(const ::testing::TestParamInfo<std::string>& phase) {
  return phase.param;
}
INSTANTIATE_TEST_SUITE_P(
    After,
    HostileDdlBetween,
    ::testing::Values("expand", "backfill", "verify", "switch"),
    name_of);

/// What is no danger, or another one's to find: at both ends.
class HarmlessDdlBetween : public HostileDdlBetween {};
INSTANTIATE_TEST_SUITE_P(After,
                         HarmlessDdlBetween,
                         ::testing::Values("expand", "switch"),
                         name_of);

TEST_P(HostileDdlBetween, ATableThatWasDroppedAndRecreatedIsNotTouched) {
  apply_through(GetParam());
  database_.exec(
      "DROP TABLE t; CREATE TABLE t (id bigint PRIMARY KEY, s text, c text);"
      "INSERT INTO t VALUES (1, 'new', 'theirs'); CREATE INDEX t_c ON t (c)");
  const std::string before = dump();
  expect_stopped("drift.table-replaced", "rollback 1_column --accept-drift");
  EXPECT_EQ(run({"apply", id_, "--through", "contract", "--accept-drift"}), 7);
  EXPECT_EQ(run({"rollback", id_}), 7) << line_.err;
  EXPECT_THAT(line_.err, HasSubstr("[drift.table-replaced]"));
  expect_rolled_back({"--accept-drift"});
  EXPECT_EQ(dump(), before);
  EXPECT_EQ(one("SELECT c FROM t"), "theirs");
}

TEST_P(HostileDdlBetween, ADroppedTableCanBeForgotten) {
  apply_through(GetParam());
  database_.exec("DROP TABLE t");
  expect_stopped("drift.table-replaced", "dropped");
  expect_rolled_back({"--accept-drift"});
}

TEST_P(HostileDdlBetween, ARenamedTableWantsItsNameBack) {
  apply_through(GetParam());
  database_.exec(
      "CREATE SCHEMA other; ALTER TABLE t SET SCHEMA other;"
      "ALTER TABLE other.t RENAME TO t2");
  expect_stopped("drift.table-replaced", "other.t2");
  EXPECT_EQ(run({"rollback", id_, "--accept-drift"}), 7) << line_.err;
  database_.exec(
      "ALTER TABLE other.t2 RENAME TO t; ALTER TABLE other.t SET SCHEMA "
      "public");
  expect_done();
}

TEST_P(HarmlessDdlBetween, ARenamedSourceColumnStopsAndGoesOnWhenItIsBack) {
  apply_through(GetParam());
  database_.exec("ALTER TABLE t RENAME s TO s2");
  expect_stopped("drift.changed", R"(column "s")");
  database_.exec("ALTER TABLE t RENAME s2 TO s");
  expect_done();
}

TEST_P(HarmlessDdlBetween, AnotherTypeOfTheSourceStopsUntilItIsAccepted) {
  apply_through(GetParam());
  database_.exec("ALTER TABLE t ALTER s TYPE varchar(90)");
  expect_stopped("drift.changed", "--accept-drift");
  EXPECT_EQ(run({"apply", id_, "--through", "contract", "--accept-drift"}), 0)
      << line_.err;
  expect_nothing_left();
}

TEST_P(HostileDdlBetween, ADroppedSyncTriggerIsNeverAccepted) {
  apply_through(GetParam());
  database_.exec("DROP TRIGGER \"~pgexpand_1_column\" ON t");
  expect_stopped("drift.changed", "~pgexpand_1_column");
  EXPECT_EQ(run({"apply", id_, "--through", "contract", "--accept-drift"}), 7)
      << line_.err;
  EXPECT_EQ(run({"rollback", id_}), 7) << line_.err;
  EXPECT_THAT(line_.err, HasSubstr("[rollback.gone]"));
  expect_rolled_back({"--accept-drift"});
  expect_done();
}

TEST_P(HostileDdlBetween, ADisabledSyncTriggerStopsAndGoesOnWhenItIsBack) {
  apply_through(GetParam());
  database_.exec("ALTER TABLE t DISABLE TRIGGER ALL");
  expect_stopped("drift.changed", "~pgexpand_1_column");
  EXPECT_EQ(run({"apply", id_, "--accept-drift", "--through", "contract"}), 7);
  database_.exec("ALTER TABLE t ENABLE ALWAYS TRIGGER \"~pgexpand_1_column\"");
  expect_done();
}

TEST_P(HostileDdlBetween, ADroppedNewColumnIsNeverMadeUp) {
  apply_through(GetParam());
  database_.exec("ALTER TABLE t DROP COLUMN c");
  expect_stopped("drift.changed", R"(column "c")");
  EXPECT_EQ(run({"rollback", id_}), 7) << line_.err;
  expect_rolled_back({"--accept-drift"});
  expect_done();
}

/// A column that changes its type, so that one of its two copies goes in the
/// end.
class HostileDdlOnTwin : public HostileDdl,
                         public ::testing::WithParamInterface<std::string> {
 protected:
  HostileDdlOnTwin() {
    write_spec("1_column", "alter_column",
               {"table: t", "column: n", "type: bigint"});
    line_.write("pgexpand.yaml",
                "lock: {hold: 20s}\nversions: " + GetParam() + "\n");
  }

  [[nodiscard]] bool has_views() const { return GetParam() == "views"; }
  [[nodiscard]] std::string old_column() const {
    return has_views() ? "n" : "pgexpand_old_n";
  }
  [[nodiscard]] std::string new_column() const {
    return has_views() ? "pgexpand_new_n" : "n";
  }
  void drop_column(const std::string& name) {
    database_.exec("ALTER TABLE public.t DROP COLUMN " + name + " CASCADE");
  }
  void expect_refused(const std::string& command, const std::string& code) {
    for (const std::vector<std::string>& flags :
         {std::vector<std::string>{}, {"--accept-drift"}}) {
      std::vector<std::string> words{command, id_};
      words.insert(words.end(), flags.begin(), flags.end());
      EXPECT_EQ(run(words), 7) << line_.out;
      EXPECT_THAT(line_.err, HasSubstr("[" + code + "]"));
    }
  }
  void expect_values_of(const std::string& type) {
    EXPECT_EQ(one("SELECT count(*) FROM public.t WHERE n = id"), "40");
    EXPECT_EQ(one("SELECT pg_typeof(n) FROM public.t LIMIT 1"), type);
    EXPECT_EQ(one("SELECT string_agg(attname, ' ' ORDER BY attname)"
                  " FROM pg_attribute WHERE attrelid = 'public.t'::regclass"
                  " AND attnum > 0 AND NOT attisdropped"),
              "id n s");
    expect_nothing_left();
  }
};
INSTANTIATE_TEST_SUITE_P(Versions,
                         HostileDdlOnTwin,
                         ::testing::Values("none", "views"),
                         name_of);

TEST_P(HostileDdlOnTwin, WithoutTheOldColumnOnlyContractIsLeft) {
  apply_through("switch");
  drop_column(old_column());
  expect_refused("rollback", "rollback.column-lost");
  EXPECT_EQ(run({"contract", id_}), 7) << line_.out;
  EXPECT_EQ(run({"contract", id_, "--accept-drift"}), 0) << line_.err;
  expect_values_of("bigint");
}

TEST_P(HostileDdlOnTwin, WithoutTheNewColumnOnlyRollbackIsLeft) {
  apply_through("switch");
  drop_column(new_column());
  expect_refused("contract", "contract.column-lost");
  EXPECT_EQ(run({"rollback", id_}), 7) << line_.out;
  EXPECT_EQ(run({"rollback", id_, "--accept-drift"}), 0) << line_.err;
  expect_values_of("integer");
}

TEST_P(HostileDdlOnTwin, WhatATriggerThatIsGoneDidNotCopyIsNotLost) {
  apply_through("switch");
  database_.exec(
      fmt::format("DROP TRIGGER \"~pgexpand_1_column{}\" ON public.t",
                  has_views() ? "_update" : ""));
  database_.exec("UPDATE public.t SET id = -id, " + new_column() +
                 " = -id WHERE id < 4");
  expect_refused("rollback", "rollback.unsynced");
  EXPECT_THAT(line_.err, HasSubstr(": 3 rows hold other values"));
  EXPECT_EQ(run({"verify", id_, "--repair"}), 0) << line_.err;
  EXPECT_EQ(run({"rollback", id_, "--accept-drift"}), 0) << line_.err;
  expect_values_of("integer");
}

TEST_P(HostileDdlOnTwin, ADroppedSyncTriggerKeepsNobodyFromGoingBack) {
  apply_through("switch");
  database_.exec("DROP TRIGGER \"~pgexpand_1_column\" ON public.t");
  EXPECT_EQ(run({"rollback", id_}), 7) << line_.out;
  EXPECT_EQ(run({"rollback", id_, "--accept-drift"}), 0) << line_.err;
  expect_values_of("integer");
}

TEST_P(HostileDdlOnTwin, OfADroppedTableNothingIsCompared) {
  apply_through("switch");
  database_.exec("DROP TABLE public.t CASCADE");
  expect_rolled_back({"--accept-drift"});
}

TEST_P(HostileDdlOnTwin, AnOldColumnLostBeforeSwitchIsToBeMadeAgain) {
  apply_through("verify");
  drop_column("n");
  expect_refused("rollback", "rollback.column-lost");
  database_.exec(
      "ALTER TABLE t ADD COLUMN n integer;"
      "SET pgexpand.mode = 'backfill'; UPDATE t SET n = pgexpand_new_n;"
      "RESET pgexpand.mode");
  EXPECT_EQ(run({"rollback", id_, "--accept-drift"}), 0) << line_.err;
  expect_values_of("integer");
}

class HostileDdlOnName : public HostileDdl {
 protected:
  void set_up_renamed() {
    line_.write("migrations/" + id_ + ".yaml",
                "operations:\n  - rename_column: {table: t, from: n, to: m}\n");
    apply_through("switch");
  }
};

TEST_F(HostileDdlOnName, WithoutItsSecondColumnTheColumnTakesTheName) {
  set_up_renamed();
  database_.exec("ALTER TABLE t DROP COLUMN m");
  EXPECT_EQ(run({"contract", id_}), 7) << line_.out;
  EXPECT_EQ(run({"contract", id_, "--accept-drift"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT count(*) FROM t WHERE m = id"), "40");
  expect_nothing_left();
}

TEST_F(HostileDdlOnName, WithoutTheColumnNothingIsDropped) {
  set_up_renamed();
  database_.exec("ALTER TABLE t DROP COLUMN n");
  for (const char* command : {"contract", "rollback"}) {
    EXPECT_EQ(run({command, id_, "--accept-drift"}), 7) << line_.out;
    EXPECT_THAT(line_.err, HasSubstr("add the column again"));
  }
  EXPECT_EQ(one("SELECT count(*) FROM t WHERE m = id"), "40");
  database_.exec(
      "ALTER TABLE t ADD COLUMN n integer; SET pgexpand.mode = 'backfill';"
      "UPDATE t SET n = m; RESET pgexpand.mode");
  EXPECT_EQ(run({"contract", id_, "--accept-drift"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT count(*) FROM t WHERE m = id"), "40");
}

TEST_F(HostileDdl, AColumnMadeOfOneThatIsGoneIsKept) {
  apply_through("switch");
  database_.exec("ALTER TABLE t DROP COLUMN s");
  EXPECT_EQ(run({"rollback", id_, "--accept-drift"}), 7) << line_.out;
  EXPECT_THAT(line_.err, HasSubstr("[rollback.column-lost]"));
  EXPECT_EQ(run({"contract", id_, "--accept-drift"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT count(*) FROM t WHERE c = 'ROW ' || id"), "40");
  expect_nothing_left();
}

TEST_P(HarmlessDdlBetween, WhatIsBesideTheMigrationIsAWarning) {
  apply_through(GetParam());
  database_.exec(
      "ALTER TABLE t ADD COLUMN beside integer DEFAULT 7;"
      "CREATE INDEX beside_n ON t (n); ALTER TABLE t ADD CHECK (n > 0);"
      "CREATE TRIGGER first BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION"
      " pass()");
  EXPECT_EQ(run({"apply", id_}), 0) << line_.err;
  expect_done();
  EXPECT_EQ(one("SELECT count(beside) FROM t"), "40");
}

TEST_P(HarmlessDdlBetween, ARewrittenTableGoesOn) {
  apply_through(GetParam());
  database_.exec("VACUUM FULL t; CLUSTER t USING t_pkey");
  expect_done();
}

TEST_P(HarmlessDdlBetween, AnEmptiedTableGoesOn) {
  apply_through(GetParam());
  database_.exec("TRUNCATE t; INSERT INTO t VALUES (1, 'after', 1)");
  expect_done();
}

TEST_P(HostileDdlBetween, ATriggerThatSortsLastIsSeen) {
  apply_through(GetParam());
  database_.exec(
      "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS"
      " $$ BEGIN NEW.s := NEW.s || '!'; RETURN NEW; END $$;"
      "CREATE TRIGGER \"~~last\" BEFORE UPDATE ON t FOR EACH ROW EXECUTE"
      " FUNCTION spoil(); UPDATE t SET n = -n WHERE id = 7");
  expect_stopped("drift.changed", "~~last");
  database_.exec("DROP TRIGGER \"~~last\" ON t");
  expect_rolled_back();
}

class HostileDdlInABackfill : public HostileDdl {
 protected:
  /// Stopped by a signal after its first batches.
  HostileDdlInABackfill() {
    EXPECT_EQ(run({"apply", id_, "--through", "expand"}), 0) << line_.err;
    auto apply = database_.spawn_pgexpand(
        {"apply", id_, "--dir", (line_.folder() / "migrations").string(),
         "--batch-rows", "10", "--pause", "1s"});
    while (apply.is_running() && filled() == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    apply.send_signal(SIGINT);
    EXPECT_EQ(apply.wait().exit_code, 6);
    EXPECT_THAT(filled(), AllOf(Gt(0), Lt(40)));
  }

  int filled() { return std::stoi(one("SELECT count(c) FROM t")); }
};

TEST_F(HostileDdlInABackfill, AReplacedTableIsNotFilled) {
  database_.exec(
      "DROP TABLE t; CREATE TABLE t (id bigint PRIMARY KEY, s text, c text);"
      "INSERT INTO t VALUES (1, 'new', 'theirs')");
  expect_stopped("drift.table-replaced");
  EXPECT_EQ(run({"apply", id_, "--accept-drift"}), 7) << line_.err;
  expect_rolled_back({"--accept-drift"});
  EXPECT_EQ(one("SELECT c FROM t"), "theirs");
}

TEST_F(HostileDdlInABackfill, AMissingSyncTriggerStopsIt) {
  database_.exec("ALTER TABLE t DISABLE TRIGGER ALL");
  expect_stopped("drift.changed", "~pgexpand_1_column");
  database_.exec("ALTER TABLE t ENABLE ALWAYS TRIGGER \"~pgexpand_1_column\"");
  expect_done();
}

}  // namespace
}  // namespace pgexpand::testing
