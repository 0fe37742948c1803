#pragma once

#include "pgexpand/pg/session.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::pg {

/// Looks up an environment variable; a parameter so that tests can pretend.
using Environment =
    std::function<std::optional<std::string>(const std::string& name)>;
[[nodiscard]] std::optional<std::string> process_environment(
    const std::string& name);

/// A connection string, completed with our own parameters.
struct Dsn {
  std::string conninfo;  ///< Keyword form, for libpq. Holds secrets.
  std::vector<std::string> warnings;
  std::vector<std::string> secrets;  ///< Never to be shown.
  /// A part looks as if an unescaped character in the password had shifted
  /// the fields, so that libpq's message could quote some of it.
  bool looks_misread = false;
};

/// Reads `options.dsn`; adds time-outs, keepalives, the application name, and
/// TLS for another host unless the DSN or the environment decides that.
/// Throws Error(usage, "pg.bad-dsn"), which quotes nothing of the DSN.
[[nodiscard]] Dsn read_dsn(const ConnectOptions& options,
                           const Environment& environment);

/// What may be shown of libpq's message about a failed connection: one line,
/// no secret; empty if nothing is safe.
[[nodiscard]] std::string scrub(std::string_view message, const Dsn& dsn);

}  // namespace pgexpand::pg
