#pragma once

#include "fuzz/input.hpp"
#include "pgexpand/catalog/catalog.hpp"

#include <cstdint>

namespace pgexpand::fuzz {

/// A table of up to six columns with indexes and constraints on them.
[[nodiscard]] catalog::Table draw_table(Input& input, std::uint32_t oid);

/// Changes a table here and there: kind, owner, rights, row security,
/// publications, triggers, what hangs on its columns.
void vary_table(Input& input, catalog::Table& table);

}  // namespace pgexpand::fuzz
