#include "ops/merged_fills.hpp"

#include "ops/comparator.hpp"
#include "ops/user_triggers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

using sql::Expression;

std::string joined_or(const std::vector<Expression>& conditions) {
  std::vector<std::string> parts;
  for (const auto& condition : conditions) {
    parts.push_back(fmt::format("({})", condition));
  }
  return fmt::format("{}", fmt::join(parts, " OR "));
}

/// The different conditions among the fills.
std::vector<Expression> conditions_of(const std::vector<Fill>& fills) {
  std::vector<Expression> conditions;
  for (const Fill& fill : fills) {
    if (std::ranges::find(conditions, fill.pending) == conditions.end()) {
      conditions.push_back(fill.pending);
    }
  }
  return conditions;
}

}  // namespace

plan::BackfillRows merged_fills(const TableDraft& draft) {
  plan::BackfillRows rows{.table = draft.table->name};
  const auto conditions = conditions_of(draft.fills);
  for (const Fill& fill : draft.fills) {
    plan::Assignment assignment = fill.assignment;
    if (fill.is_in_place && conditions.size() > 1) {
      assignment.value =
          sql::compose("CASE WHEN {} THEN {} ELSE t.{} END", fill.pending,
                       in_type(fill.type, assignment.value), assignment.column);
    }
    rows.assign.push_back(std::move(assignment));
    rows.until_clean = rows.until_clean || fill.until_clean;
  }
  rows.pending = {joined_or(conditions)};
  rows.may_skip_user_triggers = may_skip_user_triggers(draft);
  if (const auto* key = draft.table->primary_key()) {
    rows.key = key->columns;
  }
  return rows;
}

}  // namespace pgexpand::ops
