#pragma once

#include "pgexpand/pg/session.hpp"
#include "pgexpand/sql/statement.hpp"

#include <optional>
#include <string>

namespace pgexpand::exec {

/// The pgexpand that holds the lease of a state schema.
struct AtWork {
  std::string host;
  int process = 0;
  std::string since;  ///< RFC 3339 UTC
  /// What it runs. Empty between two migrations, and without the right to see
  /// the sessions of other roles.
  std::string migration;
};

/// Who is at work behind `state_schema`, which must exist; nullopt: nobody. It
/// looks at the lease itself, so a runner that was killed does not count. On a
/// standby nobody is seen: locks are the primary's.
[[nodiscard]] std::optional<AtWork> at_work(
    pg::Session& session, const sql::Identifier& state_schema);

}  // namespace pgexpand::exec
