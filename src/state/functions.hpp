#pragma once

#include "pgexpand/sql/names.hpp"
#include "pgexpand/sql/statement.hpp"

#include <vector>

namespace pgexpand::state {

/// One function of the state schema. In `body`, {S} stands for that schema;
/// everything else is found in pg_catalog.
struct Function {
  const char* head;  ///< Name and arguments to LANGUAGE and volatility.
  const char* body;
};

/// CREATE FUNCTION for each, with no rights for PUBLIC.
[[nodiscard]] std::vector<sql::Statement> create_functions(
    const std::vector<Function>& functions, const sql::Identifier& schema);

}  // namespace pgexpand::state
