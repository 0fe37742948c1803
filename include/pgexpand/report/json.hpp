#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/base/error.hpp"
#include "pgexpand/report/event.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <string>

namespace pgexpand::report {

/// Keeps keys in the order they were written.
using Json = nlohmann::ordered_json;

/// The version of every JSON document and line; grows when a key changes its
/// meaning or goes away, never when one is added.
inline constexpr int json_schema = 1;

/// `2026-11-20T14:03:00.123Z`.
[[nodiscard]] std::string rfc3339(std::chrono::system_clock::time_point time);

/// One line without a line break; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string to_line(const Json& json);

/// The keys of an event: `type` first, all keys always present.
[[nodiscard]] Json to_json(const Event& event);
[[nodiscard]] Json to_json(const Diagnostic& finding);
[[nodiscard]] Json to_json(const Diagnostics& findings);
[[nodiscard]] Json to_json(const Error& error);

}  // namespace pgexpand::report
