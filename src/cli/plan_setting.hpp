#pragma once

#include "cli/invocation.hpp"
#include "pgexpand/report/plan_view.hpp"

namespace pgexpand::cli {

/// What is shown of the database, and the limits that hold for `spec`.
[[nodiscard]] report::PlanSetting plan_setting(Invocation& invocation,
                                               const pg::Arrival& arrival,
                                               const spec::MigrationSpec* spec);

}  // namespace pgexpand::cli
