#pragma once

#include "ops/alter_fields.hpp"
#include "ops/twin.hpp"
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

/// Gives the new column its default: today's, or the one that was asked for,
/// whose answer is `value`; null if it has none.
void give_default(const AlterFields& fields,
                  const Situation& situation,
                  const std::string& prefix,
                  const catalog::ExpressionAnswer* value,
                  Twin& twin);

}  // namespace pgexpand::ops
