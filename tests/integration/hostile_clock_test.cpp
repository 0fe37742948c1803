// The clock jumps back and forth while a backfill runs: first that of the
// client, then that of the server. Nothing rests on it but what is shown.
#include "integration/flow.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* library =
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// A clock in a file, for processes that are started with `environment()`.
class Clock {
 public:
  explicit Clock(const std::string& file) : file_(file) { set("+0"); }

  [[nodiscard]] Environment environment() const {
    return {std::string("LD_PRELOAD=") + library,
            "FAKETIME_TIMESTAMP_FILE=" + file_, "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1"};
  }
  /// As faketime(1) reads it: "+3600", "-2d".
  void set(const std::string& offset) const {
    const std::string next = file_ + ".next";
    std::ofstream(next) << offset << "\n";
    std::filesystem::permissions(next, std::filesystem::perms(0644));
    std::filesystem::rename(next, file_);
  }
  /// Back and forth as long as `process` runs.
  void jump_while(Process& process) const {
    const std::vector<std::string> offsets{"+3600", "-3600", "+2d",
                                           "-2d",   "+0",    "-30"};
    for (std::size_t i = 0; process.is_running(); ++i) {
      set(offsets[i % offsets.size()]);
      std::this_thread::sleep_for(200ms);
    }
  }

 private:
  std::string file_;
};

/// Room for the fake variables while a server is started; they are passed on.
class Variables {
 public:
  explicit Variables(const Environment& environment) {
    for (const std::string& each : environment) {
      names_.push_back(each.substr(0, each.find('=')));
      setenv(names_.back().c_str(), each.c_str() + names_.back().size() + 1, 1);
    }
  }
  ~Variables() {
    for (const std::string& name : names_) unsetenv(name.c_str());
  }
  Variables(const Variables&) = delete;
  Variables& operator=(const Variables&) = delete;

 private:
  std::vector<std::string> names_;
};

/// libfaketime leaves shared memory behind, named after a process.
void remove_what_dead_processes_left() {
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
    const std::string name = entry.path().filename();
    for (const std::string begin : {"faketime_shm_", "sem.faketime_sem_"}) {
      if (name.starts_with(begin) &&
          kill(std::atoi(name.c_str() + begin.size()), 0) != 0 &&
          errno == ESRCH) {
        std::error_code ignored;
        std::filesystem::remove(entry.path(), ignored);
      }
    }
  }
}

class ClockJumps : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(std::filesystem::exists(library))
        << "install libfaketime (scripts/setup)";
    line_.write("migrations/1_column.yaml",
                "operations:\n  - add_column:\n      table: orders\n"
                "      column: c\n      type: text\n      nullable: false\n"
                "      up: upper(status)\n      unique: {name: orders_c}\n");
    std::filesystem::permissions(line_.folder(), std::filesystem::perms(0755));
  }

  void TearDown() override { remove_what_dead_processes_left(); }

  void make_table(const std::string& dsn) {
    session_ = pg::connect({.dsn = dsn}).session;
    session_->run(sql::Statement::verbatim("SET search_path = public"));
    query("CREATE TABLE orders (id bigint PRIMARY KEY, status text)");
    query(
        "INSERT INTO orders SELECT g, 'status ' || g"
        " FROM generate_series(1, 2000) g");
  }
  pg::Value query(const std::string& sql) {
    const auto result = session_->run(sql::Statement::verbatim(sql));
    return result.rows.empty() || result.rows[0].empty() ? std::nullopt
                                                         : result.rows[0][0];
  }

  [[nodiscard]] Process start(const std::string& dsn,
                              Environment environment,
                              const std::string& through) const {
    environment.push_back("PGEXPAND_DSN=" + dsn);
    return spawn_pgexpand(
        {"apply", "--dir", (line_.folder() / "migrations").string(),
         "--batch-rows", "100", "--pause", "150ms", "--through", through},
        environment);
  }

  void expect_all_there() {
    EXPECT_EQ(query("SELECT count(*) FROM orders WHERE c = upper(status)"),
              "2000");
    EXPECT_EQ(query("SELECT status FROM pgexpand.migration"), "contracted");
    EXPECT_EQ(query("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
  }

  cli::CommandLine line_;
  Clock clock_{(line_.folder() / "clock").string()};
  std::unique_ptr<pg::Session> session_;
};

TEST_F(ClockJumps, OfTheClientAreNoMatter) {
  const TestDatabase database;
  make_table(database.dsn());
  Process apply = start(database.dsn(), clock_.environment(), "contract");
  clock_.jump_while(apply);
  const auto result = apply.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  expect_all_there();
}

TEST_F(ClockJumps, OfTheServerAreNoMatter) {
  std::optional<sandbox::Sandbox> server;
  {
    const Variables variables(clock_.environment());
    server.emplace(sandbox::Options{.fast_and_unsafe = true});
  }
  make_table(server->dsn());
  clock_.set("+2d");
  ASSERT_EQ(query("SELECT extract(epoch FROM clock_timestamp()) > " +
                  std::to_string(time(nullptr) + 80'000)),
            "t")
      << "the server's clock is not ours to set";
  Process apply = start(server->dsn(), {}, "contract");
  clock_.jump_while(apply);
  const auto result = apply.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  expect_all_there();
}

}  // namespace
}  // namespace pgexpand::testing
