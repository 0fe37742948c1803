#pragma once

#include "ops/sync_function.hpp"
#include "pgexpand/ops/draft.hpp"

#include <string>

namespace pgexpand::ops {

/// The PL/pgSQL of a table's sync function, from BEGIN to END.
[[nodiscard]] std::string sync_body(const SyncNames& names,
                                    const catalog::Table& table,
                                    const SyncRules& rules);

/// Whether an UPDATE may need to know if old or new code wrote it: only where
/// both sides read a column besides each other, or new code's side has no way
/// back. Else the columns that changed tell.
[[nodiscard]] bool updates_mind_writer(const SyncRules& rules);

}  // namespace pgexpand::ops
