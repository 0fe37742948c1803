#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/catalog/catalog.hpp"

namespace pgexpand::ops {

/// What old code may notice of a new column from expand on, when no switch can
/// be waited for any more.

/// Where two columns draw numbers, the last one decides what lastval() says.
void warn_of_lastval(const catalog::Table& table,
                     const sql::Identifier& column,
                     const Location& where,
                     Diagnostics& findings);
/// A default is computed in old code's INSERTs.
void warn_of_default(const catalog::Table& table,
                     const sql::Identifier& column,
                     const sql::Expression& deparsed,
                     const Location& where,
                     Diagnostics& findings);
/// So is a generated column, or from 18 on when it is read.
void warn_of_generated(const sql::Identifier& column,
                       const sql::Expression& deparsed,
                       const Location& where,
                       Diagnostics& findings);

}  // namespace pgexpand::ops
