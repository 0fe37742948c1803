#pragma once

#include "chaos/cluster.hpp"
#include "chaos/fleet.hpp"
#include "chaos/journal.hpp"
#include "chaos/schedule.hpp"

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace pgexpand::chaos {

/// Nothing more can be learned from this trial.
struct GivenUp : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Runs the migrations with the real program: apply, contract, and now and
/// then rollback and apply again, each command again and again until it ends
/// with 0. The last migration is not contracted before the faults are over.
class Pilot {
 public:
  Pilot(const Schedule& schedule,
        Addresses addresses,
        Fleet& fleet,
        Journal& journal,
        std::string program,
        std::string folder);
  ~Pilot();
  Pilot(const Pilot&) = delete;
  Pilot& operator=(const Pilot&) = delete;

  /// Through all migrations, up to the switch of the last. Throws GivenUp.
  void fly();
  /// Contracts the last. Throws GivenUp.
  void land();
  void faults_are_over();
  [[nodiscard]] const Migration& current() const {
    return schedule_.scenario.migrations[at_];
  }
  [[nodiscard]] Settled settled() const { return settled_; }

  // For the thread that strikes.

  /// Waits for a command at work, for a moment. False: there is none.
  bool signal(int signal);
  /// The same command, beside the one at work. False: there is none.
  bool start_rival(const std::string& wait);
  /// A command that changes nothing: 0 status, 1 plan, 2 verify.
  void look_on(int which);

 private:
  using Words = std::vector<std::string>;

  void migrate(bool is_last);
  void apply();
  void roll_back();
  void contract();
  void drive(const Words& words);
  int run(const Words& words);
  void judge(const Words& words, const testing::ProcessResult& result);
  void join_rivals();
  void dwell();
  void compare_catalog(const std::string& start);
  std::string catalog();
  testing::Process spawn(Words words) const;
  int choose() {
    return schedule_.choices[chosen_++ % schedule_.choices.size()];
  }

  const Schedule& schedule_;
  Addresses addresses_;
  Fleet& fleet_;
  Journal& journal_;
  std::string program_;
  std::string folder_;
  std::size_t at_ = 0;
  std::size_t chosen_ = 0;
  Settled settled_;
  std::atomic<bool> faults_are_over_{false};

  std::mutex mutex_;  ///< Guards what follows.
  std::chrono::steady_clock::time_point calm_since_;
  std::optional<testing::Process> process_;
  Words words_;
  std::list<std::pair<Words, testing::Process>> others_;
};

}  // namespace pgexpand::chaos
