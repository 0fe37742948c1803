#pragma once

#include "pgexpand/backfill/engine.hpp"
#include "pgexpand/pg/session.hpp"
#include "pgexpand/plan/plan.hpp"
#include "pgexpand/report/event.hpp"
#include "pgexpand/state/store.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace pgexpand::exec {

using std::chrono::milliseconds;

struct RunOptions {
  plan::Phase through = plan::Phase::switch_over;
  bool through_is_explicit = false;  ///< --through was given: a visible switch
                                     ///< is entered too.
  bool accept_drift = false;
  bool force = false;      ///< Contract though something is in use.
  bool show_data = false;  ///< Name rows by their keys, not their ctids.
  bool repair = false;     ///< verify: mend what differs, then verify again.
  milliseconds lock_timeout{300};
  milliseconds lock_hold{500};
  milliseconds lock_budget{600'000};
  milliseconds step_budget{30'000};
  milliseconds contract_after{0};
  /// How long contract looks for users of old versions.
  milliseconds version_watch{2'000};
  backfill::Pace pace;
};

/// Asked to stop: first signal, second signal, --max-runtime. Async-signal-safe
/// to set; everything that waits looks at it at least every 50 ms.
struct StopRequest {
  std::atomic<int> signals{0};
  std::atomic<int> last_signal{0};
  std::optional<std::chrono::steady_clock::time_point> deadline;

  [[nodiscard]] bool requested() const noexcept;
};

class Workbench;

/// The lease: one pgexpand at a time per state schema. Holds an advisory
/// transaction lock on a connection of its own and beats every 5 s; see
/// safety.md, Runner. Watches who blocks the work session, and whether its link
/// still carries anything.
class Runner {
 public:
  struct Options {
    pg::ConnectOptions connect;
    sql::Identifier state_schema;
    milliseconds wait{60'000};  ///< runner.wait; 0 fails at once.
    milliseconds heartbeat{5'000};
    /// A link is dead when nothing was answered on it for so long that the
    /// server answers at once.
    milliseconds silence{15'000};
  };

  /// Polls for the lease. Throws Error(busy, "runner.busy") naming the other
  /// one when `wait` ran out, Error(interrupted) on a stop request.
  Runner(Options options, report::Reporter& reporter, const StopRequest& stop);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// The session that does the work; opened at first use, and again, with
  /// older backends of ours terminated and gone, after it was lost.
  [[nodiscard]] pg::Session& work();
  [[nodiscard]] const pg::Arrival& arrival() const;
  /// True once the heartbeat found the lease lost: nothing may act any more.
  [[nodiscard]] bool lost() const noexcept;
  /// Reconnects lease and work session after a lost link. Throws
  /// Error(connection) when `patience` ran out, Error(busy) if fenced.
  void recover(milliseconds patience);
  /// For this module only.
  [[nodiscard]] Workbench& workbench();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

enum class RunOutcome {
  reached,            ///< `through` is complete.
  stopped_at_switch,  ///< Visible, and --through was not given.
  interrupted,        ///< Signal or deadline; progress saved.
  paused,
};

struct RunResult {
  RunOutcome outcome = RunOutcome::reached;
  std::optional<plan::Phase> completed;
  std::string paused_by;
};

/// Runs a started migration's stored plan as far as `options` says, from where
/// it is. A lost connection is recovered from inside; safe to call again after
/// any throw. Errors: see ErrorKind; a failed verify throws
/// Error(verification), drift Error(refused, "drift.…").
[[nodiscard]] RunResult run(const std::string& migration,
                            const RunOptions& options,
                            Runner& runner,
                            const sql::Identifier& state_schema,
                            report::Reporter& reporter,
                            const StopRequest& stop);

/// Takes a migration back to before expand, from any phase before contract.
/// Throws Error(refused) when a gate is closed or the plan is not undoable.
[[nodiscard]] RunResult roll_back(const std::string& migration,
                                  const RunOptions& options,
                                  Runner& runner,
                                  const sql::Identifier& state_schema,
                                  report::Reporter& reporter,
                                  const StopRequest& stop);

/// Takes all rights on the versions published before this migration's from
/// everybody (`contract --soft`), or gives them back (`rollback --soft`).
/// Returns false if there is no such version. Throws Error(refused,
/// "contract.no-version") if the migration has not published one.
[[nodiscard]] bool soften_versions(const std::string& migration,
                                   bool soft,
                                   Runner& runner,
                                   const sql::Identifier& state_schema);

/// Compares now, outside the phases (`pgexpand verify`): before switch the
/// result is stored as verify's; after switch the old side is compared.
[[nodiscard]] backfill::CompareResult verify_now(
    const std::string& migration,
    const RunOptions& options,
    Runner& runner,
    const sql::Identifier& state_schema,
    report::Reporter& reporter,
    const StopRequest& stop);

}  // namespace pgexpand::exec
