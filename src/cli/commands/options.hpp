#pragma once

#include "pgexpand/plan/plan.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <optional>
#include <string>

namespace pgexpand::cli {

/// Options that several commands which act have in common.
struct RunFlags {
  std::string through_name;
  bool accept_drift = false;

  void add_through(CLI::App& command) {
    command
        .add_option("--through", through_name,
                    "Last phase to run: expand, backfill, verify, switch or "
                    "contract")
        ->check(CLI::IsMember(
            {"expand", "backfill", "verify", "switch", "contract"}));
  }
  void add_accept_drift(CLI::App& command) {
    command.add_flag("--accept-drift", accept_drift,
                     "Take the tables as they are now");
  }

  [[nodiscard]] std::optional<plan::Phase> through() const {
    return plan::phase_from_name(through_name);
  }
};

}  // namespace pgexpand::cli
