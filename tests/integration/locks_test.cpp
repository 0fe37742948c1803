// Locks of others in our way, and ours in theirs.
#include "integration/application.hpp"
#include "integration/flow.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <thread>

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Clock = std::chrono::steady_clock;

// lock.timeout and 50 ms are the promise. The rest is for a busy machine, whose
// scheduler may let any thread wait.
constexpr auto promised = 300ms + 50ms;
constexpr auto scheduling = 400ms;

class Locks : public Flow {
 protected:
  Locks() {
    database_.exec(
        "CREATE TABLE orders (id bigint PRIMARY KEY, status text);"
        "CREATE TABLE other (id bigint);"
        "INSERT INTO orders SELECT g, 'status ' || g"
        " FROM generate_series(1, 5000) AS g; ANALYZE orders;");
    write_spec(
        "1_column", "add_column",
        {"table: orders", "column: c1", "type: text", "up: upper(status)"});
  }

  [[nodiscard]] Process spawn(std::vector<std::string> words) const {
    words.insert(words.end(),
                 {"--dir", line_.folder() / "migrations", "--pause", "0ms"});
    return database_.spawn_pgexpand(words);
  }

  /// A transaction of an application that has run `statement` and stays open.
  struct Holder {
    std::unique_ptr<pg::Session> session;
    void end(const char* how = "COMMIT") const {
      session->run(sql::Statement::verbatim(how));
    }
  };
  [[nodiscard]] Holder hold(const std::string& statement,
                            const std::string& begin = "BEGIN") const {
    Holder holder{database_.application()};
    holder.session->run(
        sql::Statement::verbatim("SET application_name = 'nightly report'"));
    holder.session->run(sql::Statement::verbatim(begin));
    holder.session->run(sql::Statement::verbatim(statement));
    return holder;
  }

  [[nodiscard]] Application application() const {
    return {database_,
            {"SELECT status FROM orders WHERE id = 17",
             "UPDATE orders SET status = 'status 18' WHERE id = 18",
             "SELECT count(*) FROM orders WHERE id < 50"}};
  }

  static void expect_short_waits(const Application& application) {
    RecordProperty("longest_ms",
                   static_cast<int>(application.longest().count()));
    fmt::print("  longest application statement: {} ms of {}\n",
               application.longest().count(), application.statements());
    EXPECT_LE(application.longest(), promised + scheduling);
    EXPECT_EQ(application.failures(), 0);
    EXPECT_GT(application.statements(), 100);
  }

  std::string unfilled() {
    return one(
        "SELECT count(*) FROM orders WHERE c1 IS DISTINCT FROM"
        " upper(status)");
  }
};

class Readers : public Locks, public ::testing::WithParamInterface<int> {};

// After five seconds of looking the lock is asked for whoever is there: seven
// seconds see both ways.
TEST_P(Readers, ThatStayForSecondsStopNobodyElse) {
  auto reader = hold("SELECT count(*) FROM orders");
  auto load = application();
  auto process = spawn({"apply"});
  std::this_thread::sleep_for(std::chrono::seconds(GetParam()));
  EXPECT_TRUE(process.is_running());
  EXPECT_EQ(one("SELECT count(*) FROM pg_attribute WHERE attrelid ="
                " 'orders'::regclass AND attname = 'c1'"),
            "0");
  reader.end();
  const auto ran = process.wait(20s);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(
      ran.err,
      AllOf(HasSubstr("waiting for a lock on public.orders"),
            HasSubstr(fmt::format("pid {} (nightly report, idle in transaction",
                                  reader.session->backend_pid()))));
  load.stop();
  expect_short_waits(load);
  EXPECT_EQ(unfilled(), "0");
}

INSTANTIATE_TEST_SUITE_P(Seconds, Readers, ::testing::Values(5, 7));

// None of them is old enough to be waited for outside the queue.
TEST_F(Locks, AStreamOfShortReadersLetsUsInAndNobodyWaitsLonger) {
  Application readers(database_,
                      std::vector<std::string>(
                          3, "SELECT pg_sleep(0.2) FROM orders WHERE id = 1"));
  auto load = application();
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"apply"}, {"rollback", "1_column"}}) {
    const auto ran = spawn(words).wait(20s);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
  }
  load.stop();
  expect_short_waits(load);
}

TEST_F(Locks, AWriterIsWaitedForAndItsRowIsRight) {
  for (const char* end : {"COMMIT", "ROLLBACK"}) {
    SCOPED_TRACE(end);
    auto writer = hold("UPDATE orders SET status = 'late' WHERE id = 40");
    auto load = application();
    auto process = spawn({"apply"});
    std::this_thread::sleep_for(2s);
    EXPECT_TRUE(process.is_running());
    writer.end(end);
    const auto ran = process.wait(20s);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("nightly report"));
    load.stop();
    expect_short_waits(load);
    EXPECT_EQ(unfilled(), "0");
    EXPECT_EQ(run({"rollback", "1_column"}), 0) << line_.err;
  }
}

