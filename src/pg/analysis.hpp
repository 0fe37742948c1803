#pragma once

#include "pg/deparse.hpp"
#include "pg/stability.hpp"
#include "pgexpand/catalog/probe.hpp"

namespace pgexpand::pg {

/// Fills in type, stability and flags of `answer` from its deparsed
/// expression, as the server plans it under our own path.
void analyze_expression(Session& session,
                        const catalog::Catalog& catalog,
                        const Scope& scope,
                        catalog::ExpressionAnswer& answer);

}  // namespace pgexpand::pg
