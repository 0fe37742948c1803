// Rows whose value fails. A window that holds one is cut in halves until the
// page is found; that page is then done row by row, each row in a
// subtransaction, and the rows that fail go to quarantine.
#include "backfill/bad_rows.hpp"
#include "backfill/filler.hpp"
#include "backfill/statements.hpp"
#include "backfill/trouble.hpp"

#include <algorithm>

namespace pgexpand::backfill {

Filler::Part Filler::isolate_window(Blocks window) {
  check_update(walk_, action_);
  const auto width = blocks_for(walk_.size().rows(), walk_.rows_per_block());
  for (const Blocks& part : split(window, width)) {
    const auto rows_before = walk_.progress().rows;
    const Part result =
        isolate(part, {.next_block = part.end, .blocks_done = part.end});
    if (result != Part::done) {
      return result;
    }
    if (walk_.progress().rows > rows_before) {
      walk_.rest();
    }
  }
  return Part::done;
}

// The cursor moves with the last piece of a part, which is the one that ends
// where the part ends.
Filler::Part Filler::isolate(Blocks part, const Cursor& here) {
  const bool is_last = part.end == here.next_block;
  const Cursor after = is_last
                           ? here
                           : Cursor{.next_block = walk_.progress().next_block,
                                    .blocks_done = part.end};
  Part result = fill_part(part, {}, after);
  if (result == Part::bad_row && part.size() == 1) {
    return fill_row_by_row(part, after);
  }
  if (result != Part::bad_row && result != Part::too_long) {
    return result;
  }
  const auto half = part.first + std::max<std::int64_t>(part.size() / 2, 1);
  for (const Blocks& piece : {Blocks{part.first, half}, {half, part.end}}) {
    result = piece.size() > 0 ? isolate(piece, here) : Part::done;
    if (result != Part::done) {
      return result;
    }
  }
  return Part::done;
}

Filler::Part Filler::fill_row_by_row(Blocks block, const Cursor& here) {
  const auto statement = update_each_row(action_, block);
  for (int tries = 1;; ++tries) {
    try {
      Tally tally;
      const Verdict verdict =
          walk_.run_one(row_by_row(walk_, statement, root_, here), tally);
      return verdict == Verdict::committed ? Part::done : Part::halted;
    } catch (const Error& error) {
      if (classify(error) != Trouble::contention) {
        throw;
      }
    }
    if (!walk_.back_off(tries, block)) {
      return Part::halted;
    }
  }
}

}  // namespace pgexpand::backfill
