#pragma once

#include "ops/expressions.hpp"
#include "pgexpand/ops/operation.hpp"

#include <string>

namespace pgexpand::ops {

/// The probe of down(up(column)) for a column that gets another type under its
/// name; `prefix` is that of the operation's "up", "down" and "type".
[[nodiscard]] catalog::RoundTripProbe round_trip(const catalog::Table& table,
                                                 const catalog::Column& column,
                                                 const std::string& prefix);

/// Warns of rows of the sample whose value does not come back. Nothing where
/// `up` gives other values each time: there is nothing to compare.
void check_round_trip(const Situation& situation,
                      const catalog::Column& column,
                      const std::string& prefix,
                      const Allowed& allowed,
                      const Location& where,
                      Diagnostics& findings);

}  // namespace pgexpand::ops
