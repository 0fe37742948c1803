#include "backfill/filler.hpp"

#include "backfill/statements.hpp"
#include "backfill/trouble.hpp"

#include <algorithm>
#include <utility>

namespace pgexpand::backfill {
namespace {

/// How often a pass tries before it leaves its rows to the sweep.
constexpr int pass_attempts = 4;
constexpr int most_cancels = 5;

}  // namespace

Filler::Filler(const plan::BackfillRows& action,
               const Walk& walk,
               const Pace& pace,
               const WalkStyle& style)
    : action_(action), pace_(pace), walk_(walk, pace, action.table, style) {}

Outcome Filler::run() {
  walk_.load();
  state::Progress& progress = walk_.progress();
  while (!progress.done) {
    Part part = Part::done;
    while (part == Part::done && progress.next_block < progress.bound_block) {
      part = fill_window();
    }
    if (part == Part::stopped || part == Part::paused) {
      return part == Part::stopped ? Outcome::stopped : Outcome::paused;
    }
    if (part == Part::done && !start_next_round()) {
      progress.done = true;
      progress.waiting_for.clear();
      walk_.save();
    }
  }
  return Outcome::done;
}

// Without a sync trigger an update may carry an undone row behind the cursor.
bool Filler::start_next_round() {
  state::Progress& progress = walk_.progress();
  if (!action_.until_clean || progress.round_rows == 0) {
    return false;
  }
  ++progress.round;
  progress.round_rows = 0;
  walk_.restart();
  return true;
}

int Filler::passes() const {
  // Later rounds find next to nothing: one look at each page.
  const auto& progress = walk_.progress();
  return progress.round > 0
             ? 1
             : passes_for(pace_.passes, walk_.rows_per_block(),
                          progress.bound_block, pace_.batch_rows);
}

std::int64_t Filler::rows_of(Blocks part, Pass pass) const {
  return static_cast<std::int64_t>(static_cast<double>(part.size()) *
                                   walk_.rows_per_block()) /
         pass.of;
}

Filler::Part Filler::fill_window() {
  const auto& progress = walk_.progress();
  const int count = passes();
  const auto first = progress.next_block;
  const auto rows_before = progress.rows;
  const auto width =
      blocks_for(walk_.size().rows() * count, walk_.rows_per_block());
  const Blocks window{first, std::min(first + width, progress.bound_block)};
  for (int number = 0; number < count; ++number) {
    Part part = fill_pass(window, {.number = number, .of = count});
    if (part == Part::bad_row) {
      return isolate_window(window);
    }
    if (part != Part::done) {
      return part;
    }
  }
  walk_.learn_density(static_cast<double>(progress.rows - rows_before) /
                      static_cast<double>(window.size()));
  return Part::done;
}

Filler::Part Filler::fill_pass(Blocks window, Pass pass) {
  auto first = window.first;
  while (first < window.end) {
    const auto width =
        blocks_for(walk_.size().rows() * pass.of, walk_.rows_per_block());
    const Blocks part{first, std::min(first + width, window.end)};
    const bool finishes = pass.is_sweep() && part.end == window.end;
    const auto walked =
        (window.size() * pass.number + part.end - window.first) / pass.of;
    const auto rows_before = walk_.progress().rows;
    const Part result =
        fill_part(part, pass,
                  {.next_block = finishes ? window.end : window.first,
                   .pass = finishes ? 0 : pass.number,
                   .blocks_done = window.first + walked});
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
    first = part.end;
  }
  return Part::done;
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
      return Part::stopped;
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
      return Part::stopped;
    }
    result = attempt(update_rows(action_, part, pass), 0, after);
  }
  return result;
}

Filler::Part Filler::attempt(const sql::Statement& statement,
                             std::int64_t asked_rows,
                             const Cursor& after) {
  try {
    const Verdict verdict = walk_.batch(after, asked_rows, [&] {
      return Tally{.rows = walk_.session().run(statement).affected_rows};
    });
    cancelled_ = 0;
    switch (verdict) {
      case Verdict::committed:
        return Part::done;
      case Verdict::stopped:
        return Part::stopped;
      case Verdict::paused:
        return Part::paused;
      case Verdict::rewritten:
        return Part::rewritten;
    }
    return Part::done;
  } catch (const Error& error) {
    last_error_ = error;
  }
  switch (classify(*last_error_)) {
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
  throw *last_error_;
}

}  // namespace pgexpand::backfill
