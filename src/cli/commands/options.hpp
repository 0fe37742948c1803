#pragma once

#include "cli/command.hpp"
#include "pgexpand/plan/plan.hpp"

#include <optional>
#include <string>

namespace pgexpand::cli {

/// Options that several commands which act have in common.
struct RunFlags {
  std::string through_name;
  bool accept_drift = false;

  [[nodiscard]] std::optional<plan::Phase> through() const {
    return plan::phase_from_name(through_name);
  }
};

[[nodiscard]] inline Parameter through_option(RunFlags& flags) {
  return {
      .name = "--through",
      .help = "Last phase to run: expand, backfill, verify, switch or contract",
      .target = &flags.through_name,
      .choices = {"expand", "backfill", "verify", "switch", "contract"}};
}

[[nodiscard]] inline Parameter accept_drift_flag(RunFlags& flags) {
  return {.name = "--accept-drift",
          .help = "Take the tables as they are now",
          .target = &flags.accept_drift};
}

}  // namespace pgexpand::cli
