// The program's backfill while its table or its connections are taken away.
#include "application.hpp"
#include "flow.hpp"

#include <fmt/format.h>

#include <csignal>
#include <fstream>
#include <functional>

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int table_rows = 20'000;

/// The parameter is the number of workers.
class BackfillRun : public Flow, public ::testing::WithParamInterface<int> {
 protected:
  BackfillRun() {
    database_.exec(
        "CREATE TABLE orders (id bigint PRIMARY KEY, status text,"
        " amount int NOT NULL DEFAULT 1, note text);");
  }

  void make_rows(int count) {
    database_.exec(fmt::format(
        "INSERT INTO orders (id, status, note) SELECT g, 's' || g % 7,"
        " repeat('n', 60) FROM generate_series(1, {}) AS g;"
        "CREATE INDEX ON orders (status); VACUUM ANALYZE orders;",
        count));
  }
  void use_up(const std::string& type, const std::string& up) {
    up_ = up;
    write_spec(
        "1_column", "add_column",
        {"table: orders", "column: fresh", "type: " + type, "up: " + up});
  }

  /// A run of two seconds or more, until it has written some rows.
  [[nodiscard]] Process spawn_apply() {
    std::vector<std::string> words{
        "apply", "--dir",   line_.folder() / "migrations",       "--batch-rows",
        "100",   "--pause", fmt::format("{}ms", 8 * GetParam()), "-o",
        "json"};
    if (GetParam() > 1) {
      words.insert(words.end(), {"--workers", std::to_string(GetParam())});
    }
    return database_.spawn_pgexpand(words);
  }
  long filled() {
    if (one("SELECT to_regclass('pgexpand.progress')") == "NULL") {
      return 0;
    }
    return std::stol(
        one("SELECT coalesce(sum(rows), 0) FROM pgexpand.progress"
            " WHERE step LIKE 'backfill%'"));
  }
  void wait_until(Process& process, const std::function<bool()>& is_so) {
    const auto deadline = Clock::now() + 30s;
    while (!is_so()) {
      ASSERT_TRUE(process.is_running()) << process.err() << process.out();
      ASSERT_LT(Clock::now(), deadline) << "it never happened";
      std::this_thread::sleep_for(5ms);
    }
  }
  void wait_for_rows(Process& process, long more) {
    const long goal = filled() + more;
    wait_until(process, [&] { return filled() >= goal; });
  }
  /// The program's, oldest first: the only other connection is ours.
  std::vector<std::string> backends() {
    std::vector<std::string> pids;
    for (const auto& row :
         database_
             .query("SELECT pid FROM pg_stat_activity WHERE datname ="
                    " current_database() AND pid <> pg_backend_pid() AND"
                    " backend_type = 'client backend'"
                    " ORDER BY backend_start")
             .rows) {
      pids.push_back(row.at(0).value());
    }
    return pids;
  }
  std::string wrong() {
    return one("SELECT count(*) FROM orders WHERE fresh IS DISTINCT FROM " +
               up_);
  }

  std::string up_;
};

std::string workers_name(const ::testing::TestParamInfo<int>& test) {
  return fmt::format("Workers{}", test.param);
}

TEST_P(BackfillRun, NoticesThatTheTableWasRewritten) {
  make_rows(table_rows);
  use_up("text", "upper(status)");
  auto process = spawn_apply();
  wait_for_rows(process, table_rows / 3);
  database_.exec("VACUUM FULL orders");
  EXPECT_LT(filled(), table_rows);
  const auto ran = process.wait();
  EXPECT_EQ(ran.exit_code, 0) << ran.err << ran.out;
  EXPECT_EQ(wrong(), "0");
  EXPECT_EQ(filled(), table_rows);
}

