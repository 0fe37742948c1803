// The commands that act, in-process, against a real server.
#include "cli/command_line.hpp"
#include "places.hpp"
#include "support/test_database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <csignal>

namespace pgexpand::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* first = "migrations/1_status.yaml";
constexpr const char* second = "migrations/2_note.yaml";

class CliFlow : public ::testing::Test {
 protected:
  CliFlow() {
    database_.exec(
        "CREATE TABLE orders (id bigint PRIMARY KEY, status text);"
        "INSERT INTO orders SELECT n, 's' || n FROM generate_series(1, 500) n;"
        "CREATE TABLE customers (id bigint PRIMARY KEY);");
    line_.variables["PGEXPAND_DSN"] = database_.dsn();
    line_.write(first, add_column("orders", "status_v2", "status"));
  }

  static std::string add_column(const std::string& table,
                                const std::string& column,
                                const std::string& up,
                                const std::string& head = "") {
    return head + "operations:\n  - add_column:\n      table: " + table +
           "\n      column: " + column + "\n      type: varchar(50)\n" +
           (up.empty() ? "" : "      up: " + up + "\n");
  }

  int run(const std::vector<std::string>& words) { return line_.run(words); }

  /// The `type: result` line of a command that streams.
  nlohmann::json result() const {
    const auto end = line_.out.rfind('\n');
    const auto start = line_.out.rfind('\n', end - 1);
    return nlohmann::json::parse(line_.out.substr(start + 1, end - start));
  }

  std::string count(const std::string& where) {
    return database_.query_one("SELECT count(*) FROM orders WHERE " + where)
        .value();
  }

  void write_behind_the_trigger(const std::string& statement) {
    const std::string trigger =
        database_
            .query_one(
                "SELECT quote_ident(tgname) FROM pg_trigger WHERE "
                "tgrelid = 'orders'::regclass AND NOT tgisinternal")
            .value();
    database_.exec("ALTER TABLE orders DISABLE TRIGGER " + trigger + ";" +
                   statement + ";ALTER TABLE orders ENABLE ALWAYS TRIGGER " +
                   trigger);
  }

  testing::TestDatabase database_;
  CommandLine line_;
};

TEST_F(CliFlow, ARefusedFirstPlanLeavesNoStateSchemaBehind) {
  line_.write(first, add_column("no_such_table", "status_v2", "status"));
  EXPECT_EQ(run({"apply"}), 2);
  EXPECT_EQ(database_.query_one("SELECT to_regnamespace('pgexpand')"),
            std::nullopt);
}

TEST_F(CliFlow, PlanChangesNothing) {
  const auto before = testing::schema_dump(database_.dsn(), "");
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("1_status  on  "));
  EXPECT_THAT(line_.out, HasSubstr("table public.orders: ~"));
  EXPECT_EQ(testing::schema_dump(database_.dsn(), ""), before);
}

TEST_F(CliFlow, PlanInJsonHoldsTheStatementsOfEachStep) {
  EXPECT_EQ(run({"plan", "-o", "json"}), 0) << line_.out;
  const auto answer = nlohmann::json::parse(line_.out);
  const auto& expand = answer.at("migrations").at(0).at("phases").at(0);
  EXPECT_THAT(expand.at("steps").at(0).at("sql").dump(),
              HasSubstr("ADD COLUMN"));
}

TEST_F(CliFlow, ApplyGoesThroughSwitchAndContractEndsIt) {
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("1_status: switched. "));
  EXPECT_THAT(line_.out, HasSubstr("run `pgexpand contract 1_status`"));
  EXPECT_EQ(count("status_v2 IS DISTINCT FROM status"), "0");
  EXPECT_EQ(run({"contract"}), 0) << line_.err;
  EXPECT_EQ(run({"status", "--exit-code"}), 0);
  EXPECT_THAT(line_.out, HasSubstr("contracted"));
}

TEST_F(CliFlow, ASecondApplyFindsNothingToDo) {
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_EQ(line_.out, "nothing to do\n");
}

TEST_F(CliFlow, ApplyInJsonEndsInAResultLine) {
  EXPECT_EQ(run({"apply", "-o", "json"}), 0) << line_.out;
  EXPECT_EQ(result().at("type"), "result");
  EXPECT_EQ(result().at("ok"), true);
  EXPECT_EQ(result().at("migrations").at(0).at("status"), "switched");
  EXPECT_THAT(line_.err, IsEmpty());
}

