#pragma once

#include "fuzz/input.hpp"
#include "pgexpand/catalog/catalog.hpp"

#include <string>

namespace pgexpand::fuzz {

/// A name that a server may hold, often one that quoting must not let through
/// bare.
[[nodiscard]] std::string draw_name(Input& input);

/// A database such as a server could describe, with tables, keys, indexes,
/// constraints, triggers and rights as the bytes say. No bytes: one that the
/// examples can run on.
[[nodiscard]] catalog::Catalog draw_catalog(Input& input);

}  // namespace pgexpand::fuzz
