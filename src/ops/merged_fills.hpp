#pragma once

#include "pgexpand/ops/draft.hpp"
#include "pgexpand/plan/plan.hpp"

namespace pgexpand::ops {

/// One pass over the rows for all the fills of a table. Rows that only another
/// fill is after keep what is filled in place.
[[nodiscard]] plan::BackfillRows merged_fills(const TableDraft& draft);

}  // namespace pgexpand::ops
