#pragma once

#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/ops/draft.hpp"

namespace pgexpand::ops {

/// Until contract a second column answers to `to`, kept equal to `column` in
/// both directions. Contract compares the two, drops it and gives its name to
/// the column that was always there, which so keeps its place in the row and
/// all that hangs on it. The indexes that queries by the new name need are
/// Carrier's, since one may read several such columns.
void add_alias(Draft& draft,
               TableDraft& pieces,
               const catalog::Table& table,
               const catalog::Column& column,
               const sql::Identifier& to);

/// Refuses what would not work under either name until then: triggers and rules
/// that look at the column before or without our trigger, a publication that
/// names it (its row filter would refuse every UPDATE), a partition key, a
/// generated column, a domain whose constraints make ADD COLUMN rewrite.
[[nodiscard]] bool can_have_alias(const catalog::Table& table,
                                  const catalog::Column& column,
                                  const Location& where,
                                  Diagnostics& findings);

}  // namespace pgexpand::ops
