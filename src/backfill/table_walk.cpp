#include "backfill/table_walk.hpp"

#include "backfill/cells.hpp"
#include "backfill/statements.hpp"
#include "backfill/trouble.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::backfill {
namespace {

using sql::Statement;
using Clock = std::chrono::steady_clock;

constexpr milliseconds shortest_wait{20};
constexpr milliseconds longest_wait{2'000};
constexpr int attempts_in_silence = 2;
/// Until a batch was timed, it touches no more than this.
constexpr double first_batch_bytes = 32 * 1024 * 1024;

milliseconds since(Clock::time_point start) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - start);
}

// The state, the rows and the cursor are in one WAL: a crash loses all of a
// batch or nothing, so waiting for the flush buys nothing.
// Whoever lacks the right may not even set the role that is set.
Statement settings(const TableFacts& facts, bool skips_triggers) {
  const sql::Expression replica{
      skips_triggers
          ? ", set_config('session_replication_role', 'replica', true)"
          : ""};
  return Statement::of(
      "SELECT pg_stat_get_xact_tuples_hot_updated({}),"
      " pg_current_wal_insert_lsn() - '0/0'::pg_lsn,"
      " set_config('synchronous_commit', 'off', true),"
      " set_config('pgexpand.mode', 'backfill', true){}",
      facts.oid, replica);
}

}  // namespace

/// The counters of the server as a batch begins.
struct TableWalk::Start {
  std::int64_t hot_rows = 0;
  std::int64_t wal = 0;
};

struct TableWalk::Effect {
  std::int64_t relfilenode = 0;
  std::int64_t hot_rows = 0;
  std::int64_t wal_bytes = 0;
};

TableWalk::TableWalk(const Walk& walk,
                     const Pace& pace,
                     const sql::TableName& table,
                     const WalkStyle& style)
    : walk_(walk),
      pace_(pace),
      table_(table),
      style_(style),
      store_(walk.session, walk.state_schema),
      size_(pace.batch_rows * style.batch_factor,
            pace.batch_target * style.batch_factor),
      meter_(Clock::now()) {
  progress_.migration = walk.migration;
  progress_.step = walk.step;
  progress_.worker = style.worker;
}

