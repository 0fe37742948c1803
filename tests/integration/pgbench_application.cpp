#include "pgbench_application.hpp"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 60s;
constexpr auto poll_interval = 5ms;
// Enough to meet every step, and the machine has more to do.
constexpr const char* rate = "--rate=250";

bool comes_true(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::sleep_for(poll_interval);
  }
  return true;
}

}  // namespace

PgbenchApplication::PgbenchApplication(TestDatabase& database,
                                       const std::string& folder,
                                       const std::string& name,
                                       const std::string& search_path,
                                       const std::vector<std::string>& scripts,
                                       const std::string& count)
    : database_(database), name_(name), count_(count) {
  Arguments command{server_program("pgbench"), "--no-vacuum", "--client=1",
                    "--protocol=prepared",     "--time=600",  rate};
  for (std::size_t number = 0; number < scripts.size(); ++number) {
    const std::string file = fmt::format("{}/{}_{}.sql", folder, name, number);
    std::ofstream(file) << scripts[number];
    command.push_back("--file=" + file);
  }
  command.push_back(database.dsn());
  process_.emplace(command,
                   Environment{"PGAPPNAME=" + name,
                               "PGOPTIONS=-c search_path=" + search_path});
}

PgbenchApplication::~PgbenchApplication() { stop(); }

long PgbenchApplication::done() const {
  return std::stol(
      database_
          .query_one(fmt::format(
              "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {}",
              count_))
          .value());
}

// pgbench says why a connection ended, and nothing else about errors.
std::string PgbenchApplication::errors() {
  const std::string text = process_->err();
  const auto at = text.find("error");
  return at == std::string::npos
             ? ""
             : fmt::format("{}: {}", name_, text.substr(at));
}

std::string PgbenchApplication::await(int transactions) {
  const long goal = done() + transactions;
  const bool is_there = comes_true([&] {
    return !process_->is_running() || !errors().empty() || done() >= goal;
  });
  if (!is_there) {
    return name_ + " stands still";
  }
  return process_->is_running() ? errors() : name_ + " ended: " + errors();
}

std::string PgbenchApplication::stop() {
  if (!process_) {
    return "";
  }
  const bool was_running = process_->is_running();
  std::string problem = errors();
  if (!was_running && problem.empty()) {
    problem = name_ + " ended by itself: " + process_->err();
  }
  process_->send_signal(SIGTERM);
  process_->wait();
  process_.reset();
  const bool is_gone = comes_true([&] {
    return database_.query_one(fmt::format(
               "SELECT count(*) FROM pg_stat_activity WHERE application_name"
               " = '{}' AND datname = current_database()",
               name_)) == "0";
  });
  return is_gone ? problem : name_ + " does not go";
}

}  // namespace pgexpand::testing
