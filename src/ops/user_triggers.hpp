#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/ops/draft.hpp"

namespace pgexpand::ops {

/// True if the backfill of this table may run with session_replication_role =
/// replica, which skips user triggers: it must then not skip a check that
/// matters (foreign keys, deferrable unique or exclusion constraints), and no
/// user trigger fires in that role anyway. False where there is nothing to
/// skip.
[[nodiscard]] bool may_skip_user_triggers(const TableDraft& draft);

/// Findings for the table's own triggers: one that would run after our sync
/// trigger, and those that the backfill would fire.
void check_user_triggers(const TableDraft& draft,
                         const catalog::Catalog& catalog,
                         const std::string& sync_trigger,
                         const Location& where,
                         Diagnostics& findings);

}  // namespace pgexpand::ops
