#pragma once

#include "exec/job.hpp"

namespace pgexpand::exec {

/// Throws Error(refused, "switch.new-partition" or "contract.new-partition") if
/// a partition that verify has not met holds rows without their new values: it
/// was attached since, with rows. Only before these two phases, and not with
/// --accept-drift. Reads such partitions whole, so it takes no locks.
void check_unwalked(Job& job, plan::Phase phase);

}  // namespace pgexpand::exec
