#pragma once

#include "exec/job.hpp"

namespace pgexpand::exec {

/// Contract of a migration with a version schema drops the versions before it
/// and the old names of its tables. Looks for RunOptions::version_watch who
/// uses one of these; see docs/version-schemas.md for what it can see. Throws
/// Error(refused, "contract.old-version-in-use") that lists them, unless
/// RunOptions::force. Does nothing once the older versions are dropped.
void check_nobody_uses_old_versions(Job& job);

}  // namespace pgexpand::exec
