#pragma once

#include "pgexpand/spec/migration_spec.hpp"

#include <string>
#include <vector>

namespace pgexpand::spec {

/// Findings for every dependency that is not in `ids` (which also holds the
/// ids of files that do not parse), and one for each circle.
void check_dependencies(const std::vector<MigrationSpec>& specs,
                        const std::vector<std::string>& ids,
                        Diagnostics& findings);

}  // namespace pgexpand::spec
