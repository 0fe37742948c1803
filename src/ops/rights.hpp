#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/catalog/catalog.hpp"

namespace pgexpand::ops {

/// Refuses what the session's role may not do to the table, with the GRANT
/// that helps.
void check_rights(const catalog::Table& table,
                  const catalog::Catalog& catalog,
                  const Location& where,
                  Diagnostics& findings);

}  // namespace pgexpand::ops
