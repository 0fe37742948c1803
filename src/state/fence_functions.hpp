#pragma once

#include "state/functions.hpp"

#include <vector>

namespace pgexpand::state {

/// refuse(): raises a condition, see state::Refusal. take_orders(): locks a
/// migration's row for a batch, answers its live settings, and raises where
/// another runner took over or somebody paused it.
[[nodiscard]] std::vector<Function> fence_functions();

}  // namespace pgexpand::state
