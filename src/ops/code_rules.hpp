#pragma once

#include "ops/table_operation.hpp"

namespace pgexpand::ops {

/// Contract takes `column`'s name away: warns of code of the database that has
/// it, and has contract look again, unless `allow` says that this is fine.
void miss_name(const Situation& situation,
               const catalog::Table& table,
               const sql::Identifier& column,
               const Allowed& allowed,
               const Location& where,
               Draft& draft,
               Diagnostics& findings);

}  // namespace pgexpand::ops
