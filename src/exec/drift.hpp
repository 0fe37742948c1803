#pragma once

#include "exec/job.hpp"

namespace pgexpand::exec {

/// What differs between two fingerprints: "- line" and "+ line".
struct Drift {
  std::vector<std::string> touched;  ///< Mentions what the plan touches.
  std::vector<std::string> other;
};
[[nodiscard]] Drift compare_fingerprints(const plan::Plan& plan,
                                         const std::vector<std::string>& before,
                                         const std::vector<std::string>& now);

/// Compares the tables with the stored fingerprint, in the open transaction.
/// Throws Error(refused, "drift.changed") for a change in what the plan
/// touches unless options.accept_drift, and in any case for one in what the
/// migration made; warns of others. Stores the first one. Throws as
/// check_lost_tables() does.
void check_drift(Job& job, state::Store& store);
/// The part of check_drift() that holds in the middle of a phase too, whose own
/// steps have changed the tables: they are there, and while rows are filled and
/// compared the sync triggers are as we made them.
void check_continued(Job& job, state::Store& store, plan::Phase phase);

/// How the tables looked when the last phase ended, and how they look now:
/// "table: line", see catalog::fingerprint(). Empty before the first step.
struct Fingerprints {
  std::vector<std::string> before, now;
};
[[nodiscard]] Fingerprints read_fingerprints(const Job& job);
/// Somebody took a sync trigger of the migration away, or changed it.
[[nodiscard]] bool has_lost_trigger(const plan::Plan& plan,
                                    const Fingerprints& tables);

/// Stores how the tables look now, in the open transaction.
void store_fingerprint(Job& job, state::Store& store);

}  // namespace pgexpand::exec
