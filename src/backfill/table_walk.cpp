#include "backfill/table_walk.hpp"

#include "backfill/cells.hpp"
#include "backfill/statements.hpp"
#include "backfill/trouble.hpp"
#include "pgexpand/base/fault.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <thread>

namespace pgexpand::backfill {
namespace {

using Clock = std::chrono::steady_clock;

constexpr milliseconds shortest_wait{20};
constexpr milliseconds longest_wait{2'000};
constexpr milliseconds throttle_again{200};
constexpr milliseconds orders_again{1'000};
constexpr int attempts_in_silence = 2;
/// Until a slice was timed, it touches no more than this, and takes no more
/// rows.
constexpr double first_slice_bytes = 2 * 1024 * 1024;
constexpr double first_slice_rows = 500;
/// The application does not notice who keeps a core for so long.
constexpr Milliseconds longest_slice{8};
constexpr int most_slices = 12;  // of a batch

Milliseconds slice_target(milliseconds batch_target) {
  return std::clamp(Milliseconds(batch_target) / most_slices, Milliseconds(1),
                    longest_slice);
}

milliseconds since(Clock::time_point start) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - start);
}

}  // namespace

TableWalk::TableWalk(Board& board,
                     pg::Session& session,
                     const sql::TableName& leaf,
                     state::Progress range,
                     std::int64_t& rows_since_rest)
    : board_(board),
      walk_(board.walk()),
      session_(session),
      leaf_(leaf),
      lock_timeout_(board.pace().lock_timeout),
      store_(session, walk_.state_schema),
      progress_(std::move(range)),
      size_(board.pace().batch_rows * board.style().batch_factor,
            slice_target(board.pace().batch_target)),
      rows_since_rest_(rows_since_rest) {
  read_table();
  size_.start_at(
      std::min(first_slice_rows,
               first_slice_bytes / std::max(facts_.bytes_per_row, 1.0)));
}

void TableWalk::set_sizes(const Pace& pace) {
  size_.set_ceiling(pace.batch_rows * board_.style().batch_factor);
  size_.set_target(slice_target(pace.batch_target));
}

std::int64_t TableWalk::batch_rows() const {
  const Pace pace = board_.pace();
  const double slices =
      Milliseconds(pace.batch_target * board_.style().batch_factor) /
      size_.target();
  return std::min<std::int64_t>(
      pace.batch_rows * board_.style().batch_factor,
      std::llround(static_cast<double>(size_.rows()) * std::max(slices, 1.0)));
}

void TableWalk::read_table() {
  for (int attempt = 1;; ++attempt) {
    try {
      pg::Transaction transaction(session_, timeouts());
      facts_ = read_facts(session_, leaf_);
      transaction.commit();
      return;
    } catch (const Error& error) {
      if (classify(error) != Trouble::contention || walk_.should_stop()) {
        throw;
      }
    }
    walk_.sleep(std::min(shortest_wait * attempt, longest_wait));
  }
}

void TableWalk::learn_density(double rows_per_block) {
  facts_.rows_per_block = std::max(facts_.rows_per_block, rows_per_block);
}

pg::Timeouts TableWalk::timeouts() const {
  // Below deadlock_timeout, or the application becomes the deadlock's victim.
  const milliseconds longest = facts_.deadlock_timeout * 9 / 10;
  return {.lock = std::clamp(lock_timeout_, milliseconds(1),
                             std::max(longest, milliseconds(1))),
          .statement = milliseconds(0)};
}

bool TableWalk::is_halted() {
  if (walk_.should_stop()) {
    board_.halt(Halt::stopped);
  }
  return board_.halted() != Halt::none;
}

bool TableWalk::obey(const state::WalkSettings& live) {
  board_.obey(live);
  set_sizes(board_.pace());
  return board_.halted() == Halt::none;
}

void TableWalk::finish() {
  reach(FaultPoint::range_walked);
  progress_.done = true;
  progress_.waiting_for.clear();
  progress_.blocks_done = progress_.bound_block - progress_.first_block;
  pg::Transaction transaction(session_, timeouts());
  store_.fence(walk_.migration, walk_.epoch);
  store_.save_progress(progress_);
  transaction.commit();
}

// The pauses of a table depend on its rows, not on how they were cut.
milliseconds TableWalk::pause_after(double rows) const {
  const double share = rows / static_cast<double>(batch_rows());
  return milliseconds(std::llround(
      static_cast<double>(board_.pace().pause.count()) * std::min(share, 1.0)));
}

// The way to the server is a pause for the server, too.
void TableWalk::rest() {
  const milliseconds pause = pause_after(static_cast<double>(rows_since_rest_));
  if (pause.count() == 0 && board_.pace().pause.count() > 0) {
    return;
  }
  rows_since_rest_ = 0;
  if (pause.count() == 0) {
    std::this_thread::yield();
  } else if (!is_halted()) {
    walk_.sleep(std::max(pause - way(), milliseconds(0)));
  }
}

bool TableWalk::wait_for_throttle() {
  const auto begin = Clock::now();
  auto orders_at = begin;
  for (bool was_held_up = false;; was_held_up = true) {
    const auto reasons = board_.throttle().reasons(board_.limits());
    if (reasons.empty()) {
      if (was_held_up) {
        board_.exclude(since(begin));
      }
      return true;
    }
    const auto text = fmt::format("{}", fmt::join(reasons, "; "));
    if (text != progress_.waiting_for || Clock::now() >= orders_at) {
      look_at_orders(text);
      orders_at = Clock::now() + orders_again;
    }
    if (is_halted()) {
      return false;
    }
    const auto most = board_.limits().max_wait;
    if (most && since(begin) >= *most) {
      throw Error(
          ErrorKind::interrupted, "backfill.throttled",
          fmt::format("held up for {} ms: {}", since(begin).count(), text))
          .hint("run the same command again; progress is saved");
    }
    walk_.sleep(throttle_again);
  }
}

void TableWalk::look_at_orders(const std::string& reason) {
  progress_.waiting_for = reason;
  try {
    pg::Transaction transaction(session_, timeouts());
    const auto orders = store_.begin_batch(walk_.migration, walk_.epoch);
    if (orders.pause) {
      board_.halt(Halt::paused, orders.paused_by);
    }
    obey(orders.live);
    store_.set_waiting(progress_, reason);
    transaction.commit();
  } catch (const Error& error) {
    if (classify(error) != Trouble::contention) {
      throw;
    }
  }
  board_.report(reason);
}

bool TableWalk::back_off(int attempt, Blocks blocks) {
  const auto begin = Clock::now();
  if (attempt > attempts_in_silence) {
    record_wait(blocks);
    board_.report(progress_.waiting_for);
  }
  const milliseconds wait = shortest_wait * (1 << std::min(attempt, 10));
  walk_.sleep(std::min(wait, longest_wait));
  board_.exclude(since(begin));
  return !is_halted();
}

// For status on another machine too. The next batch that commits clears it.
void TableWalk::record_wait(Blocks blocks) {
  const auto say = [&](const std::string& holders) {
    progress_.waiting_for =
        fmt::format("locks on {} held by {}", leaf_.display(), holders);
  };
  say("other transactions");
  try {
    pg::Transaction transaction(session_, timeouts());
    store_.fence(walk_.migration, walk_.epoch);
    const pg::Result found = session_.run(name_holders(leaf_, blocks));
    if (const auto& names = found.single()) {
      say(*names);
    }
    store_.set_waiting(progress_, progress_.waiting_for);
    transaction.commit();
  } catch (const Error& error) {
    if (classify(error) == Trouble::fatal) {
      throw;
    }
  }
}

}  // namespace pgexpand::backfill
