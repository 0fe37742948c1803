#pragma once

#include "pgexpand/backfill/engine.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace pgexpand::backfill {

/// A setting that may be changed while a walk runs.
struct LiveSetting {
  std::string_view key;   ///< "pause", below `backfill` in a spec.
  std::string_view name;  ///< With its unit: "pause_ms", as stored and shown.
  std::int64_t (*read)(const Pace& pace);         ///< -1: off.
  void (*write)(Pace& pace, std::int64_t value);  ///< Takes what read() gives.
};

/// All of them. What `set`, `status` and completion know, and what a walk
/// takes over, comes from here.
[[nodiscard]] std::span<const LiveSetting> live_settings();

}  // namespace pgexpand::backfill
