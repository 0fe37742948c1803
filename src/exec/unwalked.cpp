#include "exec/unwalked.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::exec {
namespace {

using plan::Phase;

Error unwalked(const Job& job, const std::string& leaf, Phase phase) {
  const std::string message = fmt::format(
      "{} was attached after verify, and holds rows without the new values",
      leaf);
  if (phase == Phase::contract) {
    return Error(ErrorKind::refused, "contract.new-partition", message)
        .hint(
            "fill its new columns, or detach it; --accept-drift contracts "
            "all the same");
  }
  return Error(ErrorKind::refused, "switch.new-partition", message)
      .hint(fmt::format("run pgexpand verify {} --repair, then the same "
                        "command again",
                        job.id));
}

}  // namespace

void check_unwalked(Job& job, Phase phase) {
  const bool matters = phase == Phase::switch_over || phase == Phase::contract;
  if (!matters || job.options.accept_drift) {
    return;
  }
  const auto walks = job.store().progress(job.id);
  for (const plan::Step* step : job.plan.steps_of(Phase::verify)) {
    const auto* compare = std::get_if<plan::CompareRows>(&step->action);
    if (compare == nullptr) {
      continue;
    }
    std::vector<std::int64_t> met;
    for (const state::Progress& range : walks) {
      if (range.step.starts_with(step->id)) {
        met.push_back(range.relation);
      }
    }
    const auto leaf =
        backfill::find_unmet_difference(job.session(), *compare, met);
    if (leaf) {
      throw unwalked(job, *leaf, phase);
    }
  }
}

}  // namespace pgexpand::exec
