#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace pgexpand::fuzz {

/// The expression as libpg_query writes it, in place of the server: without
/// comments and needless blanks. nullopt if it cannot.
[[nodiscard]] std::optional<std::string> deparse_expression(
    const std::string& text);

/// The tree of the one PL/pgSQL function that `create` makes; an error stops
/// the program.
[[nodiscard]] nlohmann::json plpgsql_tree(const std::string& create);

}  // namespace pgexpand::fuzz
