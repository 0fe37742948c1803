#pragma once

#include "ops/sync_function.hpp"
#include "pgexpand/ops/draft.hpp"

#include <string>

namespace pgexpand::ops {

/// The PL/pgSQL of a table's sync function, from BEGIN to END.
[[nodiscard]] std::string sync_body(const SyncNames& names,
                                    const catalog::Table& table,
                                    const SyncRules& rules);

}  // namespace pgexpand::ops
