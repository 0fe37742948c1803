#pragma once

#include "pgexpand/ops/draft.hpp"
#include "pgexpand/ops/operation.hpp"
#include "pgexpand/ops/shape.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pgexpand::ops {

/// What hangs on moved columns and is built again for the new ones: indexes,
/// unique constraints and primary key, CHECKs, foreign keys both ways, extended
/// statistics. Done once a table, after all operations, so that an object on
/// two moved columns is built once.

/// Asks whether the table's index expressions, predicates and CHECKs still
/// hold over the new row. Repeating it for one table asks nothing new.
void carry_probes(const catalog::Table& table,
                  const TableShape& shape,
                  const Location& where,
                  catalog::Probes& probes);

/// Asks whether the foreign keys of the table's moved columns, both ways, can
/// compare the types their columns will have.
void key_probes(const Situation& situation,
                const catalog::Table& table,
                catalog::Probes& probes);

/// True if any of `columns` moves.
[[nodiscard]] bool moves_any(const TableShape& shape,
                             const std::vector<sql::Identifier>& columns);

/// True if what reads `columns` is built again: one of them moves, and none is
/// dropped, which takes it along.
[[nodiscard]] bool is_carried(const TableShape& shape,
                              const std::vector<sql::Identifier>& columns);

}  // namespace pgexpand::ops
