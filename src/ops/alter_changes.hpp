#pragma once

#include "ops/alter_fields.hpp"
#include "pgexpand/ops/operation.hpp"

#include <string>
#include <vector>

namespace pgexpand::ops {

/// What alter_column makes of a column. `today` is null if another operation
/// of the file adds it.
[[nodiscard]] std::vector<catalog::Change> changes_of(
    const AlterFields& fields,
    const catalog::Table& table,
    const catalog::Column* today,
    const Situation& situation,
    const std::string& prefix);

}  // namespace pgexpand::ops
