#pragma once

#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/plan/plan.hpp"

namespace pgexpand::fuzz {

/// Stops the program unless each statement of the plan, and of its way back, is
/// exactly one statement of a kind we ever send, over tables of the catalog or
/// our state only, with no CASCADE, no name too long, and function bodies that
/// hold nothing but what a sync function does.
void check_plan(const plan::Plan& plan, const catalog::Catalog& catalog);

}  // namespace pgexpand::fuzz
