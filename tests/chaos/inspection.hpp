#pragma once

#include "chaos/journal.hpp"
#include "chaos/ledger.hpp"
#include "chaos/link.hpp"

#include <string>

namespace pgexpand::chaos {

/// The tables' columns, constraints, indexes, triggers, and every schema and
/// function of the database that is no system's and not in our state schema.
[[nodiscard]] std::string catalog_of(Link& link);

/// Invalid indexes, objects of ours outside the state schema and sync functions
/// in it, rows in quarantine.
void check_nothing_is_left(Link& link, Journal& journal);

/// No step was recorded as done twice without a rollback in between.
void check_steps(Link& link, Journal& journal);

/// All rows through `shape`, against the ledger.
void check_rows(Link& link,
                const Items& ledger,
                const Shape& shape,
                const Settled& settled,
                Journal& journal);

}  // namespace pgexpand::chaos
