#include "backfill/crew.hpp"

#include "backfill/trouble.hpp"

#include <algorithm>
#include <thread>

namespace pgexpand::backfill {

using state::Progress;

Crew::Crew(const Walk& walk,
           const Pace& pace,
           const WalkStyle& style,
           const sql::TableName& root,
           Errand errand)
    : walk_(walk),
      board_(walk, pace, style),
      root_(root),
      errand_(std::move(errand)),
      store_(walk.session, walk.state_schema) {
  load();
}

void Crew::load() {
  std::vector<Progress> saved = store_.progress(walk_.migration);
  std::erase_if(
      saved, [&](const Progress& range) { return range.step != walk_.step; });
  ranges_ = Ranges(std::move(saved));
}

bool Crew::is_under_way() {
  return !ranges_.all().empty() && !ranges_.all_done();
}

std::int64_t Crew::rows() const {
  std::int64_t rows = 0;
  for (const Progress& range : ranges_.all()) {
    rows += range.rows;
  }
  return rows;
}

std::int64_t Crew::differences() const {
  std::int64_t differences = 0;
  for (const Progress& range : ranges_.all()) {
    differences += range.differences;
  }
  return differences;
}

Outcome Crew::start_over() {
  ranges_ = Ranges();
  return run();
}

Outcome Crew::run() {
  board_.throttle().first_look(board_.limits());
  for (;;) {
    prepare();
    if (ranges_.all_done()) {
      const Next next = after_all();
      if (next != Next::more) {
        return next == Next::nothing ? Outcome::done : Outcome::stopped;
      }
      continue;
    }
    work();
    switch (board_.halted()) {
      case Halt::stopped:
        return Outcome::stopped;
      case Halt::paused:
        return Outcome::paused;
      case Halt::rewritten:
        if (errand_.forget) {
          errand_.forget();
          ranges_ = Ranges();
        }
        break;
      case Halt::none:
      case Halt::regroup:
      case Halt::failed:
        break;
    }
  }
}

pg::Timeouts Crew::timeouts() const {
  constexpr milliseconds patience{10'000};
  return {.lock = patience};
}

void Crew::read_tree() {
  leaves_ = read_leaves(walk_.session, root_);
  for (Leaf& leaf : leaves_) {
    leaf.has_blocks = leaf.has_blocks && !board_.pace().key_order;
  }
}

// A leaf's size is read once its sync trigger is there: rows above it need
// nothing.
void Crew::prepare() {
  pg::Transaction transaction(walk_.session, timeouts());
  const auto orders = store_.begin_batch(walk_.migration, walk_.epoch);
  board_.obey(orders.live);
  read_tree();
  const bool is_new = ranges_.all().empty();
  bool changed = ranges_.adopt(leaves_);
  if (!ranges_.all_done()) {
    changed = ranges_.share_out(board_.pace().workers) || changed;
  }
  if (changed || is_new) {
    save();
    store_.set_in_force(walk_.migration, values_of(board_.pace()));
  }
  transaction.commit();
}

// In the open transaction.
void Crew::save() {
  store_.clear_progress(walk_.migration, walk_.step);
  for (Progress& range : ranges_.all()) {
    range.migration = walk_.migration;
    range.step = walk_.step;
    store_.save_progress(range);
  }
}

// Without a sync trigger an update may carry an undone row behind the cursor.
Crew::Next Crew::after_round() {
  // Rows in quarantine stay pending for ever.
  if (ranges_.round_rows() == 0 && ranges_.has_quarantined()) {
    return Next::nothing;
  }
  const auto clean = errand_.is_clean();
  if (!clean) {
    return Next::stopped;
  }
  if (*clean) {
    return Next::nothing;
  }
  read_tree();
  ranges_.start_round(leaves_, ranges_.round() + 1);
  return Next::more;
}

Crew::Next Crew::after_all() {
  Next next = Next::nothing;
  if (errand_.is_clean) {
    next = after_round();
  } else if (errand_.extends && !extended_) {
    extended_ = true;  // once: rows that come later are the trigger's
    next = ranges_.extend(leaves_) ? Next::more : Next::nothing;
  }
  if (next == Next::more) {
    pg::Transaction transaction(walk_.session, timeouts());
    store_.fence(walk_.migration, walk_.epoch);
    save();
    transaction.commit();
  }
  return next;
}

int Crew::workers() const {
  const auto unfinished =
      std::ranges::count(ranges_.all(), false, &Progress::done);
  return std::clamp(board_.pace().workers, 1,
                    std::max(static_cast<int>(unfinished), 1));
}

void Crew::work() {
  waiting_.clear();
  for (Progress& range : ranges_.all()) {
    if (!range.done) {
      waiting_.push_back(&range);
    }
  }
  error_ = nullptr;
  board_.gather(ranges_.all(), board_.pace().workers);
  std::vector<int> pids{walk_.session.backend_pid()};
  std::vector<std::shared_ptr<pg::Session>> sessions;
  for (int worker = 1; worker < workers(); ++worker) {
    sessions.push_back(walk_.open_session());
    pids.push_back(sessions.back()->backend_pid());
  }
  std::vector<std::uint32_t> oids;
  for (const Leaf& leaf : leaves_) {
    oids.push_back(static_cast<std::uint32_t>(leaf.oid));
  }
  board_.throttle().watch_tables(oids, pids);
  std::vector<std::thread> threads;
  threads.reserve(sessions.size());
  for (const auto& session : sessions) {
    threads.emplace_back([this, &session] { work_on_ranges(*session); });
  }
  work_on_ranges(walk_.session);
  for (std::thread& thread : threads) {
    thread.join();
  }
  if (error_) {
    std::rethrow_exception(error_);
  }
}

// A partition that was dropped or detached meanwhile needs no rows.
bool Crew::lost_its_leaf(const Error& error) const {
  const bool is_gone =
      error.sqlstate() == "42P01" || error.code() == "backfill.no-table";
  return is_gone && leaves_.size() > 1;
}

void Crew::work_on_ranges(pg::Session& session) {
  std::int64_t rows_since_rest = 0;
  try {
    while (board_.halted() == Halt::none) {
      Progress* range = take_range();
      if (range == nullptr) {
        return;
      }
      TableWalk walk(board_, session, leaf_of(*range), *range, rows_since_rest);
      errand_.walk(walk);
      *range = walk.progress();
    }
  } catch (const Error& error) {
    if (lost_its_leaf(error)) {
      board_.halt(Halt::rewritten);
    } else {
      fail();
    }
  } catch (...) {
    fail();
  }
}

// The first error is the one that tells; in a handler.
void Crew::fail() {
  const std::scoped_lock lock(mutex_);
  if (!error_) {
    error_ = std::current_exception();
  }
  board_.halt(Halt::failed);
}

Progress* Crew::take_range() {
  const std::scoped_lock lock(mutex_);
  if (waiting_.empty()) {
    return nullptr;
  }
  Progress* range = waiting_.front();
  waiting_.pop_front();
  return range;
}

sql::TableName Crew::leaf_of(const Progress& range) const {
  return std::ranges::find(leaves_, range.relation, &Leaf::oid)->table;
}

}  // namespace pgexpand::backfill
