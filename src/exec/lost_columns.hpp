#pragma once

#include "exec/drift.hpp"

namespace pgexpand::exec {

/// Throws Error(refused, "rollback.column-lost") if somebody dropped a column
/// that the plan works on and did not add: the columns that rollback drops may
/// have the only copy of its values. Not for a rollback that has begun: it
/// drops and renames columns itself.
void check_old_columns(const Job& job, const Fingerprints& tables);

/// Throws Error(refused, "contract.column-lost") if somebody dropped a column
/// that took over: the ones that contract drops have the only copy then. For
/// a contract that has not begun.
void check_new_columns(const Job& job, const Fingerprints& tables);

}  // namespace pgexpand::exec
