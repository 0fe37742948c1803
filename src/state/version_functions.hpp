#pragma once

#include "state/functions.hpp"

#include <vector>

namespace pgexpand::state {

/// What makes a schema of views.
[[nodiscard]] std::vector<Function> view_functions();
/// What plans and commands call; each one needs only those before it.
[[nodiscard]] std::vector<Function> version_functions();

}  // namespace pgexpand::state
