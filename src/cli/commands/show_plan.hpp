#pragma once

#include "cli/invocation.hpp"

#include <string>
#include <vector>

namespace pgexpand::cli {

struct PlanRequest {
  std::vector<std::string> ids;  ///< Empty: every pending migration.
  bool sql = false;
};

/// Prints what would run and changes nothing. Returns the exit code.
[[nodiscard]] int show_plans(Invocation& invocation,
                             const PlanRequest& request);

}  // namespace pgexpand::cli
