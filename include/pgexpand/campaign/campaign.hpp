#pragma once

#include "pgexpand/base/error.hpp"
#include "pgexpand/campaign/roster.hpp"
#include "pgexpand/campaign/target.hpp"
#include "pgexpand/exec/executor.hpp"
#include "pgexpand/report/event.hpp"
#include "pgexpand/state/store.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::campaign {

/// How strictly the spec files are read before a run.
enum class Files {
  strict,   ///< A bad file stops the run, or is left out where none is named.
  lenient,  ///< The stored plans are enough; bad files are passed over.
};

/// One run: holds the lease, takes migrations forward one by one, and tells
/// the target what became of each. Every call leaves the database in a state
/// that the same command continues from.
class Campaign {
 public:
  /// Reads the files, connects, creates the state schema if it is missing
  /// (unless the first of `ids` is refused), and waits for the lease.
  Campaign(Target& target,
           Files files,
           const std::vector<std::string>& ids = {});

  std::optional<plan::Phase> through;  ///< The last phase, if one was named.
  bool accept_drift = false;
  /// Those that wait for others are no reason to call the run partly done.
  bool allow_waiting = false;
  bool force = false;  ///< Contract though something is in use.

  [[nodiscard]] const Roster& roster() const { return *roster_; }
  [[nodiscard]] state::Store store();
  [[nodiscard]] report::Reporter& reporter() { return *reporter_; }
  [[nodiscard]] exec::Runner& runner() { return *runner_; }

  /// Takes migrations as far as apply may: the named ones with all they depend
  /// on, or all. What cannot run now is left alone and said.
  void apply(const std::vector<std::string>& ids);
  /// Goes on with a started migration from its stored plan, to `target`.
  void go_on(const std::string& id, std::optional<plan::Phase> target);
  /// Leaves a migration as it is; `problem` decides the exit code at the end.
  void leave(const std::string& id,
             const std::string& reason,
             std::optional<Error> problem);
  /// Tells what somebody else did with one migration, or that nothing was to
  /// do.
  void note(const std::string& id, Outcome outcome);
  /// Throws what made the run miss its goal, if anything did. Returns true if
  /// any migration was more than unchanged.
  [[nodiscard]] bool finish();
  /// Migrations that nobody named, left for later: each with what it waits for
  /// or what is wrong with it.
  [[nodiscard]] const std::vector<std::string>& left_for_later() const {
    return left_for_later_;
  }

  [[nodiscard]] exec::RunOptions run_options(const std::string& id);
  /// Reads the state tables again.
  void refresh();
  /// Throws Error(refused) if one of them was edited after it started.
  void refuse_changed_specs(const std::vector<const Known*>& migrations) const;
  /// Throws Error(interrupted) once somebody asked to stop.
  void check_stop() const;

 private:
  void load(const std::vector<std::string>& ids);
  /// Takes the lease, and reads the state tables under it.
  void begin();
  /// A started one is where `through` says, or further.
  [[nodiscard]] bool has_reached(const Known& known) const;
  /// Nothing is left of it that apply would do.
  [[nodiscard]] bool is_there(const Known& known) const;
  void advance(const std::string& id, bool is_asked);
  /// After a lost connection: throws Error(busy) if another runner took over.
  void check_not_fenced(const Error& error);
  void start(const Known& known, bool is_asked);
  void warn_if_late(const Known& known);
  [[nodiscard]] std::vector<std::string> unmet(const Known& known) const;
  /// The migration under way that touches one of `tables`, and which.
  struct Conflict {
    std::string id;
    std::string table;
  };
  [[nodiscard]] std::optional<Conflict> conflict(
      const std::string& id, const std::vector<sql::TableName>& tables) const;
  void leave_for(const Known& known, const Conflict& rival, bool is_asked);
  /// Leaves one that waits: a problem if somebody named it.
  void leave_waiting(const Known& known,
                     const std::string& reason,
                     bool is_asked,
                     Error problem);
  void leave_unplanned(const Known& known, const Error& problem);
  void conclude(const std::string& id, const exec::RunResult& result);
  void tell(const Known& known, Outcome outcome, const std::string& reason);

  Target& target_;
  std::unique_ptr<report::Reporter> reporter_;
  Files files_;
  std::vector<spec::MigrationSpec> specs_;  ///< Until the roster has them.
  std::unique_ptr<Roster> roster_;
  std::unique_ptr<exec::Runner> runner_;
  std::optional<Error> problem_;
  std::optional<Error> unplanned_;  ///< Ends the run if nothing else ran.
  std::vector<std::string> left_for_later_;
  std::vector<std::string> bad_files_;
  bool moved_ = false;  ///< A migration was taken further.
  bool did_something_ = false;
};

}  // namespace pgexpand::campaign
