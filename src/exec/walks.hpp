#pragma once

#include "exec/job.hpp"

namespace pgexpand::exec {

/// A walk over a table for `job`, with its cursor under `step`.
[[nodiscard]] backfill::Walk walk_of(Job& job, const std::string& step);

/// The result of a comparison that came to its end, as an event.
void report_comparison(Job& job,
                       const plan::CompareRows& action,
                       const backfill::CompareResult& result,
                       std::int64_t repaired);

[[nodiscard]] bool is_clean(const backfill::CompareResult& result);

/// Compares; with `repair`, mends what differs and compares all rows again.
/// A finished walk's cursor is forgotten if it was not clean.
[[nodiscard]] backfill::CompareResult compare_and_repair(
    Job& job,
    const std::string& step,
    const plan::CompareRows& action,
    const std::vector<plan::Comparison>& comparisons);

/// Every comparison of the plan, each from its beginning; those of after the
/// switch once that is complete. The first that is stopped or paused is the
/// last.
[[nodiscard]] backfill::CompareResult compare_all(Job& job);

}  // namespace pgexpand::exec
