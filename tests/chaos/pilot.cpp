#include "chaos/pilot.hpp"

#include "chaos/inspection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

namespace pgexpand::chaos {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto poll = 3ms;
constexpr auto between_runs = 30ms;
constexpr auto wait_for_a_target = 700ms;
/// Without a fault a command may fail for this long because of earlier ones: a
/// lease that the server has not ended yet.
constexpr auto patience = 45s;
constexpr std::chrono::seconds longest_command{120};

bool is_retriable(const testing::ProcessResult& result) {
  // Lost connection, lock budget, busy, stopped early; killed, two signals.
  static const std::set<int> codes{3, 4, 5, 6, 130, 137, 143};
  // A machine with more to do than it can.
  const bool over_budget =
      result.err.find("step.over-budget") != std::string::npos;
  return codes.contains(result.exit_code) ||
         (result.exit_code == 1 && over_budget);
}

// Our hogs and snapshots are users of the old shape for who looks for them.
bool is_in_use(const testing::ProcessResult& result) {
  constexpr int refused = 7;
  return result.exit_code == refused &&
         result.err.find("contract.old-version-in-use") != std::string::npos;
}

}  // namespace

Pilot::Pilot(const Schedule& schedule,
             Addresses addresses,
             Fleet& fleet,
             Journal& journal,
             std::string program,
             std::string folder)
    : schedule_(schedule),
      addresses_(std::move(addresses)),
      fleet_(fleet),
      journal_(journal),
      program_(std::move(program)),
      folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_ + "/migrations");
  std::ofstream(folder_ + "/pgexpand.yaml")
      << "column_order: free\nversions: "
      << (schedule.scenario.views ? "views" : "none") << "\n";
  for (const Migration& migration : schedule.scenario.migrations) {
    std::ofstream(folder_ + "/migrations/" + migration.id + ".yaml")
        << migration.yaml;
  }
}

Pilot::~Pilot() { std::filesystem::remove_all(folder_); }

testing::Process Pilot::spawn(Words words) const {
  words.insert(words.end(), {"--config", folder_ + "/pgexpand.yaml"});
  return testing::spawn_build(program_, words,
                              {"PGEXPAND_DSN=" + addresses_.direct});
}

void Pilot::fly() {
  for (at_ = 0;; ++at_) {
    const bool is_last = at_ + 1 == schedule_.scenario.migrations.size();
    migrate(is_last);
    if (is_last || faults_are_over_) {
      return;
    }
    contract();
  }
}

void Pilot::migrate(bool is_last) {
  const std::string start = catalog();
  constexpr int again_percent = 40;
  for (;;) {
    apply();
    dwell();
    if (faults_are_over_ || (!is_last && choose() >= again_percent)) {
      return;
    }
    roll_back();
    compare_catalog(start);
    dwell();
  }
}

void Pilot::land() { contract(); }

void Pilot::apply() {
  const std::string& id = current().id;
  constexpr int stop_percent = 30;
  if (choose() < stop_percent) {
    drive({"apply", id, "--through", choose() < 50 ? "backfill" : "verify"});
    dwell();
    drive({"switch", id});
  } else {
    drive({"apply", id, "--through", "switch"});
  }
  fleet_.use({current().before, current().after});
}

void Pilot::roll_back() {
  fleet_.use({current().before}, current().has(Change::add));
  drive({"rollback", current().id});
}

void Pilot::contract() {
  fleet_.use({current().after});
  Words words{"contract", current().id};
  if (schedule_.force_contract) {
    words.emplace_back("--force");
  }
  drive(words);
  settled_.notes = settled_.notes || current().has(Change::not_null);
  settled_.statuses = settled_.statuses || current().has(Change::backfill);
}

void Pilot::dwell() {
  constexpr int longest_ms = 400;
  const auto end = Clock::now() + milliseconds(choose() * longest_ms / 100);
  while (Clock::now() < end && !faults_are_over_) {
    std::this_thread::sleep_for(poll);
  }
}

