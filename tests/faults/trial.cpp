#include "faults/trial.hpp"

#include "places.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <stdexcept>
#include <thread>

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::string new_trace() {
  static int count = 0;
  return std::filesystem::temp_directory_path() /
         fmt::format("pgexpand_trace_{}_{}", getpid(), ++count);
}

Environment environment_of(const std::string& fault, const std::string& trace) {
  Environment environment{"PGEXPAND_FAULT_TRACE=" + trace};
  if (!fault.empty()) {
    environment.push_back("PGEXPAND_FAULT=" + fault);
  }
  return environment;
}

bool is_stopped(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(file, line);
  const auto at = line.rfind(") ");
  return at != std::string::npos && line.substr(at + 2, 1) == "T";
}

}  // namespace

std::string Moment::fault(const std::string& action) const {
  return fmt::format("{}:{}={}", point, count, action);
}

Victim::Victim(const Example& example,
               const std::vector<std::string>& words,
               const std::string& fault)
    : trace_(new_trace()),
      process_(example.spawn_build(
          faulty_program(), words, environment_of(fault, trace_))) {}

Victim::~Victim() {
  std::error_code ignored;
  std::filesystem::remove(trace_, ignored);
}

TracedRun Victim::wait() {
  auto ended = process_.wait();
  TracedRun run{.exit_code = ended.exit_code, .err = std::move(ended.err)};
  std::ifstream file(trace_);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("struck ")) {
      run.was_struck = true;
      continue;
    }
    const auto colon = line.find(':');
    run.moments.push_back(
        {line.substr(0, colon), std::stoi(line.substr(colon + 1))});
  }
  return run;
}

bool Victim::await_sleep() {
  const auto deadline = Clock::now() + 60s;
  while (!is_stopped(process_.pid())) {
    if (!process_.is_running()) {
      return false;
    }
    if (Clock::now() > deadline) {
      throw std::runtime_error("the program neither stopped nor ended");
    }
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

void Victim::await_strike() const {
  const auto deadline = Clock::now() + 60s;
  for (;;) {
    std::ifstream file(trace_);
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("struck ")) {
        return;
      }
    }
    if (Clock::now() > deadline) {
      throw std::runtime_error("the fault never struck");
    }
    std::this_thread::sleep_for(20ms);
  }
}

void Victim::wake() { process_.send_signal(SIGCONT); }

TracedRun run_faulty(const Example& example,
                     const std::vector<std::string>& words,
                     const std::string& fault) {
  return Victim(example, words, fault).wait();
}

void PrintTo(const Picture& picture, std::ostream* to) {
  *to << "schema:\n"
      << picture.schema << "data:\n"
      << picture.data << "leftovers:\n"
      << picture.leftovers;
}

Picture picture_of(Example& example) {
  const auto deadline = Clock::now() + 20s;
  while (example.database().query_one(
             "SELECT count(*) FROM pg_stat_activity WHERE datname ="
             " current_database() AND pid <> pg_backend_pid()") != "0" &&
         Clock::now() < deadline) {
    std::this_thread::sleep_for(10ms);
  }
  return {.schema = example.schema(),
          .data = example.data(),
          .leftovers = example.leftovers()};
}

std::string wrong_records(Example& example) {
  return example.database()
      .query_one(
          "SELECT coalesce(string_agg(line, '; '), '') FROM ("
          " SELECT detail ->> 'step' || ' done twice' FROM pgexpand.event"
          " WHERE kind = 'step_done' AND id > (SELECT coalesce(max(id), 0)"
          "   FROM pgexpand.event WHERE kind = 'rolled_back')"
          " GROUP BY detail ->> 'step' HAVING count(*) > 1"
          " UNION ALL SELECT step || ' is ' || status FROM pgexpand.step"
          " WHERE status <> 'done'"
          " UNION ALL SELECT id || ' is ' || status FROM pgexpand.migration"
          " WHERE status <> 'contracted') AS wrong(line)")
      .value();
}

bool is_full_form() {
  const char* form = std::getenv("PGEXPAND_FAULT_FORM");
  return form != nullptr && std::string(form) == "full";
}

}  // namespace pgexpand::testing
