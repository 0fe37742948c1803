#pragma once

#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/ops/draft.hpp"
#include "pgexpand/ops/operation.hpp"
#include "pgexpand/sql/names.hpp"

namespace pgexpand::ops {

/// True if the migration drops this index of today and makes another one of
/// its name.
[[nodiscard]] bool is_replaced(const Situation& situation,
                               const sql::TableName& index);

/// True if `table` has an index or another relation has its name that stays.
[[nodiscard]] bool is_name_kept(const catalog::Catalog& catalog,
                                const Shapes& shapes,
                                const sql::TableName& name);

/// What the old one is called from switch on.
[[nodiscard]] sql::TableName stale_index(const sql::TableName& index);
/// What the new one is called before.
[[nodiscard]] sql::TableName fresh_index(const sql::TableName& index);

/// At switch the new index takes the name; both are there until contract.
void take_over_name(Draft& draft,
                    const catalog::Table& old_table,
                    const catalog::Table& table,
                    const sql::TableName& index);

/// True if no row that the unique index `fresh` rejects gets by `old`, which
/// is on the same table.
[[nodiscard]] bool promises_as_much(const catalog::Index& old,
                                    const catalog::Index& fresh);

/// A finding if the name that an index is to have is another's and stays so.
void check_index_name(const sql::TableName& name,
                      const Situation& situation,
                      const Location& where,
                      Diagnostics& findings);

}  // namespace pgexpand::ops
