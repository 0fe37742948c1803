#pragma once

#include "backfill/slice.hpp"
#include "backfill/windows.hpp"
#include "pgexpand/plan/plan.hpp"
#include "pgexpand/sql/statement.hpp"

#include <utility>
#include <vector>

namespace pgexpand::backfill {

/// Which rows of the table `t` a statement is about.
struct Where {
  /// The rows in some blocks.
  Where(Blocks blocks);  // NOLINT(google-explicit-constructor)
  explicit Where(sql::Expression condition) : text(std::move(condition)) {}

  sql::Expression text;
};

/// The pass's share of pending rows in `where`, waiting for locked ones.
[[nodiscard]] sql::Statement update_rows(const plan::BackfillRows& fill,
                                         const Where& where,
                                         Pass pass);

/// The same without the rows that somebody holds locked.
[[nodiscard]] sql::Statement update_free_rows(const plan::BackfillRows& fill,
                                              const Where& where,
                                              Pass pass);

/// Pending rows of `where` one by one, each with a subtransaction, passing
/// over rows that fail. Leaves its result for read_outcome().
[[nodiscard]] sql::Statement update_each_row(const plan::BackfillRows& fill,
                                             const Where& where);

/// Whether any row of `where` is pending.
[[nodiscard]] sql::Statement find_pending(const plan::BackfillRows& fill,
                                          const Where& where);

/// Rows looked at, rows that differ in anything, then one count a comparison.
[[nodiscard]] sql::Statement count_differences(
    const sql::TableName& table,
    const std::vector<plan::Comparison>& comparisons,
    const Where& where);

/// The comparisons row by row; one that fails counts as a difference. Leaves
/// its result for read_outcome().
[[nodiscard]] sql::Statement compare_each_row(
    const plan::CompareRows& action,
    const std::vector<plan::Comparison>& comparisons,
    const Where& where);

/// An UPDATE as the work of a slice: counts the rows it writes.
[[nodiscard]] state::Store::Work counting(const sql::Statement& update);
/// `rows` rows were written by a statement before.
[[nodiscard]] state::Store::Work counted(const Tally& tally);
/// count_differences() as the work of a slice; found: its counts, one for each
/// comparison, as a JSON array.
[[nodiscard]] state::Store::Work counting_differences(
    const sql::TableName& table,
    const std::vector<plan::Comparison>& comparisons,
    const Where& where);
/// What a row-by-row statement left behind, as the work of a slice: rows that
/// failed count as `quarantined`.
[[nodiscard]] state::Store::Work outcome_of_updates();
/// Rows that differ count as `differences`; found: a JSON array of {tid, state,
/// key, item}.
[[nodiscard]] state::Store::Work outcome_of_comparisons();
/// The same of a session that is not the walk's: rows, found.
[[nodiscard]] sql::Statement read_outcome();
/// Puts the rows that failed into quarantine, under the name of `root`.
[[nodiscard]] sql::Statement quarantine_bad_rows(
    const sql::Identifier& state_schema,
    const std::string& migration,
    const sql::TableName& root);

/// Keys of at most `limit` rows that differ.
[[nodiscard]] sql::Statement sample_differences(
    const plan::CompareRows& action,
    const std::vector<plan::Comparison>& comparisons,
    const Where& where,
    std::int64_t limit);

/// Who holds rows of `where` locked, in one text; NULL: nobody we can name.
[[nodiscard]] sql::Statement name_holders(const sql::TableName& table,
                                          const Where& where);

}  // namespace pgexpand::backfill
