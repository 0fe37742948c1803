#pragma once

#include "exec/job.hpp"

#include <string>
#include <vector>

namespace pgexpand::exec {

/// Before anything of a migration is read by OID: if its state came here with a
/// dump, finds its tables by name, takes what the dump spells in other words as
/// unchanged, lets walks that were under way start over, and says so. Changes
/// no table. Expects the plan and the epoch in `job`.
void settle_in(Job& job, const state::Turn& turn);

/// `before` with the words of `now` for each thing that is there under its name
/// both times: pg_dump writes the same condition in other words, `IN` for
/// example. Sync triggers and the types of columns stay as they were.
[[nodiscard]] std::vector<std::string> in_words_of(
    const std::vector<std::string>& now, std::vector<std::string> before);

}  // namespace pgexpand::exec
