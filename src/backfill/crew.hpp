#pragma once

#include "backfill/board.hpp"
#include "backfill/ranges.hpp"
#include "backfill/table_walk.hpp"
#include "pgexpand/backfill/engine.hpp"

#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace pgexpand::backfill {

/// What is to be done with every range of a table.
struct Errand {
  /// Walks from the cursor to the range's end, calling finish() there, or until
  /// a batch was halted. Called from several threads, each with its own walk.
  std::function<void(TableWalk&)> walk;
  /// Set where nothing protects rows that are done: once all ranges are, it is
  /// asked whether the table is clean; if not, it is walked again. None: told
  /// to stop.
  std::function<std::optional<bool>()> is_clean;
  /// Rows that were added meanwhile are looked at, too.
  bool extends = false;
  /// A rewritten table is counted from zero; told before that happens.
  std::function<void()> forget;
};

/// Walks all leaves of one table with as many workers as the settings say, each
/// range by one of them. Killing any of them loses nothing: ranges and cursors
/// are in the state schema.
class Crew {
 public:
  Crew(const Walk& walk,
       const Pace& pace,
       const WalkStyle& style,
       const sql::TableName& root,
       Errand errand);

  /// From the recorded cursors to the end, or to a stop. Rethrows what a worker
  /// threw, once all have ended.
  Outcome run();
  /// run() from the start, whatever is recorded.
  Outcome start_over();

  [[nodiscard]] const std::vector<state::Progress>& ranges() const {
    return ranges_.all();
  }
  [[nodiscard]] std::int64_t rows() const;
  [[nodiscard]] std::int64_t differences() const;
  [[nodiscard]] std::string paused_by() const { return board_.paused_by(); }
  /// True if a walk of this step was begun and not finished.
  [[nodiscard]] bool is_under_way();

 private:
  void load();
  void read_tree();
  /// Leaves and ranges as they are now, saved if anything changed.
  void prepare();
  void save();
  /// What is left once all ranges are done.
  enum class Next { nothing, more, stopped };
  Next after_all();
  [[nodiscard]] Next after_round();
  void work();
  void work_on_ranges(pg::Session& session);
  [[nodiscard]] bool lost_its_leaf(const Error& error) const;
  void fail();
  state::Progress* take_range();
  [[nodiscard]] sql::TableName leaf_of(const state::Progress& range) const;
  [[nodiscard]] int workers() const;
  [[nodiscard]] pg::Timeouts timeouts() const;

  const Walk& walk_;
  Board board_;
  const sql::TableName root_;
  Errand errand_;
  state::Store store_;
  Ranges ranges_;
  std::vector<Leaf> leaves_;
  bool extended_ = false;

  std::mutex mutex_;  ///< Guards what follows, while workers are at work.
  std::deque<state::Progress*> waiting_;
  std::exception_ptr error_;
};

}  // namespace pgexpand::backfill
