// Stopping a run from outside: signals, pause, and a rival.
#include "integration/flow.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <thread>

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Clock = std::chrono::steady_clock;

class Stopping : public Flow {
 protected:
  Stopping() {
    database_.exec(
        "CREATE TABLE orders (id bigint PRIMARY KEY, status text);"
        "INSERT INTO orders SELECT g, 'status ' || g"
        " FROM generate_series(1, 20000) AS g; ANALYZE orders;"
        // Not a constant time, but a constant value.
        "CREATE FUNCTION slow(text) RETURNS text IMMUTABLE LANGUAGE plpgsql"
        " AS $$ BEGIN IF current_setting('pgexpand.mode', true) = 'backfill'"
        " THEN PERFORM pg_sleep(0.05); END IF; RETURN upper($1); END $$;");
    use_up("upper(status)");
  }

  void use_up(const std::string& up) const {
    write_spec("1_column", "add_column",
               {"table: orders", "column: c1", "type: text", "up: " + up});
  }

  /// A run of some seconds: 200 small batches.
  [[nodiscard]] Process spawn_apply() const {
    return database_.spawn_pgexpand({"apply", "--dir",
                                     line_.folder() / "migrations",
                                     "--batch-rows", "100", "--pause", "30ms"});
  }
  [[nodiscard]] Process spawn_slow_batch() const {
    use_up("slow(status)");
    return database_.spawn_pgexpand(
        {"apply", "--dir", line_.folder() / "migrations", "--pause", "0ms"});
  }

  void wait_until(const std::function<bool()>& is_so) {
    const auto deadline = Clock::now() + 10s;
    while (!is_so()) {
      ASSERT_LT(Clock::now(), deadline) << "it never happened";
      std::this_thread::sleep_for(10ms);
    }
  }
  void wait_for_progress() {
    wait_until([&] {
      return one("SELECT to_regclass('pgexpand.progress')") != "NULL" &&
             one("SELECT coalesce(max(rows), 0) > 500 FROM "
                 "pgexpand.progress") == "t";
    });
  }
  void wait_for_slow_batch() {
    wait_until([&] {
      return one("SELECT count(*) FROM pg_stat_activity WHERE datname ="
                 " current_database() AND wait_event = 'PgSleep'") == "1";
    });
  }

  nlohmann::json runner() {
    EXPECT_EQ(run({"status", "-o", "json"}), 0) << line_.err;
    return nlohmann::json::parse(line_.out).at("runner");
  }

  std::string filled() {
    return one("SELECT count(*) FROM orders WHERE c1 = upper(status)");
  }
  std::string progress_rows() {
    return one(
        "SELECT sum(rows) FROM pgexpand.progress WHERE step LIKE"
        " 'backfill%'");
  }

  void expect_goes_on() {
    EXPECT_EQ(run({"apply"}), 0) << line_.err;
    EXPECT_THAT(line_.err, HasSubstr("1_column: continued"));
    EXPECT_EQ(filled(), "20000");
    EXPECT_EQ(progress_rows(), "20000") << "rows were filled twice";
  }
};

class OneSignal : public Stopping, public ::testing::WithParamInterface<int> {};

TEST_P(OneSignal, StopsAtABatchAndTheSameCommandGoesOn) {
  auto process = spawn_apply();
  wait_for_progress();
  const auto start = Clock::now();
  process.send_signal(GetParam());
  const auto ran = process.wait(20s);
  EXPECT_LT(Clock::now() - start, 2s);
  EXPECT_EQ(ran.exit_code, 6) << ran.err;
  EXPECT_THAT(ran.err, AllOf(HasSubstr("progress is saved"),
                             HasSubstr("run the same command again")));
  const std::string saved = progress_rows();
  EXPECT_EQ(filled(), saved) << "rows and cursor are not one";
  EXPECT_LT(std::stoi(saved), 20000);
  expect_goes_on();
}

INSTANTIATE_TEST_SUITE_P(Each,
                         OneSignal,
                         ::testing::Values(SIGINT, SIGTERM, SIGHUP));

