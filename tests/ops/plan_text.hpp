#pragma once

#include "pgexpand/plan/plan.hpp"

#include <string>

namespace pgexpand::ops {

/// Everything a plan holds, for people: what the golden files are made of.
[[nodiscard]] std::string plan_text(const plan::Plan& plan);

/// All statements of a phase, one after the other.
[[nodiscard]] std::string statements_of(const plan::Plan& plan,
                                        plan::Phase phase);
/// All statements of what takes a phase back.
[[nodiscard]] std::string undo_of(const plan::Plan& plan, plan::Phase phase);

}  // namespace pgexpand::ops
