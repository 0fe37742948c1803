#pragma once

#include "pgexpand/sql/names.hpp"

#include <array>
#include <string>

// The names of what a migration puts beside what is the users' until contract.
// All in one place. A name says nothing about whose a thing is: a user may have
// a column `pgexpand_new_a`. What a plan makes is listed in the plan, see
// plan::Plan::own.
namespace pgexpand::sql {

/// The second column that a column's values are kept in.
[[nodiscard]] Identifier twin_name(const Identifier& column);
/// What an old column, index or constraint is called after the switch.
[[nodiscard]] Identifier stale_name(const Identifier& name);
/// What its successor is called before.
[[nodiscard]] Identifier fresh_name(const Identifier& name);
/// What the index is called that goes by a column's second name.
[[nodiscard]] Identifier alias_index_name(const Identifier& index);
/// The CHECK that proves a column to be without NULL.
[[nodiscard]] Identifier not_null_check_name(const Identifier& column);
/// The NOT NULL constraint of a new column, from 18 on, until it takes its
/// name.
[[nodiscard]] Identifier not_null_name(const Identifier& column);
/// The CHECK that forbids, during rollback, what an old column cannot hold.
[[nodiscard]] Identifier kept_check_name(const Identifier& column);

/// The sync trigger of a migration; `~` is the last of ASCII that is printed,
/// so that it fires after the users' own.
[[nodiscard]] Identifier sync_trigger_name(const std::string& migration);
/// The triggers for one writer that a version makes of a sync trigger, as the
/// state schema's aim_triggers() calls them.
[[nodiscard]] std::array<Identifier, 2> version_trigger_names(
    const Identifier& sync_trigger);
/// True for what sync_trigger_name() gave, and for the triggers for one writer
/// that versions make of it.
[[nodiscard]] bool is_sync_trigger_name(const Identifier& name);

/// True if one of the above may have given it. Only together with what is known
/// of who made the thing.
[[nodiscard]] bool may_be_own_name(const Identifier& name);

}  // namespace pgexpand::sql
