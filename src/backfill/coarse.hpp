#pragma once

#include <chrono>
#include <string>

namespace pgexpand::backfill {

/// Rounded down to 1, 2, 5, 10, 20 or 30 of a unit: `20s`, `5m`, `2h`. A text
/// that is shown again each second then rarely changes. Under 100 ms: `0ms`.
[[nodiscard]] std::string coarse(std::chrono::milliseconds time);

}  // namespace pgexpand::backfill
