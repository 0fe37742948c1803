#include "pgexpand/plan/plan.hpp"

#include "pgexpand/base/overloaded.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::plan {
namespace {

constexpr std::array<std::string_view, 5> phase_names{
    "expand", "backfill", "verify", "switch", "contract"};

constexpr std::array<std::string_view, 9> lock_names{"",
                                                     "ACCESS SHARE",
                                                     "ROW SHARE",
                                                     "ROW EXCLUSIVE",
                                                     "SHARE UPDATE EXCLUSIVE",
                                                     "SHARE",
                                                     "SHARE ROW EXCLUSIVE",
                                                     "EXCLUSIVE",
                                                     "ACCESS EXCLUSIVE"};

}  // namespace

std::string column_order_text(const ColumnOrder& order) {
  const auto list = [](const std::vector<sql::Identifier>& columns) {
    std::string text;
    for (const auto& column : columns) {
      text += (text.empty() ? "" : ", ") + column.name();
    }
    return text;
  };
  return fmt::format("the columns of {} will be in the order {}, not {}",
                     order.table.display(), list(order.ours),
                     list(order.plain));
}

std::string_view name(Phase phase) noexcept {
  return phase_names.at(static_cast<std::size_t>(phase));
}

std::optional<Phase> phase_from_name(std::string_view text) {
  const auto found = std::ranges::find(phase_names, text);
  if (found == phase_names.end()) {
    return std::nullopt;
  }
  return phases.at(static_cast<std::size_t>(found - phase_names.begin()));
}

std::string_view name(LockMode mode) noexcept {
  return lock_names.at(static_cast<std::size_t>(mode));
}

std::string_view blocks(LockMode mode) noexcept {
  switch (mode) {
    case LockMode::access_exclusive:
      return "reads, writes";
    case LockMode::exclusive:
    case LockMode::share_row_exclusive:
    case LockMode::share:
      return "writes";
    default:
      return "";
  }
}

std::vector<const Step*> Plan::steps_of(Phase phase) const {
  std::vector<const Step*> found;
  for (const Step& step : steps) {
    if (step.phase == phase) {
      found.push_back(&step);
    }
  }
  return found;
}

std::string update_clause(const BackfillRows& fill) {
  std::vector<std::string> parts;
  for (const auto& [column, value] : fill.assign) {
    parts.push_back(fmt::format("{} = {}", column, value));
  }
  return fmt::format("UPDATE ONLY {} AS t SET {}", fill.table,
                     fmt::join(parts, ", "));
}

std::vector<sql::Statement> statements_of(const Action& action) {
  using sql::Statement;
  constexpr std::string_view window = "t.ctid >= $1 AND t.ctid < $2";
  return std::visit(
      Overloaded{[](const RunSql& run) { return run.statements; },
                 [](const BuildIndex& build) {
                   return std::vector<Statement>{build.create};
                 },
                 [&](const BackfillRows& fill) {
                   return std::vector{Statement::verbatim(
                       fmt::format("{} WHERE {} AND ({})", update_clause(fill),
                                   window, fill.pending))};
                 },
                 [&](const CompareRows& compare) {
                   std::vector<Statement> asked;
                   for (const auto& comparison : compare.before_switch) {
                     asked.push_back(Statement::verbatim(fmt::format(
                         "SELECT count(*) FILTER (WHERE {}) FROM ONLY {} AS t "
                         "WHERE {}",
                         comparison.differs, compare.table, window)));
                   }
                   return asked;
                 }},
      action);
}

}  // namespace pgexpand::plan
