// Both values sit in one row, so one statement compares them with no lock and
// no race. Verify looks at every row, those above the backfill's bound too.
#include "backfill/comparer.hpp"

#include "backfill/cells.hpp"
#include "backfill/crew.hpp"
#include "backfill/key_parts.hpp"
#include "backfill/statements.hpp"
#include "backfill/trouble.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace pgexpand::backfill {
namespace {

/// Reading is lighter than writing: batches this much bigger.
constexpr int read_factor = 10;

}  // namespace

void Findings::add_failed(std::size_t comparison) {
  const std::scoped_lock lock(mutex_);
  failed_.insert(comparison);
}

void Findings::add_sample(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  if (samples_.size() < most_samples &&
      std::ranges::find(samples_, key) == samples_.end()) {
    samples_.push_back(key);
  }
}

void Findings::forget() {
  const std::scoped_lock lock(mutex_);
  failed_.clear();
  samples_.clear();
}

std::size_t Findings::samples_wanted() const {
  const std::scoped_lock lock(mutex_);
  return most_samples - samples_.size();
}

std::set<std::size_t> Findings::failed() const {
  const std::scoped_lock lock(mutex_);
  return failed_;
}

std::vector<std::string> Findings::samples() const {
  const std::scoped_lock lock(mutex_);
  return samples_;
}

Comparer::Comparer(const plan::CompareRows& action,
                   const std::vector<plan::Comparison>& comparisons,
                   Findings& findings,
                   TableWalk& walk,
                   pg::Session& reader)
    : action_(action),
      comparisons_(comparisons),
      findings_(findings),
      walk_(walk),
      reader_(reader) {
  action_.table = walk.leaf();
}

void Comparer::run() {
  if (walk_.goes_by_key()) {
    run_by_key();
  } else {
    run_by_blocks();
  }
}

void Comparer::run_by_blocks() {
  const state::Progress& progress = walk_.progress();
  while (progress.next_block < progress.bound_block) {
    if (!compare_parts()) {
      return;
    }
    walk_.rest();
  }
  walk_.finish();
}

bool Comparer::has_own_reader() const { return &reader_ != &walk_.session(); }

// A snapshot is held as long as it takes, so little is asked at once only where
// none is.
std::size_t Comparer::parts_in_one_go() const {
  return has_own_reader() ? 1 : walk_.slices_in_one_go();
}

std::int64_t Comparer::rows_of(Blocks part) const {
  return static_cast<std::int64_t>(static_cast<double>(part.size()) *
                                   walk_.rows_per_block());
}

bool Comparer::compare_parts() {
  const state::Progress& progress = walk_.progress();
  const auto rows = has_own_reader() ? walk_.batch_rows() : walk_.size().rows();
  auto parts = split({progress.next_block, progress.bound_block},
                     blocks_for(rows, walk_.rows_per_block()));
  parts.resize(std::min(parts.size(), parts_in_one_go()));
  SlicesDone done;
  try {
    std::vector<Slice> slices;
    for (const Blocks& part : parts) {
      slices.push_back(
          slice_of(part, rows_of(part),
                   {.next_block = part.end, .blocks_done = part.end}));
    }
    done = walk_.run(slices);
  } catch (const Error& error) {
    done.error = error;
  }
  for (std::size_t i = 0; i < done.tallies.size(); ++i) {
    take_counts(done.tallies[i], parts[i]);
    clashes_ = cancels_ = 0;
  }
  if (!done.error) {
    return !done.halted;
  }
  const Blocks& failed = parts.at(done.tallies.size());
  if (classify(*done.error) != Trouble::row) {
    return handle(*done.error, failed);
  }
  check_statement();
  try {
    return compare_halves(failed) == Verdict::committed;
  } catch (const Error& error) {
    return handle(error, failed);
  }
}

