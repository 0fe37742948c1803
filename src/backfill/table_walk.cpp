#include "backfill/table_walk.hpp"

#include "backfill/cells.hpp"
#include "backfill/statements.hpp"
#include "backfill/trouble.hpp"
#include "pgexpand/base/fault.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::backfill {
namespace {

using sql::Expression;
using Clock = std::chrono::steady_clock;

constexpr milliseconds shortest_wait{20};
constexpr milliseconds longest_wait{2'000};
constexpr milliseconds throttle_again{200};
constexpr milliseconds orders_again{1'000};
constexpr int attempts_in_silence = 2;
/// Until a batch was timed, it touches no more than this.
constexpr double first_batch_bytes = 32 * 1024 * 1024;

milliseconds since(Clock::time_point start) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - start);
}

constexpr auto wal_now = "pg_current_wal_insert_lsn() - '0/0'::pg_lsn";

// The state, the rows and the cursor are in one WAL: a crash loses all of a
// batch or nothing, so waiting for the flush buys nothing.
// A process that is stopped in a batch must not keep its row locks for long.
// Whoever lacks the right may not even set the role that is set.
Expression opening(const TableFacts& facts, bool skips_triggers) {
  const Expression replica{
      skips_triggers
          ? ", set_config('session_replication_role', 'replica', true)"
          : ""};
  return sql::compose(
      "pg_stat_get_xact_tuples_hot_updated({}), {},"
      " set_config('synchronous_commit', 'off', true),"
      " set_config('idle_in_transaction_session_timeout', '250ms', true),"
      " set_config('pgexpand.mode', 'backfill', true){}",
      facts.oid, Expression{wal_now}, replica);
}

Expression closing(const TableFacts& facts) {
  return sql::compose(
      "pg_relation_filenode({}), pg_stat_get_xact_tuples_hot_updated({}), {}",
      facts.oid, facts.oid, Expression{wal_now});
}

}  // namespace

/// The counters of the server as a batch begins.
struct TableWalk::Start {
  bool may_act = false;
  std::int64_t hot_rows = 0;
  std::int64_t wal = 0;
};

struct TableWalk::Effect {
  std::int64_t relfilenode = 0;
  std::int64_t hot_rows = 0;
  std::int64_t wal_bytes = 0;
};

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
            board.pace().batch_target * board.style().batch_factor),
      rows_since_rest_(rows_since_rest) {
  read_table();
  size_.start_at(first_batch_bytes / std::max(facts_.bytes_per_row, 1.0));
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

bool TableWalk::obey(const state::Store::BatchOrders& orders) {
  board_.obey(orders.live);
  if (orders.pause) {
    board_.halt(Halt::paused, orders.paused_by);
  }
  const Pace pace = board_.pace();
  size_.set_ceiling(pace.batch_rows * board_.style().batch_factor);
  size_.set_target(pace.batch_target * board_.style().batch_factor);
  return board_.halted() == Halt::none;
}

TableWalk::Start TableWalk::open_batch() {
  const bool skips = board_.style().skips_triggers && facts_.may_skip_triggers;
  const auto orders =
      store_.begin_batch(walk_.migration, walk_.epoch, opening(facts_, skips));
  return {.may_act = obey(orders),
          .hot_rows = number(orders.counters.at(0)),
          .wal = number(orders.counters.at(1))};
}

// What the batch wrote is counted before its own cursor is: a row more or less
// of WAL is of no concern.
TableWalk::Effect TableWalk::close_batch(const state::Progress& next,
                                         const Start& start) {
  const pg::Row row = store_.advance(next, closing(facts_));
  return {
      .relfilenode = number(row.at(0)),
      .hot_rows = std::max<std::int64_t>(number(row.at(1)) - start.hot_rows, 0),
      .wal_bytes = number(row.at(2)) - start.wal};
}

Verdict TableWalk::batch(const Cursor& after,
                         std::int64_t asked_rows,
                         const std::function<Tally()>& work) {
  if (is_halted() || !wait_for_throttle()) {
    return Verdict::halted;
  }
  const auto begin = Clock::now();
  pg::Transaction transaction(session_, timeouts());
  const Start start = open_batch();
  if (!start.may_act) {
    return Verdict::halted;
  }
  reach(FaultPoint::batch_begun);
  const Tally tally = work();
  reach(FaultPoint::batch_acted);
  state::Progress next = advanced(after, tally);
  board_.add_figures(next);
  const Effect effect = close_batch(next, start);
  // `work` has locked the table: from here to COMMIT it stays the same file.
  if (effect.relfilenode != progress_.relfilenode) {
    board_.halt(Halt::rewritten);
    return Verdict::halted;
  }
  const auto commit = Clock::now();
  transaction.commit();
  board_.throttle().record_commit(since(commit));
  // Saved with the next batch: what this one cost is known only now.
  next.hot_rows += effect.hot_rows;
  next.wal_bytes += effect.wal_bytes;
  progress_ = std::move(next);
  last_hot_rows_ = effect.hot_rows;
  rows_since_rest_ += std::max(tally.rows, asked_rows);
  if (asked_rows > 0) {
    size_.record(asked_rows, since(begin));
  }
  board_.record(progress_, tally.rows, effect.hot_rows);
  reach(FaultPoint::between_batches);
  return Verdict::committed;
}

state::Progress TableWalk::advanced(const Cursor& after,
                                    const Tally& tally) const {
  state::Progress next = progress_;
  next.next_block = after.next_block;
  next.blocks_done = after.blocks_done - progress_.first_block;
  next.key_after = after.key;
  next.pass = after.pass;
  next.rows += tally.rows;
  next.round_rows += tally.rows;
  next.differences += tally.differences;
  next.quarantined += tally.quarantined;
  next.waiting_for.clear();
  return next;
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

// A batch that is smaller than it might be rests as much shorter: the pauses of
// a table depend on its rows, not on how they were cut.
void TableWalk::rest() {
  constexpr double next_to_none = 0.05;  // of a batch
  const double done =
      static_cast<double>(rows_since_rest_) / static_cast<double>(size_.rows());
  if (done < next_to_none) {
    return;
  }
  rows_since_rest_ = 0;
  const auto pause = std::chrono::ceil<milliseconds>(board_.pace().pause *
                                                     std::min(done, 1.0));
  if (pause.count() > 0 && !is_halted()) {
    walk_.sleep(pause);
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
    obey(store_.begin_batch(walk_.migration, walk_.epoch));
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
