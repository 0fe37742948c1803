#include "backfill/board.hpp"

#include <algorithm>

namespace pgexpand::backfill {

using Clock = std::chrono::steady_clock;

Board::Board(const Walk& walk, const Pace& pace, const WalkStyle& style)
    : walk_(walk),
      base_(pace),
      style_(style),
      throttle_(walk.open_session, Clock::now),
      pace_(pace),
      meter_(Clock::now()) {}

Pace Board::pace() const {
  const std::scoped_lock lock(mutex_);
  return pace_;
}

void Board::obey(const state::WalkSettings& live) {
  const std::scoped_lock lock(mutex_);
  pace_ = with(base_, live);
  if (pace_.workers != workers_) {
    halt(Halt::regroup);
  }
}

Limits Board::limits() const {
  Limits limits = pace().limits;
  if (!style_.writes) {
    limits.max_lag.reset();
    limits.max_wal.reset();
    limits.wait_while_pinned = false;
  }
  return limits;
}

void Board::halt(Halt why, const std::string& paused_by) {
  Halt none = Halt::none;
  if (halt_.compare_exchange_strong(none, why) && why == Halt::paused) {
    const std::scoped_lock lock(mutex_);
    paused_by_ = paused_by;
  }
}

std::string Board::paused_by() const {
  const std::scoped_lock lock(mutex_);
  return paused_by_;
}

void Board::gather(const std::vector<state::Progress>& ranges, int workers) {
  const std::scoped_lock lock(mutex_);
  halt_ = Halt::none;
  workers_ = workers;
  counts_.clear();
  for (const state::Progress& range : ranges) {
    count(range);
  }
  const Counts all = total();
  meter_.restart(Clock::now(), all.rows, all.blocks_done);
}

void Board::count(const state::Progress& range) {
  const auto blocks = range.bound_block - range.first_block;
  counts_[range.worker] = {
      .rows = range.rows,
      .blocks_done =
          range.done ? blocks
                     : std::clamp<std::int64_t>(range.blocks_done, 0, blocks),
      .blocks = blocks,
      .wal_bytes = range.wal_bytes,
      .quarantined = range.quarantined};
}

Board::Counts Board::total() const {
  Counts all;
  for (const auto& [worker, counts] : counts_) {
    all.rows += counts.rows;
    all.blocks_done += counts.blocks_done;
    all.blocks += counts.blocks;
    all.wal_bytes += counts.wal_bytes;
    all.quarantined += counts.quarantined;
  }
  return all;
}

void Board::record(const state::Progress& range,
                   std::int64_t updated,
                   std::int64_t hot) {
  const std::scoped_lock lock(mutex_);
  count(range);
  updated_ += updated;
  hot_ += hot;
  send(range.waiting_for);
}

void Board::add_figures(state::Progress& range) const {
  const std::scoped_lock lock(mutex_);
  const auto known = [](const std::optional<milliseconds>& time) {
    return time ? std::int64_t{time->count()} : -1;
  };
  range.rows_per_second = static_cast<std::int64_t>(meter_.rows_per_second());
  range.eta_ms = known(meter_.eta(total().blocks));
  range.eta_before_ms = known(meter_.eta_before());
}

void Board::report(const std::string& waiting_for) {
  const std::scoped_lock lock(mutex_);
  send(waiting_for);
}

void Board::send(const std::string& waiting_for) {
  const Counts all = total();
  meter_.record(Clock::now(), all.rows, all.blocks_done);
  const auto eta = meter_.eta(all.blocks);
  meter_.remember(Clock::now(), eta);
  const double share =
      updated_ > 0 ? static_cast<double>(hot_) / static_cast<double>(updated_)
                   : 0;
  walk_.reporter.on(
      report::Progress{.id = walk_.migration,
                       .step = walk_.step,
                       .phase = style_.phase,
                       .rows = all.rows,
                       .blocks_done = all.blocks_done,
                       .blocks_total = all.blocks,
                       .rows_per_second = meter_.rows_per_second(),
                       .eta = eta,
                       .eta_before = meter_.eta_before(),
                       .wal_bytes = all.wal_bytes,
                       .hot_share = std::min(share, 1.0),
                       .quarantined = all.quarantined,
                       .workers = workers_,
                       .waiting_for = waiting_for});
}

void Board::exclude(milliseconds held_up) {
  const std::scoped_lock lock(mutex_);
  meter_.exclude(held_up / std::max(workers_, 1));
}

bool Board::is_pinned() {
  const auto holder = throttle_.horizon_holder();
  if (!holder) {
    return false;
  }
  const std::scoped_lock lock(mutex_);
  if (*holder != warned_of_) {
    warned_of_ = *holder;
    walk_.reporter.on(report::Warning{
        .id = walk_.migration,
        .code = "backfill.pinned",
        .message = "dead rows cannot be reused: " + *holder +
                   " still sees them; the table grows meanwhile",
        .hint = "end it, or wait for it with --pinned wait"});
  }
  return true;
}

}  // namespace pgexpand::backfill
