#include "backfill/clean_check.hpp"

#include "backfill/leaves.hpp"
#include "backfill/statements.hpp"
#include "backfill/windows.hpp"

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
  walk.session.run(sql::Statement::of(
      "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  // This query takes the snapshot, then the sizes: no visible row is above
  // them.
  for (const Leaf& leaf : read_leaves(walk.session, fill.table)) {
    plan::BackfillRows of_leaf = fill;
    of_leaf.table = leaf.table;
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

}  // namespace pgexpand::backfill
