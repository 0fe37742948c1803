#pragma once

#include "cli/invocation.hpp"

#include <string>
#include <vector>

namespace pgexpand::cli {

/// What `pgexpand version` words in several ways.
struct VersionTarget {
  std::string dsn;                       ///< As it was given; may hold secrets.
  std::string database, user;            ///< As connected.
  std::string role;                      ///< Whose search_path the SQL sets.
  std::vector<std::string> search_path;  ///< The names, not quoted.
};

/// `public_1, public`, each name quoted where SQL needs it.
[[nodiscard]] std::string search_path_sql(const VersionTarget& target);

/// A connection URI with everything that `dsn` gives but passwords, and the
/// search_path as the last of its `options`. Throws Error(usage, "pg.bad-dsn").
[[nodiscard]] std::string version_url(const VersionTarget& target);

/// `PGOPTIONS=-csearch_path=public_1,public`, in single quotes where a shell
/// needs them.
[[nodiscard]] std::string version_environment(const VersionTarget& target);

/// `ALTER ROLE … IN DATABASE … SET search_path = …;`
[[nodiscard]] std::string version_sql(const VersionTarget& target);

}  // namespace pgexpand::cli
