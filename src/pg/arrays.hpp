#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pgexpand::pg {

/// `{"a","b"}`: a parameter for $1::text[].
[[nodiscard]] std::string array_literal(const std::vector<std::string>& items);

/// `{1,2}`: a parameter for $1::oid[].
[[nodiscard]] std::string array_literal(
    const std::vector<std::uint32_t>& items);

/// The name in what sql::quote_identifier made.
[[nodiscard]] std::string unquote_identifier(const std::string& quoted);

}  // namespace pgexpand::pg
