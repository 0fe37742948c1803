#pragma once

#include "support/process.hpp"

namespace pgexpand::testing {

/// `command` as a user that servers do not refuse to run as: for root it
/// becomes postgres, as in the sandbox. It dies with us.
[[nodiscard]] Arguments as_server_user(Arguments command);

/// Runs it to its end. Throws std::runtime_error with its stderr.
void run_as_server_user(const Arguments& command,
                        const std::string& input = {});

}  // namespace pgexpand::testing
