#pragma once

#include <string>
#include <string_view>

namespace pgexpand::cli {

/// A connection string without anything that could be a secret: host, port,
/// database and user only. A text that does not read as exactly one of the
/// two forms is not shown at all, for any part of it could be a password.
[[nodiscard]] std::string without_secrets(std::string_view dsn);

/// `text` with what looks like a connection string taken out: somebody may
/// have typed one where another word belongs.
[[nodiscard]] std::string without_connection_strings(const std::string& text);

}  // namespace pgexpand::cli
