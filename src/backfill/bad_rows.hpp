#pragma once

#include "backfill/table_walk.hpp"
#include "pgexpand/plan/plan.hpp"

namespace pgexpand::backfill {

/// What update_each_row() left behind: rows that failed go to quarantine, under
/// the name of `root`. In the batch's transaction.
[[nodiscard]] Tally list_bad_rows(TableWalk& walk, const sql::TableName& root);

/// Throws if the update fails without any row: a missing column or right is no
/// row's fault.
void check_update(TableWalk& walk, const plan::BackfillRows& action);

}  // namespace pgexpand::backfill
