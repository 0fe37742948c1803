#pragma once

#include "exec/job.hpp"

namespace pgexpand::exec {

/// A table of the plan that is not there any more under its name: dropped,
/// dropped and created again, or called something else now.
struct LostTable {
  sql::TableName name;
  std::optional<sql::TableName> now;  ///< Its name now; nullopt: dropped.
};
[[nodiscard]] std::vector<LostTable> lost_tables(const Job& job);

/// Throws table_replaced() for the first one, if there is one.
void check_lost_tables(const Job& job);
/// Error(refused, "drift.table-replaced"), with the way out.
[[nodiscard]] Error table_replaced(const Job& job, const LostTable& lost);

/// A table of that name has a sync trigger of the migration: it was put back
/// from a dump that was taken meanwhile.
[[nodiscard]] bool has_sync_trigger(const Job& job,
                                    const sql::TableName& table);

/// `undo` of `step` without what is about the tables that `job` has lost: that
/// went with the table, and a new one of the same name is a stranger's. Only
/// the triggers go of one that was put back: its function could not go else.
/// What it leaves in the state schema stays to be done.
[[nodiscard]] plan::Undo without_lost(const plan::Undo& undo,
                                      const plan::Step& step,
                                      const Job& job);

}  // namespace pgexpand::exec
