#pragma once

#include "pgexpand/pg/session.hpp"

#include <vector>

namespace pgexpand::state {

/// A statement without an answer: queued in the open transaction, so that it
/// costs no round trip, or else run by itself.
inline void write(pg::Session& session,
                  const sql::Statement& statement,
                  const std::vector<pg::Value>& parameters) {
  if (session.in_transaction()) {
    session.queue(statement, parameters);
  } else {
    session.run(statement, parameters);
  }
}

}  // namespace pgexpand::state
