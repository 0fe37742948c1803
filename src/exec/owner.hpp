#pragma once

#include "exec/job.hpp"

#include <memory>

namespace pgexpand::exec {

/// Takes the role of the owner of the plan's tables, if our role is a member
/// that does not inherit its rights; else null. The owner is given the rights
/// on the state tables that a run needs.
[[nodiscard]] std::unique_ptr<pg::ActingAs> act_as_owner(const Job& job);

}  // namespace pgexpand::exec
