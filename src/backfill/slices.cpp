// A slice of a batch and its cursor in one transaction, and several of them in
// one round trip: no row lock waits for the network.
#include "backfill/cells.hpp"
#include "backfill/statements.hpp"
#include "backfill/table_walk.hpp"
#include "pgexpand/base/fault.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace pgexpand::backfill {
namespace {

using sql::Expression;
using sql::Statement;
using Clock = std::chrono::steady_clock;

constexpr auto wal_now = "pg_current_wal_insert_lsn() - '0/0'::pg_lsn";
constexpr auto clock_now = "extract(epoch FROM clock_timestamp()) * 1000";

// Where the columns of the two answers are; the live settings come first.
constexpr std::size_t opening_hot = 1;
constexpr std::size_t opening_wal = 2;
constexpr std::size_t opening_clock = 3;
constexpr std::size_t closing_found = 3;
constexpr std::size_t closing_hot = 4;
constexpr std::size_t closing_wal = 5;
constexpr std::size_t closing_clock = 6;

/// Of the time of a round of slices, what the way to the server may take.
constexpr double most_on_the_way = 0.1;
constexpr double beside_the_server_ms = 4;
constexpr double most_in_one_go = 20;

// The state, the rows and the cursor are in one WAL: a crash loses all of a
// slice or nothing, so waiting for the flush buys nothing.
// A process that is stopped in a slice must not keep its row locks for long.
// Whoever lacks the right may not even set the role that is set.
Expression opening(const TableFacts& facts,
                   const sql::Settings& settings,
                   bool skips_triggers) {
  const Expression replica{
      skips_triggers
          ? ", set_config('session_replication_role', 'replica', true)"
          : ""};
  return sql::compose(
      "pg_stat_get_xact_tuples_hot_updated({}), {}, {},"
      " set_config('synchronous_commit', 'off', true),"
      " set_config('idle_in_transaction_session_timeout', '250ms', true),"
      " set_config('pgexpand.mode', 'backfill', true){}{}",
      facts.oid, Expression{wal_now}, Expression{clock_now}, replica,
      sql::making(settings));
}

// The work has locked the table: from here to COMMIT it stays the same file.
Expression closing(const TableFacts& facts,
                   std::int64_t relfilenode,
                   const sql::Identifier& schema) {
  return sql::compose(
      "pg_stat_get_xact_tuples_hot_updated({0}), {1}, {2},"
      " CASE WHEN pg_relation_filenode({0}) IS DISTINCT FROM {3}::oid"
      " THEN {4}.refuse({5}) END",
      facts.oid, Expression{wal_now}, Expression{clock_now}, relfilenode,
      schema, sql::Literal{state::refusal::rewritten});
}

double real(const pg::Value& cell) { return std::stod(cell.value_or("0")); }

}  // namespace

/// Where the answers of one slice are in a flush.
struct TableWalk::Places {
  std::size_t opening = 0;
  std::size_t closing = 0;
  std::size_t commit = 0;
};

state::Progress TableWalk::advanced(const state::Progress& from,
                                    const Slice& slice) const {
  state::Progress next = from;
  next.next_block = slice.after.next_block;
  next.blocks_done = slice.after.blocks_done - progress_.first_block;
  next.key_after = slice.after.key;
  next.pass = slice.after.pass;
  next.waiting_for.clear();
  board_.add_figures(next);
  return next;
}

std::size_t TableWalk::queue_opening(const Slice& slice,
                                     const state::Progress& from) {
  const bool skips = board_.style().skips_triggers && facts_.may_skip_triggers;
  const std::size_t place = session_.queued();
  store_.queue_orders(from, walk_.epoch,
                      opening(facts_, walk_.settings, skips));
  session_.queue(FaultPoint::batch_begun);
  for (const Statement& statement : slice.before) {
    session_.queue(statement);
  }
  return place;
}

std::size_t TableWalk::queue_closing(const state::Store::Work& work,
                                     const state::Progress& after) {
  const std::size_t place = session_.queued();
  store_.queue_advance(
      after, work, closing(facts_, progress_.relfilenode, walk_.state_schema));
  session_.queue(FaultPoint::batch_acted);
  return place;
}

TableWalk::Places TableWalk::queue_slice(const Slice& slice,
                                         const state::Progress& from,
                                         const state::Progress& after) {
  Places places;
  session_.begin(timeouts());
  places.opening = queue_opening(slice, from);
  places.closing = queue_closing(slice.work, after);
  places.commit = session_.queued();
  session_.queue_commit();
  return places;
}

// In two: the count is a part of what the second half says.
SlicesDone TableWalk::run_counted(const Slice& slice) {
  SlicesDone done;
  try {
    pg::Transaction transaction(session_, timeouts());
    const std::size_t opening_at = queue_opening(slice, progress_);
    pg::Answers answers = session_.flush();
    answers.check();
    const Tally tally{.rows = answers.results.back().affected_rows};
    queue_closing(counted(tally), advanced(progress_, slice));
    pg::Answers closed = transaction.commit_together();
    closed.check();
    answers.results.push_back(std::move(closed.results.front()));
    const Places places{.opening = opening_at,
                        .closing = answers.results.size() - 1};
    done.tallies.push_back(take(answers, places, slice));
  } catch (const Error& error) {
    done.halted = is_halt(error);
    if (!done.halted) {
      done.error = error;
    }
  }
  return done;
}

