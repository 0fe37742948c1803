#pragma once

#include "pgexpand/sql/names.hpp"
#include "pgexpand/sql/statement.hpp"

#include <vector>

namespace pgexpand::state {

/// The table of version schemas and its functions: no rights revoked yet.
[[nodiscard]] std::vector<sql::Statement> version_statements(
    const sql::Identifier& schema);

}  // namespace pgexpand::state