TEST_F(Stopping, StatusTellsARunThatLivesFromOneThatWasKilled) {
  auto process = spawn_apply();
  wait_for_progress();
  EXPECT_EQ(run({"status"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr(fmt::format("at work: process {} on host ",
                                               process.pid())));
  EXPECT_THAT(line_.out, HasSubstr(", on 1_column\n"));
  EXPECT_EQ(runner().at("process"), process.pid());
  EXPECT_EQ(runner().at("migration"), "1_column");
  process.kill();
  wait_until([&] { return runner().is_null(); });
  EXPECT_EQ(run({"status"}), 0) << line_.err;
  EXPECT_THAT(line_.out, AllOf(HasSubstr("in backfill, "),
                               HasSubstr("\nno pgexpand is at work\n")));
  expect_goes_on();
  EXPECT_EQ(run({"status"}), 0) << line_.err;
  EXPECT_THAT(line_.out, Not(HasSubstr("at work")));
}

TEST_F(Stopping, TheFirstSignalLetsABatchFinishAndTheSecondDoesNot) {
  auto process = spawn_slow_batch();
  wait_for_slow_batch();
  process.send_signal(SIGINT);
  std::this_thread::sleep_for(1s);
  EXPECT_TRUE(process.is_running()) << "it did not finish its batch";
  const auto start = Clock::now();
  process.send_signal(SIGINT);
  const auto ran = process.wait(20s);
  EXPECT_LT(Clock::now() - start, 2s);
  EXPECT_EQ(ran.exit_code, 128 + SIGINT) << ran.err;
  EXPECT_EQ(one("SELECT count(*) FROM pg_stat_activity WHERE datname ="
                " current_database() AND wait_event = 'PgSleep'"),
            "0");
  database_.exec(
      "CREATE OR REPLACE FUNCTION slow(text) RETURNS text IMMUTABLE"
      " LANGUAGE sql AS 'SELECT upper($1)'");
  expect_goes_on();
}

TEST_F(Stopping, TheSecondSigtermExitsWith143) {
  auto process = spawn_slow_batch();
  wait_for_slow_batch();
  process.send_signal(SIGTERM);
  std::this_thread::sleep_for(200ms);
  process.send_signal(SIGTERM);
  EXPECT_EQ(process.wait(20s).exit_code, 128 + SIGTERM);
}

TEST_F(Stopping, ASignalEndsAWaitForALock) {
  auto reader = database_.application();
  reader->run(sql::Statement::verbatim("BEGIN"));
  reader->run(sql::Statement::verbatim("SELECT count(*) FROM orders"));
  auto process = spawn_apply();
  wait_until([&] {
    return process.err().find("waiting for a lock") != std::string::npos;
  });
  process.send_signal(SIGINT);
  EXPECT_EQ(process.wait(5s).exit_code, 6);
  reader->run(sql::Statement::verbatim("COMMIT"));
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
}

TEST_F(Stopping, ASignalEndsAnIndexBuildThatWaits) {
  write_spec("1_column", "create_index",
             {"table: orders", "name: by_status", "columns: [status]"});
  auto writer = database_.application();
  writer->run(sql::Statement::verbatim("BEGIN"));
  writer->run(sql::Statement::verbatim("DELETE FROM orders WHERE id = 1"));
  auto process = spawn_apply();
  wait_until([&] {
    return one("SELECT count(*) FROM pg_stat_progress_create_index WHERE"
               " phase LIKE 'waiting%'") == "1";
  });
  process.send_signal(SIGINT);
  EXPECT_EQ(process.wait(10s).exit_code, 6);
  writer->run(sql::Statement::verbatim("ROLLBACK"));
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT indisvalid FROM pg_index WHERE indexrelid ="
                " 'by_status'::regclass"),
            "t");
}

TEST_F(Stopping, APauseOfAnotherProcessStopsTheRunAndOnlyResumeGoesOn) {
  auto process = spawn_apply();
  wait_for_progress();
  EXPECT_EQ(run({"pause", "1_column"}), 0) << line_.err;
  const auto who = one("SELECT paused_by FROM pgexpand.migration");
  const auto ran = process.wait(10s);
  EXPECT_EQ(ran.exit_code, 6) << ran.err;
  EXPECT_THAT(ran.err, AllOf(HasSubstr("[run.paused]"),
                             HasSubstr("was paused by " + who),
                             HasSubstr("pgexpand resume 1_column")));
  EXPECT_THAT(who, HasSubstr("@"));
  const std::string saved = progress_rows();
  EXPECT_LT(std::stoi(saved), 20000);
  EXPECT_EQ(run({"apply"}), 6);
  EXPECT_THAT(line_.err, HasSubstr("paused by " + who));
  EXPECT_EQ(progress_rows(), saved);
  EXPECT_EQ(run({"resume", "1_column"}), 0) << line_.err;
  EXPECT_EQ(filled(), "20000");
  EXPECT_EQ(progress_rows(), "20000");
}

TEST_F(Stopping, ARivalIsTurnedAwayAtOnce) {
  auto process = spawn_apply();
  wait_for_progress();
  for (const std::string command :
       {"apply", "rollback", "contract", "resume"}) {
    SCOPED_TRACE(command);
    const auto start = Clock::now();
    std::vector<std::string> words{command};
    if (command == "rollback") words.emplace_back("1_column");
    words.insert(words.end(), {"--wait-lock", "0s"});
    EXPECT_EQ(run(words), 5) << line_.err;
    EXPECT_LT(Clock::now() - start, 1s);
    EXPECT_THAT(line_.err,
                AllOf(HasSubstr("[runner.busy]"),
                      HasSubstr(fmt::format("process {}", process.pid()))));
  }
  for (const std::string command : {"status", "plan", "history"}) {
    EXPECT_EQ(run({command}), 0) << line_.err;
  }
  EXPECT_TRUE(process.is_running());
  EXPECT_EQ(process.wait(60s).exit_code, 0);
  EXPECT_EQ(progress_rows(), "20000");
}

TEST_F(Stopping, ARivalThatWaitsGoesOnWhenTheFirstIsDone) {
  auto process = spawn_apply();
  wait_for_progress();
  EXPECT_EQ(run({"apply", "--wait-lock", "30s"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("nothing to do"));
  EXPECT_EQ(process.wait(5s).exit_code, 0);
}

TEST_F(Stopping, MaxRuntimeStopsAtABatch) {
  EXPECT_EQ(line_.run({"apply", "--batch-rows", "100", "--pause", "30ms",
                       "--max-runtime", "1s"}),
            6)
      << line_.err;
  line_.stop.deadline.reset();
  expect_goes_on();
}

}  // namespace
}  // namespace pgexpand::testing
