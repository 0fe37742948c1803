#pragma once

#include "backfill/key_parts.hpp"
#include "backfill/table_walk.hpp"
#include "pgexpand/backfill/engine.hpp"

namespace pgexpand::backfill {

/// Fills one range in the order of its key, where blocks cannot be walked.
class KeyFiller {
 public:
  KeyFiller(const plan::BackfillRows& action, TableWalk& walk);

  /// From the cursor to the range's end, or until a batch was halted.
  void run();

 private:
  /// False: the walk is halted.
  bool fill(const KeyPart& part);
  bool fill_row_by_row(const KeyPart& part);
  bool fill_free_rows(const KeyPart& part);
  Verdict write(const sql::Statement& statement,
                const Cursor& after,
                std::int64_t asked_rows);

  plan::BackfillRows action_;   ///< Of the leaf.
  const sql::TableName& root_;  ///< As quarantine names it.
  TableWalk& walk_;
  KeyParts parts_;
};

}  // namespace pgexpand::backfill
