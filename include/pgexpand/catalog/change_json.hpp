#pragma once

#include "pgexpand/catalog/change.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::catalog {

/// Changes as text that a stored plan keeps.
[[nodiscard]] std::string to_json(const std::vector<Change>& changes);
/// What to_json() made; members that are missing get their defaults. Nothing
/// for any other text, and for a change that this release does not know.
[[nodiscard]] std::optional<std::vector<Change>> changes_from_json(
    std::string_view text);

}  // namespace pgexpand::catalog
