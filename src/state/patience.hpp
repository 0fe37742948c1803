#pragma once

#include "pgexpand/pg/session.hpp"

#include <chrono>
#include <vector>

namespace pgexpand::state {

/// Runs `statement` in the open transaction, or else in one of its own that
/// waits for the migration's row: a batch or a step that runs now holds it,
/// longer than a session's own lock_timeout, but not for long.
inline pg::Result run_patiently(pg::Session& session,
                                const sql::Statement& statement,
                                const std::vector<pg::Value>& parameters) {
  if (session.in_transaction()) {
    return session.run(statement, parameters);
  }
  constexpr std::chrono::seconds patience{10};
  pg::Transaction transaction(session, {.lock = patience});
  pg::Result result = session.run(statement, parameters);
  transaction.commit();
  return result;
}

}  // namespace pgexpand::state
