#pragma once

#include "state/functions.hpp"

namespace pgexpand::state {

/// here(): what Turn::here is.
[[nodiscard]] std::vector<Function> home_functions();

}  // namespace pgexpand::state
