#pragma once

#include "exec/job.hpp"

namespace pgexpand::exec {

/// Version schemas go in the order they came: contract drops what was published
/// before. Throws Error(refused, "contract.out-of-order") while a migration
/// that published before this one is not contracted.
void check_contract_order(const Job& job);

/// Throws Error(refused, "rollback.out-of-order") while a version that was
/// published after this migration's is there: it shows this one's columns.
void check_rollback_order(const Job& job);

}  // namespace pgexpand::exec
