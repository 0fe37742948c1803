#include "backfill/key_filler.hpp"

#include "backfill/bad_rows.hpp"
#include "backfill/trouble.hpp"

#include <algorithm>

namespace pgexpand::backfill {
namespace {

/// Rows are tried one by one only in parts as small as that.
constexpr std::int64_t most_one_by_one = 500;

}  // namespace

KeyFiller::KeyFiller(const plan::BackfillRows& action, TableWalk& walk)
    : action_(action),
      root_(action.table),
      walk_(walk),
      parts_(walk, action.key) {
  action_.table = walk.leaf();
}

void KeyFiller::run() {
  std::int64_t most = walk_.size().rows();
  for (int clashes = 0, cancels = 0;;) {
    const auto part = parts_.next(std::min(walk_.size().rows(), most));
    if (!part) {
      walk_.finish();
      return;
    }
    try {
      const bool one_by_one = most <= most_one_by_one;
      const bool goes_on = one_by_one ? fill_row_by_row(*part) : fill(*part);
      if (!goes_on) {
        return;
      }
      clashes = cancels = 0;
      most = walk_.size().rows();
      walk_.rest();
    } catch (const Error& error) {
      const Trouble trouble = classify(error);
      if (trouble == Trouble::cancelled && ++cancels <= most_cancels) {
        walk_.size().halve();
      } else if (trouble == Trouble::row && most > most_one_by_one) {
        check_update(walk_, action_);
        most = most_one_by_one;
      } else if (trouble != Trouble::contention) {
        throw;
      } else if (!fill_free_rows(*part) || !walk_.back_off(++clashes, {})) {
        return;
      }
    }
  }
}

Verdict KeyFiller::write(const sql::Statement& statement,
                         const Cursor& after,
                         std::int64_t asked_rows) {
  Tally tally;
  return walk_.run_one(all_rows(walk_, statement, asked_rows, after), tally);
}

bool KeyFiller::fill(const KeyPart& part) {
  return write(update_rows(action_, part.where, {}), parts_.after(part),
               part.rows) == Verdict::committed;
}

bool KeyFiller::fill_row_by_row(const KeyPart& part) {
  Tally tally;
  return walk_.run_one(row_by_row(walk_, update_each_row(action_, part.where),
                                  root_, parts_.after(part)),
                       tally) == Verdict::committed;
}

// Before we wait for the others. The cursor stays.
bool KeyFiller::fill_free_rows(const KeyPart& part) {
  const state::Progress& progress = walk_.progress();
  const Cursor here{.next_block = progress.next_block,
                    .blocks_done = progress.first_block + progress.blocks_done,
                    .key = progress.key_after};
  try {
    return write(update_free_rows(action_, part.where, {}), here, 0) ==
           Verdict::committed;
  } catch (const Error& error) {
    if (classify(error) != Trouble::contention &&
        classify(error) != Trouble::row) {
      throw;
    }
    return true;
  }
}

}  // namespace pgexpand::backfill
