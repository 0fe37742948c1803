#include "backfill/filler.hpp"

#include "backfill/bad_rows.hpp"
#include "backfill/statements.hpp"
#include "backfill/trouble.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace pgexpand::backfill {
namespace {

/// How often a pass tries before it leaves its rows to the sweep.
constexpr int pass_attempts = 4;

}  // namespace

Filler::Filler(const plan::BackfillRows& action, TableWalk& walk)
    : action_(action),
      root_(action.table),
      walk_(walk),
      pass_count_(walk.board().pace().passes, walk.facts().fillfactor) {
  action_.table = walk.leaf();
}

void Filler::run() {
  const state::Progress& progress = walk_.progress();
  while (progress.next_block < progress.bound_block) {
    if (fill_window() != Part::done) {
      return;
    }
  }
  walk_.finish();
}

int Filler::passes() {
  // Later rounds find next to nothing: one look at each page.
  const auto& progress = walk_.progress();
  if (progress.round > 0 || walk_.board().is_pinned()) {
    return 1;
  }
  return passes_for(pass_count_.next(), walk_.rows_per_block(),
                    progress.bound_block - progress.first_block,
                    walk_.board().pace().batch_rows);
}

std::int64_t Filler::rows_of(Blocks part, Pass pass) const {
  return static_cast<std::int64_t>(static_cast<double>(part.size()) *
                                   walk_.rows_per_block() * pass.share());
}

Filler::Part Filler::fill_window() {
  const auto& progress = walk_.progress();
  const int count = passes();
  const double decline = pass_count_.decline();
  const auto first = progress.next_block;
  const auto in_one_go = static_cast<std::int64_t>(walk_.slices_in_one_go());
  const auto width = blocks_for(walk_.size().rows() * in_one_go * count,
                                walk_.rows_per_block());
  const Blocks window{first, std::min(first + width, progress.bound_block)};
  Written early;
  Written late;
  for (int number = 0; number < count; ++number) {
    written_ = {};
    const Part part =
        fill_pass(window, {.number = number, .of = count, .decline = decline});
    if (part == Part::bad_row) {
      return isolate_window(window);
    }
    if (part != Part::done) {
      return part;
    }
    Written& of = number == 0 ? early : late;
    of.rows += written_.rows;
    of.hot += written_.hot;
  }
  pass_count_.record(count, early.rows, early.hot, late.rows, late.hot);
  walk_.learn_density(static_cast<double>(early.rows + late.rows) /
                      static_cast<double>(window.size()));
  return Part::done;
}

Cursor Filler::after(Blocks part, Blocks window, Pass pass) const {
  const bool finishes = pass.is_sweep() && part.end == window.end;
  // Rounded: the shares of all passes add up to one but for the last digit.
  const std::int64_t walked =
      std::llround(static_cast<double>(window.size()) * pass.share_before() +
                   static_cast<double>(part.end - window.first) * pass.share());
  return {.next_block = finishes ? window.end : window.first,
          .pass = finishes ? 0 : pass.number,
          .blocks_done = window.first + walked};
}

Filler::Part Filler::fill_pass(Blocks window, Pass pass) {
  auto first = window.first;
  while (first < window.end) {
    const auto rows_before = walk_.progress().rows;
    const Part result = fill_parts(window, pass, first);
    if (result == Part::too_long) {
      walk_.size().halve();
      continue;
    }
    if (result != Part::done) {
      return result;
    }
    if (walk_.progress().rows > rows_before) {
      walk_.rest();
    }
  }
  return Part::done;
}

Filler::Part Filler::fill_parts(Blocks window, Pass pass, std::int64_t& first) {
  const auto width =
      blocks_for(walk_.size().rows(), walk_.rows_per_block() * pass.share());
  auto parts = split({first, window.end}, width);
  parts.resize(std::min(
      parts.size(), walk_.facts().has_rules ? 1 : walk_.slices_in_one_go()));
  std::vector<Slice> slices;
  for (const Blocks& part : parts) {
    slices.push_back(all_rows(walk_, update_rows(action_, part, pass),
                              rows_of(part, pass), after(part, window, pass)));
  }
  const SlicesDone done = walk_.run(slices);
  for (const Tally& tally : done.tallies) {
    written_.rows += tally.rows;
    written_.hot += tally.hot_rows;
  }
  if (!done.tallies.empty()) {
    cancelled_ = 0;
    first = parts.at(done.tallies.size() - 1).end;
  }
  if (done.halted) {
    return Part::halted;
  }
  if (!done.error) {
    return Part::done;
  }
  const Blocks& failed = parts.at(done.tallies.size());
  Part result = judge(*done.error);
  if (result == Part::left_locked) {
    result = wait_and_retry(failed, pass, after(failed, window, pass));
  }
  if (result == Part::done) {
    first = failed.end;
  }
  return result;
}

Filler::Part Filler::fill_part(Blocks part, Pass pass, const Cursor& after) {
  const Part result =
      attempt(update_rows(action_, part, pass), rows_of(part, pass), after);
  return result == Part::left_locked ? wait_and_retry(part, pass, after)
                                     : result;
}

// The free rows first, so that the locked ones hold nobody else up.
Filler::Part Filler::wait_and_retry(Blocks part,
                                    Pass pass,
                                    const Cursor& after) {
  return pass.is_sweep() ? wait_for_rows(part, pass, after)
                         : leave_locked_rows(part, pass, after);
}

Filler::Part Filler::leave_locked_rows(Blocks part,
                                       Pass pass,
                                       const Cursor& after) {
  const auto free_rows = update_free_rows(action_, part, pass);
  for (int tries = 1; tries <= pass_attempts; ++tries) {
    const Part result = attempt(free_rows, 0, after);
    if (result != Part::left_locked) {
      return result;
    }
    if (!walk_.back_off(tries, part)) {
      return Part::halted;
    }
  }
  return Part::done;
}

// The sweep never leaves a row for good: a holder that rolls back leaves the
// old row behind.
Filler::Part Filler::wait_for_rows(Blocks part,
                                   Pass pass,
                                   const Cursor& after) {
  const Cursor here{.next_block = walk_.progress().next_block,
                    .pass = pass.number,
                    .blocks_done = part.first};
  Part result = attempt(update_free_rows(action_, part, pass), 0, here);
  for (int tries = 1;
       result == Part::left_locked || (tries == 1 && result == Part::done);
       ++tries) {
    if (!walk_.back_off(tries, part)) {
      return Part::halted;
    }
    result = attempt(update_rows(action_, part, pass), 0, after);
  }
  return result;
}

Filler::Part Filler::attempt(const sql::Statement& statement,
                             std::int64_t asked_rows,
                             const Cursor& after) {
  const SlicesDone done =
      walk_.run({all_rows(walk_, statement, asked_rows, after)});
  if (done.halted) {
    return Part::halted;
  }
  if (done.error) {
    return judge(*done.error);
  }
  cancelled_ = 0;
  written_.rows += done.tallies.front().rows;
  written_.hot += done.tallies.front().hot_rows;
  return Part::done;
}

Filler::Part Filler::judge(const Error& error) {
  switch (classify(error)) {
    case Trouble::contention:
      return Part::left_locked;
    case Trouble::row:
      return Part::bad_row;
    case Trouble::cancelled:
      if (++cancelled_ <= most_cancels) {
        return Part::too_long;
      }
      break;
    case Trouble::fatal:
      break;
  }
  throw Error(error);
}

}  // namespace pgexpand::backfill
