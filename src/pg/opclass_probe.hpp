#pragma once

#include "pgexpand/catalog/probe.hpp"
#include "pgexpand/pg/session.hpp"

namespace pgexpand::pg {

/// The operator class that CREATE INDEX would take on the connection as it
/// arrived.
[[nodiscard]] catalog::OpclassAnswer ask_opclass(
    Session& session,
    const catalog::Catalog& catalog,
    const catalog::OpclassProbe& probe);

}  // namespace pgexpand::pg
