#pragma once

#include <vector>

namespace pgexpand::state {

/// One function of the state schema. In `body`, {S} stands for that schema;
/// everything else is found in pg_catalog.
struct Function {
  const char* head;  ///< Name and arguments to LANGUAGE and volatility.
  const char* body;
};

/// What makes a schema of views.
[[nodiscard]] std::vector<Function> view_functions();
/// What plans and commands call; each one needs only those before it.
[[nodiscard]] std::vector<Function> version_functions();

}  // namespace pgexpand::state
