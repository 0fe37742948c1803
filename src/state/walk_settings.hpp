#pragma once

#include "pgexpand/state/store.hpp"

#include <string>

namespace pgexpand::state {

/// What the state tables hold as a JSON object of numbers.
[[nodiscard]] WalkSettings read_settings(const std::string& json);

}  // namespace pgexpand::state
