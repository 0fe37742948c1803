#pragma once

#include "exec/job.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pgexpand::exec {

/// What differs between two fingerprints: "- line" and "+ line".
struct Drift {
  std::vector<std::string> touched;  ///< Mentions what the plan touches.
  std::vector<std::string> other;
};
/// `others`: what other migrations call theirs, which is not drift. It minds
/// Drift::other alone.
[[nodiscard]] Drift compare_fingerprints(const plan::Plan& plan,
                                         const std::vector<std::string>& others,
                                         const std::vector<std::string>& before,
                                         const std::vector<std::string>& now);

/// The lines of catalog::fingerprint() of all tables of the plan as they are
/// now, each behind its table: "public.t: column …".
[[nodiscard]] std::vector<std::string> read_fingerprint(const Job& job);

/// The plan's tables as they were at one moment, looked at before any lock is
/// taken.
struct Survey {
  /// As stamp_of() answered then: to be asked again under the lock.
  std::string stamp{};
  /// The fingerprint to store: the first one, or one that was accepted.
  std::optional<std::vector<std::string>> fingerprint{};
  std::string accepted{};  ///< JSON for `history`; empty: nothing changed.
};
/// Looks whether somebody changed the tables since the last phase ended. Throws
/// Error(refused, "drift.changed") for a change in what the plan touches unless
/// options.accept_drift, and in any case for one in what the migration made;
/// warns of others. Throws as check_lost_tables() does. nullopt: the plan has
/// no tables. Outside any transaction.
[[nodiscard]] std::optional<Survey> look_for_drift(Job& job);
/// Stores what is to be stored of it, in the open transaction.
void record_survey(Job& job, state::Store& store, const Survey& survey);
/// Raises refusal::changed if the tables are not as in the survey any more.
[[nodiscard]] sql::Statement check_stamp(const Job& job, const Survey& survey);

/// Notes in the open transaction, after all its changes, what they left in the
/// catalog. Reading it takes too long for a transaction that has locks.
void note_stamp(Job& job, state::Store& store);
/// Stores the fingerprint of a phase that has ended, unless somebody changed
/// the tables already: then look_for_drift() says so. Outside any transaction.
void settle_fingerprint(Job& job);

/// The part of it that holds in the middle of a phase too, whose own
/// steps have changed the tables: they are there, and while rows are filled and
/// compared the sync triggers are as we made them.
void check_continued(Job& job, state::Store& store, plan::Phase phase);

/// How the tables looked when the last phase ended, and how they look now:
/// "table: line", see catalog::fingerprint(). Empty before the first step.
struct Fingerprints {
  std::vector<std::string> before, now;
};
[[nodiscard]] Fingerprints read_fingerprints(Job& job);
/// Somebody took a sync trigger of the migration away, or changed it.
[[nodiscard]] bool has_lost_trigger(const plan::Plan& plan,
                                    const Fingerprints& tables);

}  // namespace pgexpand::exec
