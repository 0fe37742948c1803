#include "chaos/trial.hpp"

#include "chaos/inspection.hpp"
#include "chaos/striker.hpp"
#include "chaos/wait_watch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

namespace pgexpand::chaos {
namespace {

class Trial {
 public:
  Trial(const Schedule& schedule,
        std::uint64_t seed,
        std::string program,
        Journal& journal)
      : schedule_(schedule),
        seed_(seed),
        program_(std::move(program)),
        journal_(journal) {}

  void run();
  long longest_wait_ms = 0;
  std::string logs;

 private:
  void set_up();
  void strike_all(Pilot& pilot);
  void finish(Fleet& fleet, Pilot& pilot);
  void compare(Fleet& fleet, const Shape& shape, const Settled& settled);
  void fly(Pilot& pilot);

  const Schedule& schedule_;
  std::uint64_t seed_;
  std::string program_;
  Journal& journal_;
  Cluster cluster_{schedule_.has_pooler};
  std::atomic<bool> has_given_up_{false};
};

void Trial::set_up() {
  const auto result = testing::run_process(
      {cluster_.bindir() + "/psql", "--no-psqlrc", "--quiet",
       "--set=ON_ERROR_STOP=1", "--dbname=" + cluster_.addresses().direct},
      {}, setup_sql());
  if (result.exit_code != 0) {
    throw std::runtime_error(result.err);
  }
  if (schedule_.has_standby) {
    cluster_.start_standby();
  }
}

void Trial::strike_all(Pilot& pilot) {
  Striker striker(cluster_, pilot, journal_);
  const auto begin = std::chrono::steady_clock::now();
  for (const Strike& strike : schedule_.strikes) {
    std::this_thread::sleep_until(begin + strike.at);
    if (has_given_up_) {
      return;
    }
    journal_.faults += striker.strike(strike) ? 1 : 0;
  }
}

void Trial::fly(Pilot& pilot) {
  try {
    pilot.fly();
  } catch (const std::exception& error) {
    has_given_up_ = true;
    journal_.violation(error.what());
  }
}

void Trial::compare(Fleet& fleet, const Shape& shape, const Settled& settled) {
  Link link(cluster_.addresses().direct, "chaos look");
  check_rows(link, fleet.ledger(), shape, settled, journal_);
}

void Trial::finish(Fleet& fleet, Pilot& pilot) {
  fleet.pause();
  compare(fleet, pilot.current().before, pilot.settled());
  compare(fleet, pilot.current().after, pilot.settled());
  fleet.resume();
  pilot.land();
  fleet.pause();
  compare(fleet, pilot.current().after, pilot.settled());
  Link link(cluster_.addresses().direct, "chaos look");
  check_nothing_is_left(link, journal_);
  check_steps(link, journal_);
}

void Trial::run() {
  set_up();
  journal_.say("set up");
  const Addresses addresses = cluster_.addresses();
  const std::string folder =
      (std::filesystem::temp_directory_path() /
       fmt::format("pgexpand-chaos-{}-{}", getpid(), seed_))
          .string();
  {
    Fleet fleet(addresses, schedule_.scenario.migrations[0].before, seed_,
                journal_);
    Pilot pilot(schedule_, addresses, fleet, journal_, program_, folder);
    WaitWatch watch(addresses.direct, journal_);
    {
      const std::jthread flight([&] { fly(pilot); });
      strike_all(pilot);
      pilot.faults_are_over();
      journal_.say("no more faults");
    }
    try {
      if (!has_given_up_) {
        finish(fleet, pilot);
      }
    } catch (const std::exception& error) {
      journal_.violation(error.what());
    }
    watch.stop();
    longest_wait_ms = watch.longest().count();
    fleet.stop();
  }
  logs = cluster_.logs();
}

}  // namespace

Outcome run_trial(const Schedule& schedule,
                  std::uint64_t seed,
                  const std::string& program) {
  Journal journal;
  Outcome outcome;
  try {
    Trial trial(schedule, seed, program, journal);
    trial.run();
    outcome.longest_wait_ms = trial.longest_wait_ms;
    outcome.story = "--- server\n" + trial.logs;
  } catch (const std::exception& error) {
    journal.violation(std::string("the trial broke off: ") + error.what());
  }
  outcome.faults = journal.faults;
  outcome.operations = journal.operations;
  outcome.violations = journal.violations();
  outcome.story = journal.text() + outcome.story;
  return outcome;
}

}  // namespace pgexpand::chaos
