#pragma once

#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/sql/names.hpp"

namespace pgexpand::ops {

/// True where two values of `type` are not the same, NULLs included: IS
/// DISTINCT FROM where equality is bitwise, else the comparison of their
/// images, which works for json and point and tells 1.0 from 1.00.
[[nodiscard]] sql::Expression differs(const catalog::Type& type,
                                      const sql::Expression& left,
                                      const sql::Expression& right);

/// `value` as the column of `type` would hold it.
[[nodiscard]] sql::Expression as_type(const catalog::Type& type,
                                      const sql::Expression& value);

/// `value` in that type, but not cut to its length or scale: what does not fit
/// is still refused when it is assigned.
[[nodiscard]] sql::Expression in_type(const catalog::Type& type,
                                      const sql::Expression& value);

/// `t.column`, the row that backfill and verify look at.
[[nodiscard]] sql::Expression of_row(const sql::Identifier& column);

}  // namespace pgexpand::ops