TEST_F(CliFlow, ThroughStopsEarlierAndApplyGoesOnFromThere) {
  EXPECT_EQ(run({"apply", "--through", "expand"}), 0) << line_.err;
  EXPECT_EQ(run({"status", "--exit-code"}), 10);
  EXPECT_THAT(line_.out, HasSubstr("expand complete"));
  EXPECT_EQ(run({"switch", "1_status"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("1_status: switched"));
}

TEST_F(CliFlow, RollbackRestoresTheSchemaAndMakesItPending) {
  const auto before = testing::schema_dump(database_.dsn());
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_EQ(run({"rollback", "1_status"}), 0) << line_.err;
  EXPECT_EQ(testing::schema_dump(database_.dsn()), before);
  EXPECT_EQ(run({"status"}), 0);
  EXPECT_THAT(line_.out, HasSubstr("pending"));
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
}

TEST_F(CliFlow, AfterContractThereIsNoWayBack) {
  EXPECT_EQ(run({"apply", "--through", "contract"}), 0) << line_.err;
  EXPECT_EQ(run({"rollback", "1_status"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("error[rollback.contracted]"));
}

TEST_F(CliFlow, ContractOfAnIdThatIsNotSwitchedIsRefused) {
  EXPECT_EQ(run({"contract", "1_status"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("error[contract.not-switched]"));
  EXPECT_EQ(run({"contract"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("1_status: left alone: pending"));
}

TEST_F(CliFlow, TwoOnOneTableRunOneAfterTheOther) {
  line_.write(second, add_column("orders", "note", ""));
  EXPECT_EQ(run({"apply"}), 8) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("2_note: left alone: waits for the contract "
                                   "of 1_status: both touch public.orders"));
  EXPECT_THAT(line_.out, HasSubstr("run `pgexpand contract 1_status` first"));
  EXPECT_EQ(run({"apply"}), 8) << line_.err;
  EXPECT_EQ(run({"apply", "--allow-waiting"}), 0) << line_.err;
  EXPECT_EQ(run({"apply", "2_note"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("error[apply.conflict]"));
  EXPECT_EQ(run({"contract"}), 0) << line_.err;
  EXPECT_EQ(run({"apply", "2_note"}), 0) << line_.err;
}

TEST_F(CliFlow, AFileThatCannotBePlannedStopsNoOther) {
  line_.write("migrations/0_wrong.yaml", add_column("not_there", "note", ""));
  EXPECT_EQ(run({"apply"}), 8) << line_.err;
  EXPECT_THAT(line_.err, HasSubstr("catalog.unknown-table"));
  EXPECT_THAT(line_.out, HasSubstr("1_status: switched"));
  EXPECT_THAT(line_.out, HasSubstr("0_wrong cannot be planned"));
  EXPECT_EQ(run({"apply", "0_wrong"}), 2);
  // Nothing else is left to do.
  EXPECT_EQ(run({"apply", "--allow-waiting"}), 2);
}

TEST_F(CliFlow, AFileWithAnErrorStopsNoOther) {
  line_.write("migrations/2_" + std::string(60, 'x') + ".yaml",
              add_column("orders", "note", ""));
  line_.write("migrations/3_typo.yaml", "operation: []\n");
  EXPECT_EQ(run({"apply"}), 8) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("1_status: switched"));
  EXPECT_THAT(line_.out, HasSubstr("3_typo.yaml has errors"));
  EXPECT_THAT(line_.err, HasSubstr("spec."));
  EXPECT_EQ(run({"apply"}), 2);
}

TEST_F(CliFlow, IfNoFileCanBePlannedNothingIsMade) {
  line_.write(first, add_column("not_there", "note", ""));
  line_.write(second, add_column("nor_this", "note", ""));
  EXPECT_EQ(run({"apply"}), 2);
  EXPECT_EQ(database_.query_one("SELECT to_regnamespace('pgexpand')"),
            std::nullopt);
}

TEST_F(CliFlow, ADependencyIsMetBySwitch) {
  line_.write(second,
              add_column("customers", "note", "", "depends_on: [1_status]\n"));
  EXPECT_EQ(run({"apply", "--through", "expand"}), 8) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("2_note: left alone: waits for the switch "
                                   "of 1_status"));
  EXPECT_EQ(run({"apply", "2_note"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("1_status: switched"));
  EXPECT_THAT(line_.out, HasSubstr("2_note: switched"));
  EXPECT_EQ(run({"rollback", "1_status"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("error[rollback.depended-on]"));
}

TEST_F(CliFlow, ALateIdRunsWithANote) {
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  line_.write("migrations/0_late.yaml", add_column("customers", "note", ""));
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_THAT(line_.err, HasSubstr("warning[apply.late-id]"));
}

TEST_F(CliFlow, AnEditedSpecIsRefusedWithWhatDiffers) {
  EXPECT_EQ(run({"apply", "--through", "expand"}), 0) << line_.err;
  line_.write(first, add_column("orders", "status_v3", "status"));
  EXPECT_EQ(run({"apply"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("error[apply.spec-changed]"));
  EXPECT_THAT(line_.err, HasSubstr("status_v3"));
  EXPECT_EQ(run({"rollback", "1_status"}), 0) << line_.err;
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
}

TEST_F(CliFlow, AStartedMigrationWhoseFileIsGoneIsLeftButCanBeResumed) {
  EXPECT_EQ(run({"apply", "--through", "expand"}), 0) << line_.err;
  line_.remove(first);
  EXPECT_EQ(run({"apply"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("error[apply.file-missing]"));
  EXPECT_EQ(run({"status"}), 0);
  EXPECT_THAT(line_.out, HasSubstr("its file is gone"));
  EXPECT_EQ(run({"resume", "1_status", "--through", "switch"}), 0) << line_.err;
  EXPECT_EQ(run({"contract", "1_status"}), 0) << line_.err;
}

TEST_F(CliFlow, APausedMigrationWaitsForResume) {
  EXPECT_EQ(run({"apply", "--through", "expand"}), 0) << line_.err;
  EXPECT_EQ(run({"pause", "1_status"}), 0) << line_.err;
  EXPECT_EQ(run({"apply"}), 6);
  EXPECT_THAT(line_.err, HasSubstr("error[apply.paused]"));
  EXPECT_EQ(run({"resume", "1_status", "--through", "switch"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("1_status: switched"));
}

TEST_F(CliFlow, PauseOfAMigrationThatWasNeverStartedIsRefused) {
  EXPECT_EQ(run({"pause", "1_status"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("error[cli.never-started]"));
}

TEST_F(CliFlow, SetIsReadBackByTheRun) {
  EXPECT_EQ(run({"apply", "--through", "expand"}), 0) << line_.err;
  EXPECT_EQ(run({"set", "1_status", "batch_rows=100", "pause=0"}), 0)
      << line_.err;
  EXPECT_EQ(run({"set", "1_status", "lock.timeout=1s"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("error[set.unknown-key]"));
  EXPECT_EQ(run({"set", "1_status", "max_lag=never"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("error[set.bad-value]"));
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
}

TEST_F(CliFlow, StatusShowsTheSettingsInForce) {
  EXPECT_EQ(run({"apply", "--through", "backfill", "--batch-rows", "77"}), 0)
      << line_.err;
  EXPECT_EQ(run({"set", "1_status", "max_lag=off", "workers=3"}), 0);
  EXPECT_EQ(run({"status", "-o", "json"}), 0);
  const auto settings =
      nlohmann::json::parse(line_.out)["migrations"][0]["settings"];
  EXPECT_EQ(settings["batch_rows"], 77);
  EXPECT_EQ(settings["workers"], 3);
  EXPECT_TRUE(settings["max_lag_ms"].is_null());
}

TEST_F(CliFlow, VerifyAnswers12WhileRowsDiffer) {
  EXPECT_EQ(run({"apply", "--through", "verify"}), 0) << line_.err;
  EXPECT_EQ(run({"verify", "1_status"}), 0) << line_.err;
  write_behind_the_trigger("UPDATE orders SET status_v2 = 'x' WHERE id <= 3");
  EXPECT_EQ(run({"verify", "1_status"}), 12) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("500 rows compared, 3 differ"));
  EXPECT_EQ(run({"apply"}), 7) << line_.err;
  EXPECT_THAT(line_.err, HasSubstr("error[verify.differences]"));
  EXPECT_EQ(run({"verify", "1_status", "--repair"}), 0) << line_.err;
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
}

TEST_F(CliFlow, WaitEndsOnceThePhaseIsComplete) {
  EXPECT_EQ(run({"wait", "--for", "switch", "1_status", "--timeout", "0"}), 6);
  EXPECT_THAT(line_.err, HasSubstr("error[wait.timeout]"));
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_EQ(run({"wait", "--for", "switch", "1_status"}), 0) << line_.err;
}

TEST_F(CliFlow, HistoryListsWhatHappened) {
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_EQ(run({"history", "1_status"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("1_status  phase_done  phase=expand"));
}

TEST_F(CliFlow, AnUnknownColumnIsASpecErrorAndNothingIsStarted) {
  line_.write(first, add_column("orders", "status_v2", "stattus"));
  EXPECT_EQ(run({"apply"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("1_status.yaml:"));
  EXPECT_EQ(run({"status"}), 0);
  EXPECT_THAT(line_.out, HasSubstr("pending"));
}

TEST_F(CliFlow, ASignalBeforeTheFirstStepExitsWith6) {
  line_.stop.last_signal = SIGTERM;
  line_.stop.signals = 1;
  EXPECT_EQ(run({"apply"}), 6);
  line_.stop.signals = 0;
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
}

TEST_F(CliFlow, AClosedStdoutStopsNothing) {
  EXPECT_EQ(
      testing::run_process({"sh", "-c",
                            "cd '" + line_.folder().string() + "' && { '" +
                                testing::shipped_program() +
                                "' apply -o json; echo $? > code; } | true"},
                           {"PGEXPAND_DSN=" + database_.dsn()})
          .exit_code,
      0);
  EXPECT_EQ(line_.read("code"), "0\n");
  EXPECT_EQ(count("status_v2 = status"), "500");
}

TEST_F(CliFlow, TheSecretOfADsnIsNeverShown) {
  line_.variables["PGEXPAND_DSN"] = database_.dsn() + " password=s3cret";
  for (const std::string command : {"config", "plan", "apply", "history"}) {
    EXPECT_EQ(run({command}), 0) << line_.err;
    EXPECT_THAT(line_.out + line_.err, Not(HasSubstr("s3cret"))) << command;
  }
}

}  // namespace
}  // namespace pgexpand::cli
