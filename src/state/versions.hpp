#pragma once

#include "pgexpand/sql/names.hpp"
#include "pgexpand/sql/statement.hpp"

#include <vector>

namespace pgexpand::state {

/// The table of version schemas and its functions: no rights revoked yet.
[[nodiscard]] std::vector<sql::Statement> version_statements(
    const sql::Identifier& schema);

/// The functions alone, in the place of what they were.
[[nodiscard]] std::vector<sql::Statement> version_function_statements(
    const sql::Identifier& schema);

}  // namespace pgexpand::state
