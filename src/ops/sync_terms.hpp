#pragma once

#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/ops/draft.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::ops {

/// `record."column"`
[[nodiscard]] std::string row_of(std::string_view record,
                                 const sql::Identifier& column);

/// `expression` over that record, by the names the assignment says.
[[nodiscard]] sql::Expression qualified(std::string_view record,
                                        const SyncAssignment& assignment,
                                        const sql::Expression& expression);

/// The physical columns the assignment reads.
[[nodiscard]] std::vector<sql::Identifier> inputs(
    const SyncAssignment& assignment);

/// One of them holds; `false` if there are none.
[[nodiscard]] std::string any_of(const std::vector<std::string>& conditions);

/// An UPDATE that moves a row to another partition fires for UPDATE there
/// and then for INSERT here. Most rules give the same values again. These do
/// not: a NULL of new code's would be filled, a value finer than `down` says
/// be lost, and what old code wrote would pass for new code's.
[[nodiscard]] bool forgets_in_move(const SyncRules& rules);

/// A new column without a value is new code's NULL if that wrote the row.
[[nodiscard]] bool rests_on(const SyncPair& pair, const SyncReverse& reverse);

/// The row as far as the rules know it, and its key.
[[nodiscard]] std::string row_text(const catalog::Table& table,
                                   const SyncRules& rules);

/// Conditions of a sync function over NEW and OLD of one table.
class SyncTerms {
 public:
  explicit SyncTerms(const catalog::Table& table) : table_(table) {}

  [[nodiscard]] static std::string changed(const sql::Identifier& column,
                                           const catalog::Type& type);
  /// Of a column there is today.
  [[nodiscard]] std::string column_changed(const sql::Identifier& column) const;
  /// Of today's columns that the assignment reads.
  [[nodiscard]] std::string inputs_changed(
      const SyncAssignment& assignment) const;

 private:
  const catalog::Table& table_;
};

}  // namespace pgexpand::ops
