#include "report/plan_rows.hpp"

#include "pgexpand/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace pgexpand::report {
namespace {

constexpr const char* nothing = "–";

std::int64_t rows_of_table(const plan::Plan& plan, const sql::TableName& name) {
  const auto found =
      std::ranges::find(plan.tables, name, &plan::PlannedTable::name);
  return found == plan.tables.end() ? 0 : found->estimated_rows;
}

std::string batches_text(const plan::BackfillRows& fill,
                         const plan::Plan& plan,
                         const PlanSetting& setting) {
  const std::int64_t rows = rows_of_table(plan, fill.table);
  const std::int64_t batches = std::max<std::int64_t>(
      1, (rows + setting.batch_rows - 1) / setting.batch_rows);
  return fmt::format("~{} {} of {}{}", human_count(batches),
                     batches == 1 ? "batch" : "batches",
                     human_count(setting.batch_rows),
                     fill.until_clean ? ", repeated until clean" : "");
}

bool is_backfill(const plan::Step& step) {
  return std::holds_alternative<plan::BackfillRows>(step.action);
}

const char* with_the_first(const plan::Step& step) {
  const bool walks = is_backfill(step) ||
                     std::holds_alternative<plan::CompareRows>(step.action);
  return walks ? "(same pass)" : "(same transaction)";
}

bool is_build(const plan::Step& step) {
  return std::holds_alternative<plan::BuildIndex>(step.action);
}

}  // namespace

plan::TableLock strongest(const std::vector<plan::TableLock>& locks) {
  const auto found =
      std::ranges::max_element(locks, {}, &plan::TableLock::mode);
  return found == locks.end() ? plan::TableLock{} : *found;
}

std::string lock_text(const plan::Step& step) {
  const plan::LockMode mode = strongest(step.locks).mode;
  if (is_backfill(step)) {
    return "row locks";
  }
  if (mode == plan::LockMode::none && is_build(step)) {
    return std::string(plan::name(plan::LockMode::share_update_exclusive));
  }
  return mode == plan::LockMode::none ? nothing : std::string(plan::name(mode));
}

std::string blocks_text(const plan::Step& step) {
  const std::string_view blocked =
      is_backfill(step) ? "" : plan::blocks(strongest(step.locks).mode);
  return blocked.empty() ? nothing : std::string(blocked);
}

std::string budget_text(const plan::Step& step,
                        const plan::Plan& plan,
                        const PlanSetting& setting) {
  if (const auto* fill = std::get_if<plan::BackfillRows>(&step.action)) {
    return batches_text(*fill, plan, setting);
  }
  if (std::holds_alternative<plan::CompareRows>(step.action)) {
    return "";
  }
  if (step.budget == plan::Budget::unlimited) {
    return "no limit";
  }
  const auto limit = step.budget == plan::Budget::hold ? setting.lock_hold
                                                       : setting.step_budget;
  if (step.locks.empty()) {
    return fmt::format("≤ {}", format_duration(limit));
  }
  return fmt::format("{} × retries ≤ {}", format_duration(setting.lock_timeout),
                     format_duration(setting.lock_budget));
}

std::vector<PlanRow> rows_of(const plan::Step& step,
                             const plan::Plan& plan,
                             const PlanSetting& setting) {
  std::vector<PlanRow> rows;
  for (const std::string& part : step.parts) {
    rows.push_back({part, "", "", with_the_first(step)});
  }
  if (rows.empty()) {
    rows.push_back({step.title, "", "", ""});
  }
  PlanRow& first = rows.front();
  first.lock = lock_text(step);
  first.blocks = blocks_text(step);
  first.budget = budget_text(step, plan, setting);
  return rows;
}

}  // namespace pgexpand::report
