#include "cli/plan_setting.hpp"

namespace pgexpand::cli {

report::PlanSetting plan_setting(Invocation& invocation,
                                 const pg::Arrival& arrival,
                                 const spec::MigrationSpec* spec) {
  const spec::Settings settings = invocation.settings_for(spec);
  // "15.18 (Debian 15.18-0+deb12u1)": the package is of no interest here.
  const std::string& version = arrival.server_version;
  return {.database = arrival.database,
          .host = arrival.host,
          .server_version = version.substr(0, version.find(' ')),
          .is_standby = arrival.is_standby,
          .behind_pooler = arrival.behind_pooler,
          .lock_timeout = settings.lock_timeout,
          .lock_hold = settings.lock_hold,
          .lock_budget = settings.lock_budget,
          .step_budget = settings.step_budget,
          .batch_rows = settings.backfill_batch_rows};
}

}  // namespace pgexpand::cli