SlicesDone TableWalk::run(const std::vector<Slice>& slices) {
  SlicesDone done;
  if (is_halted() || !wait_for_throttle()) {
    done.halted = true;
    return done;
  }
  if (slices.front().counts_before) {
    return run_counted(slices.front());
  }
  const auto begin = Clock::now();
  double slept_ms = 0;
  std::vector<Places> places;
  state::Progress at = progress_;
  for (const Slice& slice : slices) {
    state::Progress after = advanced(at, slice);
    places.push_back(queue_slice(slice, at, after));
    at = std::move(after);
    const auto pause = pause_after(static_cast<double>(slice.asked_rows));
    if (places.size() < slices.size() && pause.count() > 0) {
      session_.queue(Statement::of("SELECT pg_sleep({} / 1000.0)",
                                   std::int64_t{pause.count()}));
      slept_ms += static_cast<double>(pause.count());
    }
  }
  const pg::Answers answers = session_.flush();
  const double took_ms =
      std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  double worked_ms = 0;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    if (answers.results.size() <= places[i].commit) {
      break;
    }
    const auto clock = [&](std::size_t place, std::size_t column) {
      return real(answers.results.at(place).rows.at(0).at(column));
    };
    const double slice_ms = clock(places[i].closing, closing_clock) -
                            clock(places[i].opening, opening_clock);
    worked_ms += slice_ms;
    done.tallies.push_back(take(answers, places[i], slices[i]));
    if (slices[i].asked_rows > 0) {
      size_.record(slices[i].asked_rows, Milliseconds(slice_ms));
    }
  }
  if (!answers.error) {
    learn_distance(took_ms - worked_ms - slept_ms, slices.size());
  } else if (is_halt(*answers.error)) {
    done.halted = true;
  } else {
    done.error = answers.error;
  }
  return done;
}

Tally TableWalk::take(const pg::Answers& answers,
                      const Places& places,
                      const Slice& slice) {
  const pg::Row& opened = answers.results.at(places.opening).rows.at(0);
  const auto& closed = answers.results.at(places.closing).rows;
  if (closed.empty()) {
    throw state::fenced(walk_.migration);
  }
  const pg::Row& row = closed.front();
  Tally tally{
      .rows = number(row.at(0)),
      .differences = number(row.at(1)),
      .quarantined = number(row.at(2)),
      .hot_rows = std::max<std::int64_t>(
          number(row.at(closing_hot)) - number(opened.at(opening_hot)), 0),
      .found = text(row.at(closing_found))};
  progress_ = advanced(progress_, slice);
  progress_.rows += tally.rows;
  progress_.round_rows += tally.rows;
  progress_.differences += tally.differences;
  progress_.quarantined += tally.quarantined;
  // Saved with the next slice: what this one cost is known only now.
  progress_.hot_rows += tally.hot_rows;
  progress_.wal_bytes +=
      number(row.at(closing_wal)) - number(opened.at(opening_wal));
  obey(state::read_settings(text(opened.at(0))));
  rows_since_rest_ += std::max(tally.rows, slice.asked_rows);
  board_.record(progress_, tally.rows, tally.hot_rows);
  reach(FaultPoint::between_batches);
  return tally;
}

bool TableWalk::is_halt(const Error& error) {
  const std::string& state = error.sqlstate();
  if (state == state::refusal::fenced || state == state::refusal::moved) {
    throw state::fenced(walk_.migration);
  }
  if (state == state::refusal::rewritten) {
    board_.halt(Halt::rewritten);
    return true;
  }
  if (state == state::refusal::paused) {
    look_at_orders("");
    return board_.halted() != Halt::none;
  }
  return false;
}

Verdict TableWalk::run_one(const Slice& slice, Tally& tally) {
  SlicesDone done = run({slice});
  if (done.error) {
    throw Error(*done.error);
  }
  if (done.halted) {
    return Verdict::halted;
  }
  tally = std::move(done.tallies.front());
  return Verdict::committed;
}

// What is left of the time is the way there and back, and COMMIT. The shortest
// of late is taken for the way.
void TableWalk::learn_distance(double waited_ms, std::size_t slices) {
  constexpr double forgetting = 1.05;
  const double distance = std::max(waited_ms, 0.0);
  distance_ms_ = distance_ms_ == 0
                     ? distance
                     : std::min(distance, distance_ms_ * forgetting);
  const double commit_ms =
      (distance - distance_ms_) / static_cast<double>(slices);
  board_.throttle().record_commit(milliseconds(std::llround(commit_ms)));
}

milliseconds TableWalk::way() const {
  return milliseconds(
      distance_ms_ < beside_the_server_ms ? 0 : std::llround(distance_ms_));
}

std::size_t TableWalk::slices_in_one_go() const {
  if (way().count() == 0) {
    return 1;
  }
  const double slice_ms =
      size_.target().count() +
      static_cast<double>(
          pause_after(static_cast<double>(size_.rows())).count());
  return static_cast<std::size_t>(
      std::clamp(std::ceil(distance_ms_ / most_on_the_way / slice_ms), 1.0,
                 most_in_one_go));
}

}  // namespace pgexpand::backfill
