#pragma once

#include <map>
#include <string>

namespace pgexpand::pg {

/// What a connection string gives, by libpq's keywords, without passwords of
/// any kind. Nothing of variables, service files or defaults. Throws
/// Error(usage, "pg.bad-dsn") for one libpq cannot read.
[[nodiscard]] std::map<std::string, std::string> connection_parameters(
    const std::string& dsn);

}  // namespace pgexpand::pg
