#pragma once

#include "pgexpand/state/store.hpp"

#include <string>

namespace pgexpand::cli {

/// A migration that is under way. Throws Error(usage) when the database does
/// not know it, Error(refused) when it is not between expand and contract.
[[nodiscard]] state::Migration get_under_way(state::Store& store,
                                             const std::string& id);

}  // namespace pgexpand::cli
