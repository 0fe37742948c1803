#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/ops/shape.hpp"
#include "pgexpand/sql/names.hpp"

namespace pgexpand::ops {

/// How a column gets another type, and perhaps another name in the same
/// migration.
[[nodiscard]] Move typed_move(const sql::Identifier& from,
                              const sql::Identifier& to,
                              bool in_views);

/// False, with a finding, if clients would see both columns while the old one
/// may have no value.
[[nodiscard]] bool may_lose(const Move& move,
                            bool in_views,
                            const Location& where,
                            Diagnostics& findings);

}  // namespace pgexpand::ops
