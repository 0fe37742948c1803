#pragma once

#include "pgexpand/exec/executor.hpp"

#include <memory>
#include <optional>

namespace pgexpand::exec {

/// A lease that was won: the open transaction holds the advisory lock.
struct Lease {
  std::unique_ptr<pg::Session> control;
  std::unique_ptr<pg::Transaction> hold;
  pg::Arrival arrival;
  /// Who was at work before; read while the lease was held.
  state::RunnerRecord before;
};

/// What a runner entered last in the state tables.
struct Registration {
  std::int64_t epoch = 0;  ///< The last one that the server confirmed.
  /// Of the lease that was entered last. Its COMMIT may have got lost.
  int control_pid = 0;
  std::string control_start;
};

/// Connects, creates the state schema if need be, and polls for the lease up to
/// `wait`. With `own` (after a lost link) first ends what is left of our
/// own older backends; throws Error(busy, "runner.fenced") if another runner
/// came meanwhile. Throws Error(busy, "runner.busy"), Error(refused) for a
/// pooler or a standby, Error(interrupted).
[[nodiscard]] Lease take_lease(const Runner::Options& options,
                               const std::optional<Registration>& own,
                               milliseconds wait,
                               report::Reporter& reporter,
                               const StopRequest& stop);

/// Terminates the backends that `record` names, and its further ones, and waits
/// until they are gone. Those of a runner that came after it are left alone.
/// Throws Error(busy, "runner.stuck-backend") if they do
/// not go.
void end_backends(pg::Session& session,
                  const sql::Identifier& schema,
                  const state::RunnerRecord& record);

/// Sleeps at most that long, in short naps. Throws Error(interrupted) on a
/// stop request.
void nap(milliseconds duration, const StopRequest& stop);

}  // namespace pgexpand::exec
