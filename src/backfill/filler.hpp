#pragma once

#include "backfill/pass_count.hpp"
#include "backfill/table_walk.hpp"
#include "backfill/windows.hpp"
#include "pgexpand/backfill/engine.hpp"

#include <cstdint>

namespace pgexpand::backfill {

/// Fills one range window by window. See docs/backfill.md, HOT windows.
class Filler {
 public:
  /// `action` of the root; its rows are looked for in the walk's leaf.
  Filler(const plan::BackfillRows& action, TableWalk& walk);

  /// From the cursor to the range's end, or until a batch was halted.
  void run();

 private:
  /// What became of a part of a window.
  enum class Part {
    done,
    left_locked,  ///< Other passes' rows come later; locked ones stay.
    too_long,     ///< The server cancelled it.
    bad_row,
    halted,
  };
  /// Rows written by some passes, and how many of them stayed in their page.
  struct Written {
    std::int64_t rows = 0;
    std::int64_t hot = 0;
  };

  Part fill_window();
  Part fill_pass(Blocks window, Pass pass);
  /// Parts of a pass from `first` on that are sent in one go. Moves `first`
  /// behind what was done.
  Part fill_parts(Blocks window, Pass pass, std::int64_t& first);
  [[nodiscard]] Cursor after(Blocks part, Blocks window, Pass pass) const;
  Part fill_part(Blocks part, Pass pass, const Cursor& after);
  /// One transaction with `statement`; errors become a Part, or pass through.
  Part attempt(const sql::Statement& statement,
               std::int64_t asked_rows,
               const Cursor& after);
  /// What an error of a slice means for its part; throws what is no part's.
  Part judge(const Error& error);
  /// What to do about a clash with other transactions.
  Part wait_and_retry(Blocks part, Pass pass, const Cursor& after);
  Part leave_locked_rows(Blocks part, Pass pass, const Cursor& after);
  Part wait_for_rows(Blocks part, Pass pass, const Cursor& after);

  /// Finishes a window that holds rows whose value fails.
  Part isolate_window(Blocks window);
  Part isolate(Blocks part, const Cursor& here);
  Part fill_row_by_row(Blocks block, const Cursor& here);

  [[nodiscard]] int passes();
  [[nodiscard]] std::int64_t rows_of(Blocks part, Pass pass) const;

  plan::BackfillRows action_;   ///< Of the leaf.
  const sql::TableName& root_;  ///< As quarantine names it.
  TableWalk& walk_;
  PassCount pass_count_;
  Written written_;    ///< By the pass under way.
  int cancelled_ = 0;  ///< In a row.
};

}  // namespace pgexpand::backfill
