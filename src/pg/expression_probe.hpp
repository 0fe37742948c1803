#pragma once

#include "pg/type_probe.hpp"
#include "pgexpand/catalog/probe.hpp"

namespace pgexpand::pg {

/// Answers one question about an expression. What the server says against it
/// is the answer's finding; a lost link is thrown.
[[nodiscard]] catalog::ExpressionAnswer ask_expression(
    Session& session,
    const catalog::Catalog& catalog,
    TypeResolver& types,
    const catalog::ExpressionProbe& probe);

}  // namespace pgexpand::pg
