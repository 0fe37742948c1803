// The decoder of stored plans: a plan or pgexpand::Error, and what was read is
// written and read again without a change, in the newest format.
#include "fuzz/target.hpp"
#include "pgexpand/base/error.hpp"
#include "pgexpand/plan/plan.hpp"
#include "pgexpand/report/plan_view.hpp"

#include <optional>

namespace pgexpand::fuzz {
namespace {

std::optional<plan::Plan> decode(std::string_view bytes) {
  try {
    return plan::from_json(bytes);
  } catch (const Error& error) {
    check(error.code() == "plan.undecodable" || error.code() == "plan.newer",
          "the decoder's own error", error.code());
    return std::nullopt;
  }
}

}  // namespace

void examine(std::string_view bytes) {
  const auto plan = decode(bytes);
  if (!plan) {
    return;
  }
  const auto stored = plan::to_json(*plan);
  check(plan::from_json(stored) == *plan, "a stored plan reads back", stored);
  check(plan::to_json(plan::from_json(stored)) == stored,
        "the same plan, the same bytes", stored);
  const auto outline = plan::outline_from_json(bytes);
  check(outline.depends_on == plan->depends_on &&
            outline.tables.size() == plan->tables.size(),
        "its outline is the plan's", stored);
  for (const auto& step : plan->steps) {
    static_cast<void>(plan::statements_of(step.action));
    check(!plan->steps_of(step.phase).empty(), "a step is in its phase");
  }
  static_cast<void>(report::plan_text(*plan, {}, {.sql = true}));
  static_cast<void>(report::to_line(report::plan_json(*plan, {})));
}

}  // namespace pgexpand::fuzz
