#pragma once

#include "backfill/table_walk.hpp"
#include "pgexpand/backfill/engine.hpp"

#include <set>
#include <string>
#include <vector>

namespace pgexpand::backfill {

/// Asks the comparisons of every row of one table.
class Comparer {
 public:
  Comparer(const plan::CompareRows& action,
           const std::vector<plan::Comparison>& comparisons,
           const Walk& walk,
           const Pace& pace);

  [[nodiscard]] CompareResult run();

 private:
  void begin();
  Outcome walk_to_end();
  Verdict compare_part(Blocks part);
  /// compare_part, one row at a time.
  Verdict compare_rows(Blocks block);
  void check_statement();
  void forget();
  Tally count(Blocks part);
  Tally count_each_row(Blocks block);
  void add_samples(Blocks part);
  void add_sample(const std::string& key);
  [[nodiscard]] CompareResult result(Outcome outcome);

  const plan::CompareRows& action_;
  const std::vector<plan::Comparison>& comparisons_;
  TableWalk walk_;
  std::set<std::size_t> failed_;  ///< Indexes of comparisons.
  std::vector<std::string> samples_;
};

}  // namespace pgexpand::backfill