// Each of its connections in turn, the youngest first. After each loss it opens
// all of them again; that the oldest, its lease, is gone it notices last.
TEST_P(BackfillRun, LosesAndRepeatsNothingWhenAConnectionIsKilled) {
  make_rows(2 * table_rows);
  use_up("text", "upper(status)");
  auto process = spawn_apply();
  wait_for_rows(process, 1'000);
  const auto all = backends().size();
  EXPECT_GE(all, 1U + static_cast<std::size_t>(GetParam()));
  for (auto place = all; place > 0; --place) {
    wait_until(process, [&] { return backends().size() >= all; });
    one("SELECT pg_terminate_backend(" + backends().at(place - 1) + ", 5000)");
    wait_for_rows(process, 1'000);
  }
  EXPECT_LT(filled(), 2 * table_rows) << "it was done before the last kill";
  const auto ran = process.wait();
  EXPECT_EQ(ran.exit_code, 0) << ran.err << ran.out;
  EXPECT_EQ(wrong(), "0");
  EXPECT_EQ(filled(), 2 * table_rows);
}

// By a signal after which each worker ends its batch, then by one after which
// nobody does.
TEST_P(BackfillRun, LosesAndRepeatsNothingWhenItIsKilled) {
  make_rows(table_rows);
  use_up("text", "upper(status)");
  auto stopped = spawn_apply();
  wait_for_rows(stopped, 1'000);
  stopped.send_signal(SIGTERM);
  EXPECT_EQ(stopped.wait().exit_code, 6) << stopped.err() << stopped.out();
  const auto done = filled();
  EXPECT_EQ(one("SELECT count(*) FROM orders WHERE fresh IS NOT NULL"),
            std::to_string(done));
  auto killed = spawn_apply();
  wait_for_rows(killed, 1'000);
  killed.kill();
  EXPECT_LT(filled(), table_rows) << "it was done before";
  const auto ran = spawn_apply().wait();
  EXPECT_EQ(ran.exit_code, 0) << ran.err << ran.out;
  EXPECT_EQ(wrong(), "0");
  EXPECT_EQ(filled(), table_rows);
}

TEST_P(BackfillRun, ListsBadRowsAndHoldsNobodyUp) {
  make_rows(table_rows);
  database_.query("UPDATE orders SET amount = 0 WHERE id IN (1, 9999, 20000)");
  use_up("integer", "100 / amount");
  auto process = spawn_apply();
  Application application(
      database_, {"UPDATE orders SET note = note || 'x' WHERE id = 9999",
                  "UPDATE orders SET amount = 0 WHERE id = 20000",
                  "UPDATE orders SET amount = amount + 1 WHERE id = 10000"});
  const auto ran = process.wait();
  application.stop();
  EXPECT_EQ(ran.exit_code, 7) << ran.err << ran.out;
  EXPECT_EQ(application.failures(), 0);
  EXPECT_GT(application.statements(), 100);
  EXPECT_EQ(one("SELECT string_agg(DISTINCT sqlstate || ' ' || key, ', ' ORDER"
                " BY sqlstate || ' ' || key) FROM pgexpand.quarantine"),
            "22012 1, 22012 20000, 22012 9999");
  EXPECT_EQ(one("SELECT count(*) FROM orders WHERE fresh IS NULL"), "3");
  EXPECT_EQ(run({"switch", "1_column"}), 7) << "verify was not clean";
  database_.query("UPDATE orders SET amount = 4 WHERE amount = 0");
  EXPECT_EQ(run({"verify", "1_column", "--repair"}), 0) << line_.err;
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_EQ(wrong(), "0");
}

TEST_P(BackfillRun, OfOneRowAndOfNone) {
  use_up("text", "upper(status)");
  for (const int rows : {0, 1}) {
    SCOPED_TRACE(rows);
    make_rows(rows);
    const auto ran = spawn_apply().wait();
    EXPECT_EQ(ran.exit_code, 0) << ran.err << ran.out;
    EXPECT_EQ(wrong(), "0");
    EXPECT_EQ(filled(), rows);
    EXPECT_EQ(run({"rollback", "1_column"}), 0) << line_.err;
  }
}

INSTANTIATE_TEST_SUITE_P(Each,
                         BackfillRun,
                         ::testing::Values(1, 4),
                         workers_name);

class BackfillOfHugeValues : public BackfillRun {
 protected:
  /// The most memory the program ever had, in kB; -1 once it has ended.
  static long peak_of(const Process& process) {
    std::ifstream status(fmt::format("/proc/{}/status", process.pid()));
    for (std::string line; std::getline(status, line);) {
      constexpr std::string_view label = "VmHWM:";
      if (line.starts_with(label)) {
        return std::stol(line.substr(label.size()));
      }
    }
    return -1;
  }
};

TEST_P(BackfillOfHugeValues, TakesNoMemoryOfOurs) {
  make_rows(2'000);
  database_.exec(
      "UPDATE orders SET note = repeat('x', 8 * 1024 * 1024)"
      " WHERE id % 100 = 0");
  use_up("text", "md5(note)");
  auto process = spawn_apply();
  long peak = 0;
  while (process.is_running()) {
    peak = std::max(peak, peak_of(process));
    std::this_thread::sleep_for(5ms);
  }
  const auto ran = process.wait();
  EXPECT_EQ(ran.exit_code, 0) << ran.err << ran.out;
  EXPECT_EQ(wrong(), "0");
  EXPECT_GT(peak, 1'000);
  EXPECT_LT(peak, 64 * 1024);
}

INSTANTIATE_TEST_SUITE_P(Each,
                         BackfillOfHugeValues,
                         ::testing::Values(1, 4),
                         workers_name);

}  // namespace
}  // namespace pgexpand::testing
