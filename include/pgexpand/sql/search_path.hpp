#pragma once

#include "pgexpand/sql/settings.hpp"

#include <string>
#include <vector>

namespace pgexpand::sql {

/// The search_path that `settings` have; null if they have none.
[[nodiscard]] const std::string* path_in(const Settings& settings);
[[nodiscard]] Settings without_path(Settings settings);
/// `settings` with these schemas, quoted, for their search_path.
[[nodiscard]] Settings with_path(Settings settings,
                                 const std::vector<std::string>& schemas);

}  // namespace pgexpand::sql
