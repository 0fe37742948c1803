#pragma once

#include "pgexpand/sql/names.hpp"

#include <fmt/format.h>

#include <string_view>

namespace pgexpand::sql {

/// The moment in a timestamptz column as RFC 3339 text with milliseconds,
/// whatever the session's TimeZone.
[[nodiscard]] inline Expression rfc3339(std::string_view column) {
  return {fmt::format(R"(to_char(timezone('UTC', {}),)"
                      R"( 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))",
                      column)};
}

}  // namespace pgexpand::sql