void Comparer::run_by_key() {
  KeyParts parts(walk_, action_.key);
  bool one_by_one = false;
  while (const auto part = parts.next(walk_.size().rows())) {
    try {
      const Cursor after = parts.after(*part);
      Tally tally;
      const Verdict verdict =
          walk_.run_one(one_by_one ? slice_row_by_row(part->where, after)
                                   : slice_of(part->where, part->rows, after),
                        tally);
      if (verdict == Verdict::halted) {
        return;
      }
      if (one_by_one) {
        take_rows(tally);
      } else {
        take_counts(tally, part->where);
      }
      clashes_ = cancels_ = 0;
      one_by_one = false;
      walk_.rest();
    } catch (const Error& error) {
      if (classify(error) == Trouble::row && !one_by_one) {
        check_statement();
        one_by_one = true;
      } else if (!handle(error, {})) {
        return;
      }
    }
  }
  walk_.finish();
}

bool Comparer::handle(const Error& error, Blocks part) {
  const Trouble trouble = classify(error);
  if (trouble == Trouble::cancelled && ++cancels_ <= most_cancels) {
    walk_.size().halve();
    return true;
  }
  if (trouble != Trouble::contention) {
    throw error;
  }
  return walk_.back_off(++clashes_, part);
}

Verdict Comparer::compare_part(Blocks part) {
  try {
    Tally tally;
    const Verdict verdict = walk_.run_one(
        slice_of(part, rows_of(part),
                 {.next_block = part.end, .blocks_done = part.end}),
        tally);
    if (verdict == Verdict::committed) {
      take_counts(tally, part);
    }
    return verdict;
  } catch (const Error& error) {
    if (classify(error) != Trouble::row) {
      throw;
    }
  }
  return compare_halves(part);
}

Verdict Comparer::compare_halves(Blocks part) {
  if (part.size() == 1) {
    Tally tally;
    const Verdict verdict = walk_.run_one(
        slice_row_by_row(part,
                         {.next_block = part.end, .blocks_done = part.end}),
        tally);
    if (verdict == Verdict::committed) {
      take_rows(tally);
    }
    return verdict;
  }
  const auto half = part.first + part.size() / 2;
  const Verdict verdict = compare_part({part.first, half});
  return verdict == Verdict::committed ? compare_part({half, part.end})
                                       : verdict;
}

// A comparison that fails without any row is no row's fault.
void Comparer::check_statement() {
  pg::Transaction transaction(walk_.session(), {});
  walk_.session().queue(sql::make(walk_.settings()));
  walk_.session().run(
      count_differences(action_.table, comparisons_, Blocks{0, 0}));
}

// An error must not end the transaction that holds the snapshot.
pg::Result Comparer::read(const sql::Statement& statement) {
  if (!has_own_reader()) {
    return reader_.run(statement);
  }
  reader_.run(sql::Statement::of("SAVEPOINT pgexpand_read"));
  try {
    pg::Result result = reader_.run(statement);
    reader_.run(sql::Statement::of("RELEASE SAVEPOINT pgexpand_read"));
    return result;
  } catch (const Error&) {
    if (reader_.is_open()) {
      reader_.run(sql::Statement::of("ROLLBACK TO SAVEPOINT pgexpand_read"));
    }
    throw;
  }
}

Slice Comparer::slice_of(const Where& part,
                         std::int64_t rows,
                         const Cursor& after) {
  const auto work = counting_differences(action_.table, comparisons_, part);
  Slice slice{.after = after, .asked_rows = rows, .work = work};
  if (has_own_reader()) {
    const pg::Row row =
        read(sql::Statement::verbatim(work.counts.text)).rows.at(0);
    slice.work = counted({.rows = number(row.at(0)),
                          .differences = number(row.at(1)),
                          .found = text(row.at(3))});
  }
  return slice;
}

Slice Comparer::slice_row_by_row(const Where& part, const Cursor& after) {
  const auto statement = compare_each_row(action_, comparisons_, part);
  if (!has_own_reader()) {
    return {.after = after,
            .before = {statement},
            .work = outcome_of_comparisons()};
  }
  read(statement);
  const pg::Row row = read(read_outcome()).rows.at(0);
  std::set<std::string> bad;
  for (const auto& each : nlohmann::json::parse(text(row.at(1)))) {
    bad.insert(each.at("tid").get<std::string>());
  }
  return {.after = after,
          .work = counted({.rows = number(row.at(0)),
                           .differences = static_cast<std::int64_t>(bad.size()),
                           .found = text(row.at(1))})};
}

