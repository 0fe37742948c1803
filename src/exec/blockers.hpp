#pragma once

#include "pgexpand/pg/session.hpp"
#include "pgexpand/plan/plan.hpp"
#include "pgexpand/report/event.hpp"

#include <string>
#include <vector>

namespace pgexpand::exec {

/// Who holds a lock that keeps `locks` from us.
struct Holders {
  std::vector<report::Blocker> blockers;
  /// All of them are autovacuum workers that give way to a waiting lock.
  bool only_autovacuum = false;
};

/// Asks for holders whose transaction is at least that old, oldest first. One
/// query a lock; waits for nothing.
[[nodiscard]] Holders holders_of(pg::Session& session,
                                 const std::vector<plan::TableLock>& locks,
                                 std::chrono::milliseconds minimum_age);

/// Who is in the way of backend `pid` now; empty if it does not wait.
[[nodiscard]] std::vector<report::Blocker> blockers_of(pg::Session& session,
                                                       int pid);

/// "held by pid 7 (psql, idle in transaction for 3 min 12 s)"; empty for none.
[[nodiscard]] std::string describe(
    const std::vector<report::Blocker>& blockers);

}  // namespace pgexpand::exec
