// Both values sit in one row, so one statement compares them with no lock and
// no race. Verify looks at every row, those above the backfill's bound too.
#include "backfill/comparer.hpp"

#include "backfill/cells.hpp"
#include "backfill/crew.hpp"
#include "backfill/statements.hpp"
#include "backfill/trouble.hpp"

#include <algorithm>

namespace pgexpand::backfill {
namespace {

/// Reading is lighter than writing: batches this much bigger.
constexpr int read_factor = 10;
constexpr int most_cancels = 5;

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
                   TableWalk& walk)
    : action_(action),
      comparisons_(comparisons),
      findings_(findings),
      walk_(walk) {
  action_.table = walk.leaf();
}

void Comparer::run() {
  const state::Progress& progress = walk_.progress();
  int clashes = 0;
  int cancels = 0;
  while (progress.next_block < progress.bound_block) {
    const auto first = progress.next_block;
    const auto width = blocks_for(walk_.size().rows(), walk_.rows_per_block());
    const Blocks part{first, std::min(first + width, progress.bound_block)};
    try {
      if (compare_part(part) == Verdict::halted) {
        return;
      }
      clashes = cancels = 0;
      walk_.rest();
    } catch (const Error& error) {
      const Trouble trouble = classify(error);
      if (trouble == Trouble::cancelled && ++cancels <= most_cancels) {
        walk_.size().halve();
      } else if (trouble != Trouble::contention) {
        throw;
      } else if (!walk_.back_off(++clashes, part)) {
        return;
      }
    }
  }
  walk_.finish();
}

Verdict Comparer::compare_part(Blocks part) {
  const auto rows = static_cast<std::int64_t>(static_cast<double>(part.size()) *
                                              walk_.rows_per_block());
  try {
    return walk_.batch({.next_block = part.end, .blocks_done = part.end}, rows,
                       [&] { return count(part); });
  } catch (const Error& error) {
    if (classify(error) != Trouble::row) {
      throw;
    }
  }
  check_statement();
  if (part.size() == 1) {
    return compare_rows(part);
  }
  const auto half = part.first + part.size() / 2;
  const Verdict verdict = compare_part({part.first, half});
  return verdict == Verdict::committed ? compare_part({half, part.end})
                                       : verdict;
}

Verdict Comparer::compare_rows(Blocks block) {
  return walk_.batch({.next_block = block.end, .blocks_done = block.end}, 0,
                     [&] { return count_each_row(block); });
}

// A comparison that fails without any row is no row's fault.
void Comparer::check_statement() {
  pg::Transaction transaction(walk_.session(), {});
  walk_.session().run(
      count_differences(action_.table, comparisons_, Blocks{0, 0}));
}

Tally Comparer::count(Blocks part) {
  const pg::Row row =
      walk_.session()
          .run(count_differences(action_.table, comparisons_, part))
          .rows.at(0);
  const Tally tally{.rows = number(row.at(0)),
                    .differences = number(row.at(1))};
  for (std::size_t item = 0; item < comparisons_.size(); ++item) {
    if (number(row.at(item + 2)) > 0) {
      findings_.add_failed(item);
    }
  }
  if (tally.differences > 0) {
    add_samples(part);
  }
  return tally;
}

Tally Comparer::count_each_row(Blocks block) {
  walk_.session().run(compare_each_row(action_, comparisons_, block));
  const pg::Result outcome = walk_.session().run(read_outcome());
  Tally tally;
  std::set<std::string> bad;
  for (const pg::Row& row : outcome.rows) {
    tally.rows = number(row.at(0));
    if (row.at(1) && bad.insert(text(row.at(1))).second) {
      findings_.add_sample(text(row.at(3)));
    }
    if (row.at(1)) {
      findings_.add_failed(static_cast<std::size_t>(number(row.at(4))));
    }
  }
  tally.differences = static_cast<std::int64_t>(bad.size());
  return tally;
}

void Comparer::add_samples(Blocks part) {
  const auto wanted = static_cast<std::int64_t>(findings_.samples_wanted());
  if (wanted == 0) {
    return;
  }
  const pg::Result found = walk_.session().run(
      sample_differences(action_, comparisons_, part, wanted));
  for (const pg::Row& row : found.rows) {
    findings_.add_sample(text(row.at(0)));
  }
}

CompareResult compare(const plan::CompareRows& action,
                      const std::vector<plan::Comparison>& comparisons,
                      const Walk& walk,
                      const Pace& pace) {
  Findings findings;
  Crew crew(walk, pace,
            {.phase = plan::Phase::verify,
             .batch_factor = read_factor,
             .writes = false},
            action.table,
            {.walk =
                 [&](TableWalk& range) {
                   Comparer(action, comparisons, findings, range).run();
                 },
             .extends = true,
             .forget = [&] { findings.forget(); }});
  CompareResult result;
  if (!comparisons.empty()) {
    // A finished walk is not continued but done again. So is one that found a
    // difference: which comparison it was, and whose row, is not in a cursor.
    result.outcome = crew.is_under_way() && crew.differences() == 0
                         ? crew.run()
                         : crew.start_over();
  }
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

}  // namespace pgexpand::backfill
