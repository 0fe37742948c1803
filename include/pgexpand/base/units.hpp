#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgexpand {

/// Reads `250ms`, `5s`, `10m`, `1h`, `2d`; a bare `0` is allowed, any other
/// bare number is not. nullopt if `text` is anything else or too large.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(
    std::string_view text);

/// The shortest exact form parse_duration reads back: `300ms`, `10m`.
[[nodiscard]] std::string format_duration(std::chrono::milliseconds value);

/// For people, rounded: `850 ms`, `4.2 s`, `3 min 12 s`, `2 h 5 min`.
[[nodiscard]] std::string human_duration(std::chrono::milliseconds value);

/// Reads `50MB`, `8kB`, `1GB`, `100B` (powers of 1024, as PostgreSQL).
[[nodiscard]] std::optional<std::int64_t> parse_size(std::string_view text);

/// The shortest exact form parse_size reads back: `50MB`.
[[nodiscard]] std::string format_size(std::int64_t bytes);

/// For people: `190 MB`, `1.2 GB`.
[[nodiscard]] std::string human_size(std::int64_t bytes);

/// 2000000 as `2,000,000`.
[[nodiscard]] std::string human_count(std::int64_t count);

}  // namespace pgexpand
