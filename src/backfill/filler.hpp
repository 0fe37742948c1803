#pragma once

#include "backfill/table_walk.hpp"
#include "backfill/windows.hpp"
#include "pgexpand/backfill/engine.hpp"

#include <functional>
#include <optional>

namespace pgexpand::backfill {

/// Fills one table window by window. See backfill.md, HOT windows.
class Filler {
 public:
  Filler(const plan::BackfillRows& action,
         const Walk& walk,
         const Pace& pace,
         const WalkStyle& style);

  /// From the recorded cursor to the end, or to a stop.
  Outcome run();

  [[nodiscard]] std::int64_t rows() { return walk_.progress().rows; }
  [[nodiscard]] const std::string& paused_by() const {
    return walk_.paused_by();
  }
  [[nodiscard]] state::Store& store() { return walk_.store(); }

 private:
  /// What became of a part of a window.
  enum class Part {
    done,
    left_locked,  ///< Other passes' rows come later; locked ones stay.
    too_long,     ///< The server cancelled it.
    bad_row,
    stopped,
    paused,
    rewritten,
  };

  Part fill_window();
  Part fill_pass(Blocks window, Pass pass);
  Part fill_part(Blocks part, Pass pass, const Cursor& after);
  /// One transaction with `statement`; errors become a Part, or pass through.
  Part attempt(const sql::Statement& statement,
               std::int64_t asked_rows,
               const Cursor& after);
  /// What to do about a clash with other transactions.
  Part wait_and_retry(Blocks part, Pass pass, const Cursor& after);
  Part leave_locked_rows(Blocks part, Pass pass, const Cursor& after);
  Part wait_for_rows(Blocks part, Pass pass, const Cursor& after);

  /// Finishes a window that holds rows whose value fails.
  Part isolate_window(Blocks window);
  Part isolate(Blocks part, const Cursor& here);
  Part fill_row_by_row(Blocks block, const Cursor& here);
  Tally list_bad_rows();
  /// Throws if the statement fails without any row.
  void check_statement();

  [[nodiscard]] bool start_next_round();
  [[nodiscard]] int passes() const;
  [[nodiscard]] std::int64_t rows_of(Blocks part, Pass pass) const;

  const plan::BackfillRows& action_;
  Pace pace_;
  TableWalk walk_;
  std::optional<Error> last_error_;
  int cancelled_ = 0;  ///< In a row.
};

}  // namespace pgexpand::backfill
