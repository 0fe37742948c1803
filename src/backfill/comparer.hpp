#pragma once

#include "backfill/statements.hpp"
#include "backfill/table_walk.hpp"
#include "pgexpand/backfill/engine.hpp"

#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace pgexpand::backfill {

/// What a comparison found, kept beside the counts in the cursors. Thread-safe.
class Findings {
 public:
  static constexpr std::size_t most_samples = 10;

  void add_failed(std::size_t comparison);
  void add_sample(const std::string& key);
  void forget();
  [[nodiscard]] std::size_t samples_wanted() const;
  [[nodiscard]] std::set<std::size_t> failed() const;
  [[nodiscard]] std::vector<std::string> samples() const;

 private:
  mutable std::mutex mutex_;
  std::set<std::size_t> failed_;  ///< Indexes of comparisons.
  std::vector<std::string> samples_;
};

/// Asks the comparisons of every row of one range, through `reader`: the walk's
/// own session, or one whose open transaction holds the snapshot.
class Comparer {
 public:
  Comparer(const plan::CompareRows& action,
           const std::vector<plan::Comparison>& comparisons,
           Findings& findings,
           TableWalk& walk,
           pg::Session& reader);

  /// From the cursor to the range's end, or until a batch was halted.
  void run();

 private:
  void run_by_blocks();
  void run_by_key();
  /// What to do about an error of a part. False: the walk is halted.
  bool handle(const Error& error, Blocks part);
  /// Parts from the cursor on, as many as are sent in one go. False: halted.
  bool compare_parts();
  /// A part whose comparison fails for one of its rows.
  Verdict compare_halves(Blocks part);
  Verdict compare_part(Blocks part);
  /// As a slice; what the reader must be asked for is asked now.
  [[nodiscard]] Slice slice_of(const Where& part,
                               std::int64_t rows,
                               const Cursor& after);
  [[nodiscard]] Slice slice_row_by_row(const Where& part, const Cursor& after);
  /// Notes what a slice of `part` found.
  void take_counts(const Tally& tally, const Where& part);
  void take_rows(const Tally& tally);
  void check_statement();
  [[nodiscard]] bool has_own_reader() const;
  [[nodiscard]] std::int64_t rows_of(Blocks part) const;
  [[nodiscard]] std::size_t parts_in_one_go() const;
  /// `statement` in its own subtransaction where one is needed.
  pg::Result read(const sql::Statement& statement);
  void add_samples(const Where& part);

  plan::CompareRows action_;  ///< Of the leaf.
  const std::vector<plan::Comparison>& comparisons_;
  Findings& findings_;
  TableWalk& walk_;
  pg::Session& reader_;
  int clashes_ = 0;  ///< In a row.
  int cancels_ = 0;
};

}  // namespace pgexpand::backfill
