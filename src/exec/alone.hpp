#pragma once

#include "exec/task.hpp"

namespace pgexpand::exec {

/// What a statement reads, and so which settings it runs under.
enum class Reads {
  ours,    ///< Our own words alone.
  values,  ///< Rows, by users' functions: the plan's settings.
  users,   ///< A user's text, too: the search_path that arrived.
};

/// Runs one statement outside a transaction block with lock_timeout 0, while
/// its waits are reported. Tries again a few times when somebody was in the
/// way; `before_retry` cleans up first. A stop request cancels it and throws
/// Error(interrupted).
void run_outside_transaction(Job& job,
                             const Task& task,
                             const sql::Statement& statement,
                             Reads reads,
                             const std::function<void()>& before_retry = {});

}  // namespace pgexpand::exec
