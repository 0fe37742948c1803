#pragma once

#include "pgexpand/pg/session.hpp"

#include <string>

namespace pgexpand::backfill {

/// Asks the server whether to wait, with a query that a person wrote. It runs
/// read-only, for a second at most, in a transaction that is rolled back.
struct ThrottleQuery {
  std::string query;        ///< One SELECT of one boolean.
  std::string search_path;  ///< To find its tables by.
  std::string role;         ///< To run it as; empty: the session's.

  /// Why to wait; empty: it says false. Throws Error when there is no answer:
  /// Error(refused, "throttle.bad-query") when there never will be one.
  [[nodiscard]] std::string reason(pg::Session& session) const;
};

}  // namespace pgexpand::backfill
