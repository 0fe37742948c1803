#pragma once

#include <string_view>

namespace pgexpand {

/// How chatty the log on stderr is; set once by `--verbose`.
void set_verbose(bool verbose);
[[nodiscard]] bool is_verbose();

/// Debug line for developers, shown with --verbose only. Never holds a secret,
/// a row value or a DSN.
void log_debug(std::string_view message);

}  // namespace pgexpand
