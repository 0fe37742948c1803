#pragma once

#include "pgexpand/base/error.hpp"
#include "pgexpand/sql/names.hpp"
#include "pgexpand/sql/statement.hpp"
#include "pgexpand/state/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::backfill {

/// Where the walk goes on after a slice, and how far that is.
struct Cursor {
  std::int64_t next_block = 0;
  int pass = 0;
  std::int64_t blocks_done = 0;  ///< Block reached; part of a window counts.
  std::string key{};             ///< Key order: the last key done.
};

/// What a slice did.
struct Tally {
  std::int64_t rows = 0;
  std::int64_t differences = 0;
  std::int64_t quarantined = 0;
  std::int64_t hot_rows = 0;  ///< Of `rows`, those that stayed in their page.
  std::string found{};        ///< What its `work` says of it.
};

/// A few milliseconds of a batch: one transaction with the cursor behind it. As
/// data, so that it can be sent in one go, together with others.
struct Slice {
  Cursor after;
  /// Rows it was sized for; 0 keeps it out of the statistics.
  std::int64_t asked_rows = 0;
  /// Run first.
  std::vector<sql::Statement> before{};
  state::Store::Work work{};
  /// Instead of `work`: rows are those that the last of `before` affected,
  /// which are known only when that is done.
  bool counts_before = false;
};

/// What became of slices that were sent together.
struct SlicesDone {
  std::vector<Tally> tallies;    ///< Of those that were committed, in order.
  bool halted = false;           ///< Board::halted() says why; no error then.
  std::optional<Error> error{};  ///< Of the one after those.
};

}  // namespace pgexpand::backfill
