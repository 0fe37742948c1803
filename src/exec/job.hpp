#pragma once

#include "exec/serial_reporter.hpp"
#include "exec/workbench.hpp"
#include "pgexpand/exec/executor.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

namespace pgexpand::exec {

/// One run of one migration: everything its parts share.
struct Job {
  std::string id;
  const RunOptions& options;
  Workbench& bench;
  sql::Identifier schema;
  SerialReporter& reporter;
  const StopRequest& stop;

  std::int64_t epoch = 0;  ///< Ours; see Store::take_over.
  plan::Plan plan{};
  bool announced = false;                  ///< MigrationStarted was sent.
  std::optional<plan::Phase> completed{};  ///< Last phase complete.
  /// Tables of the plan that were dropped, where a rollback goes on without.
  std::vector<sql::TableName> lost{};
  /// Those of them that came back from a dump, with our triggers on them.
  std::vector<sql::TableName> put_back{};
  std::optional<milliseconds> deadlock_timeout{};
  /// While the rights on the tables come with SET ROLE only.
  std::unique_ptr<pg::ActingAs> acting{};

  /// The server's deadlock_timeout; asked once.
  [[nodiscard]] milliseconds longest_before_deadlock();
  [[nodiscard]] pg::Session& session() const { return bench.work(); }
  [[nodiscard]] state::Store store() const { return {bench.work(), schema}; }
  /// Throws Error(connection) if the lease is lost, Error(interrupted) on a
  /// stop request.
  void check() const;
  /// Sleeps at most that long, then checks.
  void sleep(milliseconds duration) const;
  [[nodiscard]] RunResult result(RunOutcome outcome,
                                 const std::string& paused_by = {}) const {
    return {.outcome = outcome, .completed = completed, .paused_by = paused_by};
  }
  [[nodiscard]] bool is_switched() const {
    return completed && *completed >= plan::Phase::switch_over;
  }
  [[nodiscard]] bool has_lost(const sql::TableName& table) const {
    return std::ranges::find(lost, table) != lost.end();
  }
  /// Writes to the state tables in one fenced transaction.
  void record(const std::function<void(state::Store&)>& write) const;
  /// A line for `history`; part of the open transaction, if there is one.
  void note(std::string_view kind, const std::string& json_detail) const;
};

/// For state tables, whose rows are locked for a batch's time at most.
inline constexpr pg::Timeouts state_timeouts{.lock = milliseconds{10'000}};

/// The error a stop request ends in, inside this module.
[[nodiscard]] Error interrupted(const std::string& id);

/// Reads the migration, its plan and our epoch into `job`, and takes the role
/// of the tables' owner if its rights are not inherited.
[[nodiscard]] state::Migration take_up(Job& job);

/// Runs `body`, and again after each lost connection that could be recovered;
/// a stop request becomes RunOutcome::interrupted.
[[nodiscard]] RunResult with_recovery(Job& job,
                                      const std::function<RunResult()>& body);

/// run() on any workbench.
[[nodiscard]] RunResult run_on(Workbench& bench,
                               const std::string& migration,
                               const RunOptions& options,
                               const sql::Identifier& state_schema,
                               report::Reporter& reporter,
                               const StopRequest& stop);
/// roll_back() on any workbench.
[[nodiscard]] RunResult roll_back_on(Workbench& bench,
                                     const std::string& migration,
                                     const RunOptions& options,
                                     const sql::Identifier& state_schema,
                                     report::Reporter& reporter,
                                     const StopRequest& stop);

}  // namespace pgexpand::exec