void TableWalk::read_table() {
  for (int attempt = 1;; ++attempt) {
    try {
      pg::Transaction transaction(walk_.session, timeouts());
      facts_ = read_facts(walk_.session, table_);
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

void TableWalk::load() {
  read_table();
  for (const state::Progress& saved : store_.progress(walk_.migration)) {
    if (saved.step == walk_.step && saved.worker == style_.worker) {
      progress_ = saved;
    }
  }
  if (!progress_.done && progress_.relfilenode != facts_.relfilenode) {
    restart();
  }
  size_.start_at(first_batch_bytes / std::max(facts_.bytes_per_row, 1.0));
  blocks_done_ = progress_.next_block;
  meter_.restart(Clock::now(), progress_.rows, blocks_done_);
}

void TableWalk::restart() {
  read_table();
  progress_.relfilenode = facts_.relfilenode;
  progress_.bound_block = facts_.blocks;
  progress_.next_block = 0;
  progress_.pass = 0;
  progress_.done = false;
  blocks_done_ = 0;
  meter_.restart(Clock::now(), progress_.rows, 0);
}

bool TableWalk::extend() {
  const double density = facts_.rows_per_block;
  read_table();
  learn_density(density);
  const bool grew = facts_.blocks > progress_.bound_block;
  progress_.bound_block = std::max(progress_.bound_block, facts_.blocks);
  return grew;
}

void TableWalk::learn_density(double rows_per_block) {
  facts_.rows_per_block = std::max(facts_.rows_per_block, rows_per_block);
}

pg::Timeouts TableWalk::timeouts() const {
  // Below deadlock_timeout, or the application becomes the deadlock's victim.
  const milliseconds longest = facts_.deadlock_timeout * 9 / 10;
  return {.lock = std::clamp(pace_.lock_timeout, milliseconds(1),
                             std::max(longest, milliseconds(1))),
          .statement = milliseconds(0)};
}

TableWalk::Start TableWalk::open_batch() {
  const bool skips = style_.skips_triggers && facts_.may_skip_triggers;
  const pg::Row row = walk_.session.run(settings(facts_, skips)).rows.at(0);
  return {.hot_rows = number(row.at(0)), .wal = number(row.at(1))};
}

TableWalk::Effect TableWalk::measure(const Start& start) {
  const pg::Row row =
      walk_.session
          .run(Statement::of("SELECT pg_relation_filenode({}),"
                             " pg_stat_get_xact_tuples_hot_updated({}),"
                             " pg_current_wal_insert_lsn() - '0/0'::pg_lsn",
                             facts_.oid, facts_.oid))
          .rows.at(0);
  return {.relfilenode = number(row.at(0)),
          .hot_rows = number(row.at(1)) - start.hot_rows,
          .wal_bytes = number(row.at(2)) - start.wal};
}

void TableWalk::obey(const state::Store::BatchOrders& orders) {
  const state::Progress& live = orders.progress;
  progress_.batch_rows = live.batch_rows;
  progress_.pause_ms = live.pause_ms;
  const auto rows = live.batch_rows > 0 ? live.batch_rows : pace_.batch_rows;
  size_.set_ceiling(rows * style_.batch_factor);
}

Verdict TableWalk::batch(const Cursor& after,
                         std::int64_t asked_rows,
                         const std::function<Tally()>& work) {
  if (walk_.should_stop()) {
    return Verdict::stopped;
  }
  const auto begin = Clock::now();
  pg::Transaction transaction(walk_.session, timeouts());
  const Start start = open_batch();
  const auto orders = store_.begin_batch(walk_.migration, walk_.epoch,
                                         walk_.step, style_.worker);
  obey(orders);
  if (orders.pause) {
    paused_by_ = orders.paused_by;
    return Verdict::paused;
  }
  const Tally tally = work();
  const Effect effect = measure(start);
  // `work` has locked the table: from here to COMMIT it stays the same file.
  if (effect.relfilenode != progress_.relfilenode) {
    transaction.rollback();
    restart();
    return Verdict::rewritten;
  }
  state::Progress next = advanced(after, tally, effect);
  store_.save_progress(next);
  transaction.commit();
  progress_ = std::move(next);
  updated_rows_ += tally.rows;
  hot_rows_ += effect.hot_rows;
  blocks_done_ = after.blocks_done;
  if (asked_rows > 0) {
    size_.record(asked_rows, since(begin));
  }
  report();
  return Verdict::committed;
}

state::Progress TableWalk::advanced(const Cursor& after,
                                    const Tally& tally,
                                    const Effect& effect) const {
  state::Progress next = progress_;
  next.next_block = after.next_block;
  next.pass = after.pass;
  next.rows += tally.rows;
  next.round_rows += tally.rows;
  next.differences += tally.differences;
  next.quarantined += tally.quarantined;
  next.hot_rows += effect.hot_rows;
  next.wal_bytes += effect.wal_bytes;
  next.waiting_for.clear();
  return next;
}

void TableWalk::save() {
  pg::Transaction transaction(walk_.session, timeouts());
  store_.fence(walk_.migration, walk_.epoch);
  store_.save_progress(progress_);
  transaction.commit();
}

void TableWalk::rest() {
  const milliseconds pause =
      progress_.pause_ms >= 0 ? milliseconds(progress_.pause_ms) : pace_.pause;
  if (pause.count() > 0 && !walk_.should_stop()) {
    walk_.sleep(pause);
  }
}

bool TableWalk::back_off(int attempt, Blocks blocks) {
  const auto begin = Clock::now();
  if (attempt > attempts_in_silence) {
    record_wait(blocks);
    report();
  }
  const milliseconds wait = shortest_wait * (1 << std::min(attempt, 10));
  walk_.sleep(std::min(wait, longest_wait));
  meter_.exclude(since(begin));
  return !walk_.should_stop();
}

// For status on another machine too. The next batch that commits clears it.
void TableWalk::record_wait(Blocks blocks) {
  const auto say = [&](const std::string& holders) {
    progress_.waiting_for =
        fmt::format("locks on {} held by {}", table_.display(), holders);
  };
  say("other transactions");
  try {
    pg::Transaction transaction(walk_.session, timeouts());
    store_.fence(walk_.migration, walk_.epoch);
    const pg::Result found = walk_.session.run(name_holders(table_, blocks));
    if (const auto& names = found.single()) {
      say(*names);
    }
    store_.save_progress(progress_);
    transaction.commit();
  } catch (const Error& error) {
    if (classify(error) == Trouble::fatal) {
      throw;
    }
  }
}

void TableWalk::report() {
  meter_.record(Clock::now(), progress_.rows, blocks_done_);
  const double share =
      updated_rows_ > 0
          ? static_cast<double>(hot_rows_) / static_cast<double>(updated_rows_)
          : 0;
  walk_.reporter.on(
      report::Progress{.id = walk_.migration,
                       .step = walk_.step,
                       .phase = style_.phase,
                       .rows = progress_.rows,
                       .blocks_done = blocks_done_,
                       .blocks_total = progress_.bound_block,
                       .rows_per_second = meter_.rows_per_second(),
                       .eta = meter_.eta(progress_.bound_block),
                       .wal_bytes = progress_.wal_bytes,
                       .hot_share = std::min(share, 1.0),
                       .quarantined = progress_.quarantined,
                       .waiting_for = progress_.waiting_for});
}

}  // namespace pgexpand::backfill
