#pragma once

#include "exec/job.hpp"

namespace pgexpand::exec {

/// Looks for functions and triggers that name what contract is about to take
/// away; see Plan::names_to_miss. Throws Error(refused,
/// "contract.named-in-code") that lists them, unless RunOptions::force. Does
/// nothing once the columns are gone.
void check_no_code_names_what_goes(const Job& job);

}  // namespace pgexpand::exec
