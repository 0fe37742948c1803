#include "backfill/clean_check.hpp"

#include "backfill/cells.hpp"
#include "backfill/leaves.hpp"
#include "backfill/statements.hpp"
#include "backfill/trouble.hpp"
#include "backfill/windows.hpp"

#include <algorithm>

namespace pgexpand::backfill {
namespace {

/// Small enough to notice a stop, large enough for the round trips not to
/// count.
constexpr std::int64_t blocks_at_once = 8'192;

}  // namespace

std::optional<bool> is_clean(const plan::BackfillRows& fill,
                             const Walk& walk,
                             const Pace& pace) {
  pg::Transaction transaction(walk.session, {.lock = pace.lock_timeout});
  walk.session.queue(sql::Statement::of(
      "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  // This takes the snapshot, what follows the sizes: no visible row is above
  // them.
  walk.session.run(sql::make(walk.settings));
  for (const Leaf& leaf : read_leaves(walk.session, fill.table)) {
    plan::BackfillRows of_leaf = fill;
    of_leaf.table = leaf.table;
    if (!leaf.has_blocks) {
      const Where anywhere(sql::Expression{"true"});
      if (walk.session.run(find_pending(of_leaf, anywhere)).single() == "t") {
        return false;
      }
      continue;
    }
    for (const Blocks& part : split({0, leaf.blocks}, blocks_at_once)) {
      if (walk.should_stop()) {
        return std::nullopt;
      }
      if (walk.session.run(find_pending(of_leaf, part)).single() == "t") {
        return false;
      }
    }
  }
  return true;
}

namespace {

bool any_differs(pg::Session& session,
                 const plan::CompareRows& action,
                 const Leaf& leaf) {
  try {
    const pg::Row counted =
        session
            .run(count_differences(leaf.table, action.before_switch,
                                   Where(sql::Expression{"true"})))
            .rows.at(0);
    return number(counted.at(1)) > 0;
  } catch (const Error& error) {
    if (classify(error) != Trouble::row) {
      throw;
    }
    // After a swap the columns have other names, and this cannot be asked.
    return !error.sqlstate().starts_with("42");
  }
}

}  // namespace

std::optional<std::string> find_unmet_difference(
    pg::Session& session,
    const plan::CompareRows& action,
    const std::vector<std::int64_t>& met) {
  if (action.before_switch.empty()) {
    return std::nullopt;
  }
  for (const Leaf& leaf : read_leaves(session, action.table)) {
    const bool is_met = std::ranges::find(met, leaf.oid) != met.end();
    if (!is_met && any_differs(session, action, leaf)) {
      return leaf.table.display();
    }
  }
  return std::nullopt;
}

}  // namespace pgexpand::backfill
