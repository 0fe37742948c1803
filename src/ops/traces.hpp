#pragma once

#include "pgexpand/ops/draft.hpp"

#include <deque>
#include <vector>

namespace pgexpand::ops {

/// Of the names that are ours (sql/own_names.hpp) the ones the plan gives, and
/// not what is the users' and called so already.
[[nodiscard]] std::vector<sql::Identifier> given_names(
    const plan::Plan& plan, const std::deque<TableDraft>& tables);

}  // namespace pgexpand::ops
