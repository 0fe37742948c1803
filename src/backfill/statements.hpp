#pragma once

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

/// What a row-by-row statement left behind: rows of {rows done, tid, SQLSTATE,
/// key, number of the comparison}; one row with NULLs if no row is bad.
[[nodiscard]] sql::Statement read_outcome();

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
