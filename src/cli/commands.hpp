// The commands: each is in the file of commands/ that is called like it.
#pragma once

#include "cli/command.hpp"
#include "cli/invocation.hpp"

namespace pgexpand::cli {

[[nodiscard]] Command new_command(Invocation& invocation);
[[nodiscard]] Command lint_command(Invocation& invocation);
[[nodiscard]] Command plan_command(Invocation& invocation);
[[nodiscard]] Command init_command(Invocation& invocation);
[[nodiscard]] Command apply_command(Invocation& invocation);
[[nodiscard]] Command switch_command(Invocation& invocation);  // apply.cpp
[[nodiscard]] Command contract_command(Invocation& invocation);
[[nodiscard]] Command rollback_command(Invocation& invocation);
[[nodiscard]] Command pause_command(Invocation& invocation);
[[nodiscard]] Command resume_command(Invocation& invocation);
[[nodiscard]] Command set_command(Invocation& invocation);
[[nodiscard]] Command status_command(Invocation& invocation);
[[nodiscard]] Command history_command(Invocation& invocation);
[[nodiscard]] Command verify_command(Invocation& invocation);
[[nodiscard]] Command wait_command(Invocation& invocation);
[[nodiscard]] Command doctor_command(Invocation& invocation);
[[nodiscard]] Command explain_command(Invocation& invocation);
[[nodiscard]] Command config_command(Invocation& invocation);
[[nodiscard]] Command version_command(Invocation& invocation);
[[nodiscard]] Command sandbox_command(Invocation& invocation);
[[nodiscard]] Command completion_command(Invocation& invocation);

}  // namespace pgexpand::cli
