#pragma once

#include "exec/task.hpp"

namespace pgexpand::exec {

/// Runs one statement outside a transaction block with lock_timeout 0, while
/// its waits are reported. Tries again a few times when somebody was in the
/// way; `before_retry` cleans up first. A stop request cancels it and throws
/// Error(interrupted).
void run_outside_transaction(Job& job,
                             const Task& task,
                             const sql::Statement& statement,
                             const std::function<void()>& before_retry = {});

}  // namespace pgexpand::exec
