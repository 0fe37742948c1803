#pragma once

#include "exec/job.hpp"

namespace pgexpand::exec {

/// Throws Error(refused, "rollback.column-lost") if somebody dropped a column
/// that the plan works on and did not add: the columns that rollback drops may
/// have the only copy of its values. Compares with how the tables looked when
/// the last phase ended, so not for a rollback that has begun.
void check_old_columns(const Job& job, const state::Migration& migration);

/// Throws Error(refused, "contract.column-lost") if somebody dropped a column
/// that took over: the ones that contract drops have the only copy then. For
/// a contract that has not begun.
void check_new_columns(const Job& job, state::Store& store);

}  // namespace pgexpand::exec
