#pragma once

#include "backfill/table_walk.hpp"
#include "pgexpand/plan/plan.hpp"

namespace pgexpand::backfill {

/// A slice that runs `statement`, an update_each_row(): rows that failed go to
/// quarantine, under the name of `root`.
[[nodiscard]] Slice row_by_row(const TableWalk& walk,
                               const sql::Statement& statement,
                               const sql::TableName& root,
                               const Cursor& after);

/// A slice of an update: counted as it is done, or, where a rule of the table
/// forbids that, by what the server says of it.
[[nodiscard]] Slice all_rows(const TableWalk& walk,
                             const sql::Statement& update,
                             std::int64_t asked_rows,
                             const Cursor& after);

/// Throws if the update fails without any row: a missing column or right is no
/// row's fault.
void check_update(TableWalk& walk, const plan::BackfillRows& action);

}  // namespace pgexpand::backfill
