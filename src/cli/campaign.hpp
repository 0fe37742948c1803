#pragma once

#include "cli/invocation.hpp"
#include "cli/roster.hpp"
#include "pgexpand/base/error.hpp"
#include "pgexpand/exec/executor.hpp"
#include "pgexpand/report/event.hpp"
#include "pgexpand/state/store.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pgexpand::cli {

/// How strictly the spec files are read before a run.
enum class Files {
  strict,   ///< Any bad file stops the command.
  lenient,  ///< The stored plans are enough; bad files are passed over.
};

/// One command that acts: holds the lease, takes migrations forward one by
/// one, and gathers the answer. Every call leaves the database in a state that
/// the same command continues from.
class Campaign {
 public:
  /// Reads the files, connects, creates the state schema if it is missing
  /// (unless the first of `ids` is refused), and waits for the lease.
  Campaign(Invocation& invocation,
           Files files,
           const std::vector<std::string>& ids = {});

  std::optional<plan::Phase> through;  ///< `--through`, if it was given.
  bool accept_drift = false;
  bool force = false;  ///< Contract though an old version is in use.

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
  /// Adds one migration to the answer, without having done anything.
  void note(const std::string& id, const std::string& outcome);
  /// Throws what made the command miss its goal, if anything did.
  void finish();

  [[nodiscard]] exec::RunOptions run_options(const std::string& id);
  /// Reads the state tables again.
  void refresh();
  /// Throws Error(refused) if one of them was edited after it started.
  void refuse_changed_specs(const std::vector<const Known*>& migrations) const;
  /// Throws Error(interrupted) once somebody asked to stop.
  void check_stop() const;

 private:
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
  void conclude(const std::string& id, const exec::RunResult& result);

  Invocation& invocation_;
  std::unique_ptr<report::Reporter> reporter_;
  std::unique_ptr<Roster> roster_;
  std::unique_ptr<exec::Runner> runner_;
  std::optional<Error> problem_;
};

/// One entry of `migrations` in the JSON answer, and its line on stdout.
void add_outcome(Invocation& invocation,
                 const Known& known,
                 const std::string& outcome,
                 const std::string& reason);

/// The same for one that an error stopped; on stdout only in JSON.
void add_failure(Invocation& invocation,
                 const Known& known,
                 const Error& error);

}  // namespace pgexpand::cli
