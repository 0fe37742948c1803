#pragma once

#include "cli/invocation.hpp"
#include "pgexpand/campaign/campaign.hpp"

namespace pgexpand::cli {

/// Ends a run. Returns its exit code, or throws what made it miss its goal.
[[nodiscard]] int finish(campaign::Campaign& campaign, Invocation& invocation);

}  // namespace pgexpand::cli
