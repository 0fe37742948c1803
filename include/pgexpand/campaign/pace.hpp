#pragma once

#include "pgexpand/backfill/engine.hpp"
#include "pgexpand/spec/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::campaign {

/// The pace of a walk, as the settings have it.
[[nodiscard]] backfill::Pace pace_of(const spec::Settings& settings);

/// The one value that the setting `key` ("backfill.pause") gives a running
/// walk. Empty: it cannot be changed while a walk runs.
[[nodiscard]] state::WalkSettings live_value(std::string_view key,
                                             const spec::Settings& settings);
/// The keys that live_value() knows, without "backfill.".
[[nodiscard]] std::vector<std::string> live_keys();

}  // namespace pgexpand::campaign
