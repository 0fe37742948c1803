#pragma once

#include "pgexpand/plan/plan.hpp"
#include "pgexpand/report/json.hpp"
#include "pgexpand/report/style.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace pgexpand::report {

/// The database a plan is for, and the limits it would run under.
struct PlanSetting {
  std::string database;
  std::string host;            ///< With its port; no secret.
  std::string server_version;  ///< Empty: no server was asked.
  bool is_standby = false;
  bool behind_pooler = false;
  std::chrono::milliseconds lock_timeout{300};
  std::chrono::milliseconds lock_hold{500};
  std::chrono::milliseconds lock_budget{600'000};
  std::chrono::milliseconds step_budget{30'000};
  std::int64_t batch_rows = 10'000;
};

/// `shop@localhost:5432 (PostgreSQL 15.4, primary, direct)`.
[[nodiscard]] std::string describe(const PlanSetting& setting);

struct PlanTextOptions {
  bool sql = false;  ///< Every statement after its step.
  Style style;
};

/// The plan as `pgexpand plan` prints it, ending in a line break.
[[nodiscard]] std::string plan_text(const plan::Plan& plan,
                                    const PlanSetting& setting,
                                    const PlanTextOptions& options);

/// The plan as `plan -o json` has it under `migrations[]`.
[[nodiscard]] Json plan_json(const plan::Plan& plan,
                             const PlanSetting& setting);

}  // namespace pgexpand::report
