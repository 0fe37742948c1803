#pragma once

#include "pgexpand/plan/plan.hpp"
#include "pgexpand/report/plan_view.hpp"

#include <string>
#include <vector>

namespace pgexpand::report {

/// One visible line of a plan: a step, or one part of a merged one.
struct PlanRow {
  std::string title;
  std::string lock;
  std::string blocks;
  std::string budget;
};

/// The lines of one step, at least one.
[[nodiscard]] std::vector<PlanRow> rows_of(const plan::Step& step,
                                           const plan::Plan& plan,
                                           const PlanSetting& setting);

/// The strongest lock of a step; none if it takes no table lock.
[[nodiscard]] plan::TableLock strongest(
    const std::vector<plan::TableLock>& locks);

/// What a step does to rows or indexes: "row locks", "ACCESS EXCLUSIVE", "–".
[[nodiscard]] std::string lock_text(const plan::Step& step);
/// What an application cannot do meanwhile; "–" for nothing.
[[nodiscard]] std::string blocks_text(const plan::Step& step);
/// "300ms × retries ≤ 10m", "~200 batches of 10,000", "no limit".
[[nodiscard]] std::string budget_text(const plan::Step& step,
                                      const plan::Plan& plan,
                                      const PlanSetting& setting);

}  // namespace pgexpand::report
