#pragma once

#include "pgexpand/base/error.hpp"
#include "pgexpand/sql/names.hpp"

namespace pgexpand::backfill {

/// What an error in a batch means for the walk.
enum class Trouble {
  contention,  ///< 55P03, class 40: roll back and try again.
  cancelled,   ///< 57014: try again with less.
  row,         ///< Some row's value: find the row.
  fatal,       ///< The link, the server, another runner: pass it on.
};
[[nodiscard]] Trouble classify(const Error& error);

/// `'40', '42'…`: the classes of SQLSTATE that are never a row's fault, where
/// rows are tried one by one.
[[nodiscard]] sql::Expression classes_that_end_a_batch();

/// Cancelled more often than that in a row, somebody means it.
inline constexpr int most_cancels = 5;

}  // namespace pgexpand::backfill
