#pragma once

#include "cli/invocation.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <functional>

namespace pgexpand::cli {

/// Makes `action` what happens when `command` was chosen. It returns the exit
/// code.
inline void on_chosen(CLI::App& command,
                      Invocation& invocation,
                      std::function<int()> action) {
  command.callback([&invocation, action = std::move(action)] {
    invocation.action = action;
  });
}

void add_new_command(CLI::App& app, Invocation& invocation);
void add_lint_command(CLI::App& app, Invocation& invocation);
void add_plan_command(CLI::App& app, Invocation& invocation);
void add_init_command(CLI::App& app, Invocation& invocation);
void add_apply_command(CLI::App& app, Invocation& invocation);
void add_switch_command(CLI::App& app, Invocation& invocation);
void add_contract_command(CLI::App& app, Invocation& invocation);
void add_rollback_command(CLI::App& app, Invocation& invocation);
void add_pause_command(CLI::App& app, Invocation& invocation);
void add_resume_command(CLI::App& app, Invocation& invocation);
void add_set_command(CLI::App& app, Invocation& invocation);
void add_status_command(CLI::App& app, Invocation& invocation);
void add_history_command(CLI::App& app, Invocation& invocation);
void add_verify_command(CLI::App& app, Invocation& invocation);
void add_wait_command(CLI::App& app, Invocation& invocation);
void add_doctor_command(CLI::App& app, Invocation& invocation);
void add_explain_command(CLI::App& app, Invocation& invocation);
void add_version_command(CLI::App& app, Invocation& invocation);
void add_config_command(CLI::App& app, Invocation& invocation);
void add_sandbox_command(CLI::App& app, Invocation& invocation);
void add_completion_command(CLI::App& app, Invocation& invocation);

}  // namespace pgexpand::cli
