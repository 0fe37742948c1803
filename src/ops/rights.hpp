#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/catalog/catalog.hpp"

#include <string_view>

namespace pgexpand::ops {

/// Refuses what the session's role may not do to the table, with the GRANT
/// that helps.
void check_rights(const catalog::Table& table,
                  const catalog::Catalog& catalog,
                  const Location& where,
                  Diagnostics& findings);

/// Refuses unless the role may create `what` beside the table.
void check_may_create(std::string_view what,
                      const catalog::Table& table,
                      const catalog::Catalog& catalog,
                      const Location& where,
                      Diagnostics& findings);

/// Refuses a swap where the role may not ALTER a trigger function of the table:
/// sessions opened before the swap would fail in it.
void check_may_alter_functions(const catalog::Table& table,
                               const catalog::Catalog& catalog,
                               const Location& where,
                               Diagnostics& findings);

}  // namespace pgexpand::ops
