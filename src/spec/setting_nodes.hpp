#pragma once

#include "pgexpand/spec/migration_spec.hpp"
#include "pgexpand/spec/settings.hpp"

#include <map>
#include <string>
#include <utility>

namespace pgexpand::spec {

/// A setting's text with its place, by key.
using LocatedSettings = std::map<std::string, std::pair<std::string, Location>>;

/// Which settings a mapping may hold.
enum class SettingScope { spec, config };

/// Flattens the nested settings of `map`: "backfill.pause" → "50ms". Unknown
/// keys and values that do not read are findings, and left out. `others` are
/// keys of `map` that are no settings and are passed over.
[[nodiscard]] LocatedSettings read_settings(
    const Node& map,
    SettingScope scope,
    const std::vector<std::string>& others,
    Diagnostics& findings);

}  // namespace pgexpand::spec