void Comparer::take_counts(const Tally& tally, const Where& part) {
  const auto counts = nlohmann::json::parse(tally.found);
  for (std::size_t item = 0; item < counts.size(); ++item) {
    if (counts.at(item).get<std::int64_t>() > 0) {
      findings_.add_failed(item);
    }
  }
  if (tally.differences > 0) {
    add_samples(part);
  }
}

void Comparer::take_rows(const Tally& tally) {
  std::set<std::string> bad;
  for (const auto& row : nlohmann::json::parse(tally.found)) {
    if (bad.insert(row.at("tid").get<std::string>()).second) {
      findings_.add_sample(row.at("key").get<std::string>());
    }
    findings_.add_failed(row.at("item").get<std::size_t>());
  }
}

void Comparer::add_samples(const Where& part) {
  const auto wanted = static_cast<std::int64_t>(findings_.samples_wanted());
  if (wanted == 0) {
    return;
  }
  const pg::Result found =
      read(sample_differences(action_, comparisons_, part, wanted));
  for (const pg::Row& row : found.rows) {
    findings_.add_sample(text(row.at(0)));
  }
}

namespace {

/// A session whose open transaction sees everything as of one moment.
class Snapshot {
 public:
  Snapshot(std::shared_ptr<pg::Session> session, const sql::Settings& settings)
      : session_(std::move(session)), transaction_(*session_, {}) {
    session_->run(sql::Statement::of(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    session_->run(sql::make(settings));  // takes it
  }
  [[nodiscard]] pg::Session& session() { return *session_; }

 private:
  std::shared_ptr<pg::Session> session_;
  pg::Transaction transaction_;
};

CompareResult gather(const std::vector<plan::Comparison>& comparisons,
                     const Findings& findings,
                     const Walk& walk,
                     const Crew& crew,
                     Outcome outcome) {
  CompareResult result{.outcome = outcome};
  result.rows = crew.rows();
  result.differences = crew.differences();
  result.quarantined = state::Store(walk.session, walk.state_schema)
                           .quarantine_count(walk.migration);
  for (const std::size_t item : findings.failed()) {
    result.titles.push_back(comparisons.at(item).title);
  }
  result.sample_keys = findings.samples();
  result.paused_by = crew.paused_by();
  return result;
}

}  // namespace

CompareResult compare(const plan::CompareRows& action,
                      const std::vector<plan::Comparison>& comparisons,
                      const Walk& walk,
                      const Pace& pace) {
  const WalkStyle style{.phase = plan::Phase::verify,
                        .batch_factor = read_factor,
                        .writes = false};
  // The snapshot is older than the table's size, so one worker sees all of it;
  // a table that is rewritten meanwhile is seen as it was, too.
  const bool at_once = action.one_snapshot && !comparisons.empty();
  std::optional<Snapshot> snapshot;
  Pace own = pace;
  if (at_once) {
    snapshot.emplace(walk.open_session(), walk.settings);
    own.workers = 1;
  }
  Findings findings;
  Crew crew(walk, own, style, action.table,
            {.walk =
                 [&](TableWalk& range) {
                   Comparer(action, comparisons, findings, range,
                            snapshot ? snapshot->session() : range.session())
                       .run();
                 },
             .extends = !at_once,
             .forget = [&] { findings.forget(); }});
  Outcome outcome = Outcome::done;
  if (!comparisons.empty()) {
    // A finished walk is not continued but done again. So is one that found a
    // difference: which comparison it was, and whose row, is not in a cursor.
    const bool continues =
        !at_once && crew.is_under_way() && crew.differences() == 0;
    outcome = continues ? crew.run() : crew.start_over();
  }
  return gather(comparisons, findings, walk, crew, outcome);
}

}  // namespace pgexpand::backfill
