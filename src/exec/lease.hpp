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
};

/// Connects, creates the state schema if need be, and polls for the lease up to
/// `wait`. With `own_epoch` (after a lost link) first ends what is left of our
/// own older backends; throws Error(busy, "runner.fenced") if another runner
/// came meanwhile. Throws Error(busy, "runner.busy"), Error(refused) for a
/// pooler or a standby, Error(interrupted).
[[nodiscard]] Lease take_lease(const Runner::Options& options,
                               std::optional<std::int64_t> own_epoch,
                               milliseconds wait,
                               report::Reporter& reporter,
                               const StopRequest& stop);

/// Terminates the backends that `record` names, and its further ones, and waits
/// until they are gone. Throws Error(busy, "runner.stuck-backend") if they do
/// not go.
void end_backends(pg::Session& session,
                  const sql::Identifier& schema,
                  const state::RunnerRecord& record);

/// Sleeps at most that long, in short naps. Throws Error(interrupted) on a
/// stop request.
void nap(milliseconds duration, const StopRequest& stop);

}  // namespace pgexpand::exec
