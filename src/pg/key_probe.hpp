#pragma once

#include "pg/type_probe.hpp"
#include "pgexpand/catalog/probe.hpp"
#include "pgexpand/pg/session.hpp"

namespace pgexpand::pg {

/// Whether PostgreSQL takes a foreign key between the two sides. Read-only; a
/// type or column that does not exist is somebody else's finding and counts as
/// comparable.
[[nodiscard]] catalog::KeyAnswer ask_key(Session& session,
                                         const catalog::Catalog& catalog,
                                         TypeResolver& types,
                                         const catalog::KeyProbe& probe);

}  // namespace pgexpand::pg