void Pilot::drive(const Words& words) {
  const auto begin = Clock::now();
  while (run(words) != 0) {
    std::this_thread::sleep_for(between_runs);
    const std::scoped_lock lock(mutex_);
    if (faults_are_over_ &&
        Clock::now() - std::max(begin, calm_since_) > patience) {
      throw GivenUp(
          fmt::format("{} cannot be continued", fmt::join(words, " ")));
    }
  }
  // Or one of them would take back what comes next.
  join_rivals();
}

int Pilot::run(const Words& words) {
  {
    const std::scoped_lock lock(mutex_);
    words_ = words;
    process_.emplace(spawn(words));
  }
  const auto deadline = Clock::now() + longest_command;
  for (bool runs = true; runs;) {
    std::this_thread::sleep_for(poll);
    const std::scoped_lock lock(mutex_);
    runs = process_->is_running();
    if (Clock::now() > deadline) {
      journal_.say(process_->err());
      process_->send_signal(SIGKILL);
      throw GivenUp(fmt::format("{} does not end", fmt::join(words, " ")));
    }
  }
  const std::scoped_lock lock(mutex_);
  const auto result = process_->wait();
  process_.reset();
  judge(words, result);
  return result.exit_code;
}

void Pilot::judge(const Words& words, const testing::ProcessResult& result) {
  journal_.say(fmt::format("pgexpand {}: exit {}\n{}{}", fmt::join(words, " "),
                           result.exit_code, result.out, result.err));
  if (result.exit_code == 0 || is_retriable(result) ||
      (is_in_use(result) && !schedule_.force_contract)) {
    return;
  }
  throw GivenUp(
      fmt::format("{} ended with {}", fmt::join(words, " "), result.exit_code));
}

void Pilot::join_rivals() {
  std::list<std::pair<Words, testing::Process>> others;
  {
    const std::scoped_lock lock(mutex_);
    others.swap(others_);
  }
  for (auto& [words, process] : others) {
    judge(words, process.wait(longest_command));
  }
}

void Pilot::faults_are_over() {
  const std::scoped_lock lock(mutex_);
  calm_since_ = Clock::now();
  faults_are_over_ = true;
}

bool Pilot::signal(int signal) {
  const auto deadline = Clock::now() + wait_for_a_target;
  do {
    {
      const std::scoped_lock lock(mutex_);
      if (process_ && process_->is_running()) {
        process_->send_signal(signal);
        return true;
      }
    }
    std::this_thread::sleep_for(poll);
  } while (Clock::now() < deadline);
  return false;
}

bool Pilot::start_rival(const std::string& wait) {
  const std::scoped_lock lock(mutex_);
  if (!process_) {
    return false;
  }
  Words words = words_;
  words.insert(words.end(), {"--wait-lock", wait});
  others_.emplace_back(words, spawn(words));
  return true;
}

void Pilot::look_on(int which) {
  const Words words = which == 0   ? Words{"status"}
                      : which == 1 ? Words{"plan", current().id}
                                   : Words{"history", current().id};
  const std::scoped_lock lock(mutex_);
  others_.emplace_back(words, spawn(words));
}

std::string Pilot::catalog() {
  for (const auto deadline = Clock::now() + patience;;) {
    try {
      Link link(addresses_.direct, "chaos look");
      return catalog_of(link);
    } catch (const LinkLost&) {
      if (Clock::now() > deadline) {
        throw GivenUp("no connection to look at the catalog");
      }
      std::this_thread::sleep_for(between_runs);
    }
  }
}

void Pilot::compare_catalog(const std::string& start) {
  const std::string now = catalog();
  if (now != start) {
    journal_.violation("rollback left another catalog\n--- before\n" + start +
                       "--- after\n" + now);
  }
}

}  // namespace pgexpand::chaos