TEST_F(Locks, ALockedRowIsComeBackToInTheBackfill) {
  for (const char* end : {"COMMIT", "ROLLBACK"}) {
    SCOPED_TRACE(end);
    ASSERT_EQ(run({"apply", "--through", "expand"}), 0) << line_.err;
    auto writer = hold("UPDATE orders SET status = 'late' WHERE id = 40");
    auto load = application();
    auto process = spawn({"apply"});
    std::this_thread::sleep_for(3s);
    EXPECT_TRUE(process.is_running());
    EXPECT_THAT(process.err(), HasSubstr("nightly report"));
    writer.end(end);
    const auto ran = process.wait(20s);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    load.stop();
    expect_short_waits(load);
    EXPECT_EQ(unfilled(), "0");
    EXPECT_EQ(run({"rollback", "1_column"}), 0) << line_.err;
  }
}

TEST_F(Locks, APreparedTransactionIsNamed) {
  const auto gid = database_.name() + "_gid";
  hold("UPDATE orders SET status = 'late' WHERE id = 40")
      .end(("PREPARE TRANSACTION '" + gid + "'").c_str());
  EXPECT_EQ(run({"apply", "--lock-budget", "1s"}), 4);
  EXPECT_THAT(line_.err, HasSubstr("prepared transaction '" + gid + "'"));
  database_.query("COMMIT PREPARED '" + gid + "'");
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_EQ(unfilled(), "0");
}

class LockBudget : public Locks {
 protected:
  /// Runs `words` against a reader; nothing must change.
  void expect_nothing_half_done(std::vector<std::string> words) {
    const auto reader = hold("SELECT count(*) FROM orders");
    const std::string before = dump();
    const auto start = Clock::now();
    words.insert(words.end(), {"--lock-budget", "1s"});
    EXPECT_EQ(run(words), 4) << line_.err;
    EXPECT_LT(Clock::now() - start, 5s);
    EXPECT_THAT(line_.err,
                AllOf(HasSubstr("[lock.budget-used-up]"),
                      HasSubstr(fmt::format("pid {} (nightly report",
                                            reader.session->backend_pid())),
                      HasSubstr("HINT")));
    EXPECT_EQ(dump(), before);
    reader.end();
  }
};

TEST_F(LockBudget, UsedUpInAnyPhaseLeavesNothingHalfDone) {
  write_spec("1_column", "alter_column",
             {"table: orders", "column: id", "type: integer"});
  expect_nothing_half_done({"apply"});
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  expect_nothing_half_done({"switch", "1_column"});
  EXPECT_EQ(run({"switch", "1_column"}), 0) << line_.err;
  expect_nothing_half_done({"rollback", "1_column"});
  EXPECT_EQ(run({"rollback", "1_column"}), 0) << line_.err;
  EXPECT_EQ(run({"apply", "--through", "switch"}), 0) << line_.err;
  expect_nothing_half_done({"contract"});
  database_.query("UPDATE orders SET status = 'x' WHERE id = 3");
  EXPECT_EQ(run({"contract"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT count(*) FROM orders"), "5000");
}

TEST_F(LockBudget, UsedUpAtAnEnforceStepTakesTheOthersBack) {
  write_spec("1_column", "add_column",
             {"table: orders", "column: c1", "type: text", "nullable: false",
              "up: \"coalesce(status, '')\"", "unique: {name: orders_c1}"});
  EXPECT_EQ(run({"apply", "--through", "verify"}), 0) << line_.err;
  expect_nothing_half_done({"switch", "1_column"});
  EXPECT_EQ(run({"switch", "1_column"}), 0) << line_.err;
}

TEST_F(Locks, AnIndexIsValidInTheEndWhateverWasOpen) {
  write_spec("1_column", "create_index",
             {"table: orders", "name: by_status", "columns: [status]"});
  const auto snapshot = hold("SELECT count(*) FROM other",
                             "BEGIN ISOLATION LEVEL REPEATABLE READ");
  const auto reader = hold("SELECT count(*) FROM orders");
  const auto writer = hold("UPDATE orders SET status = 'late' WHERE id = 40");
  auto load = application();
  auto process = spawn({"apply"});
  std::this_thread::sleep_for(4s);
  EXPECT_TRUE(process.is_running());
  writer.end();
  reader.end();
  snapshot.end();
  const auto ran = process.wait(20s);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.err, AllOf(HasSubstr("waiting for old transactions"),
                             HasSubstr("nightly report")));
  load.stop();
  expect_short_waits(load);
  EXPECT_EQ(one("SELECT indisvalid AND indisready FROM pg_index WHERE"
                " indexrelid = 'by_status'::regclass"),
            "t");
}

// The whole of a migration under load: no phase makes anyone wait.
TEST_F(Locks, AWholeMigrationLetsTheApplicationThrough) {
  write_spec("1_column", "alter_column",
             {"table: orders", "column: id", "type: integer",
              "allow: [column_order]"});
  auto load = application();
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"apply", "--through", "switch"},
        {"rollback", "1_column"},
        {"apply", "--through", "contract"}}) {
    const auto ran = spawn(words).wait(60s);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
  }
  load.stop();
  expect_short_waits(load);
}

}  // namespace
}  // namespace pgexpand::testing
