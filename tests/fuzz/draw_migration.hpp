#pragma once

#include "fuzz/input.hpp"
#include "pgexpand/catalog/catalog.hpp"

#include <string>

namespace pgexpand::fuzz {

/// The text of a migration over the catalog's tables: mostly one that makes
/// sense, with names and expressions that try to get out of their places.
[[nodiscard]] std::string draw_migration(Input& input,
                                         const catalog::Catalog& catalog);

}  // namespace pgexpand::fuzz
