#include "backfill/bad_rows.hpp"

#include "backfill/statements.hpp"
#include "backfill/trouble.hpp"

namespace pgexpand::backfill {

Slice row_by_row(const TableWalk& walk,
                 const sql::Statement& statement,
                 const sql::TableName& root,
                 const Cursor& after) {
  return {.after = after,
          .before = {statement,
                     quarantine_bad_rows(walk.state_schema(),
                                         walk.progress().migration, root)},
          .work = outcome_of_updates()};
}

Slice all_rows(const TableWalk& walk,
               const sql::Statement& update,
               std::int64_t asked_rows,
               const Cursor& after) {
  if (walk.facts().has_rules) {
    return {.after = after,
            .asked_rows = asked_rows,
            .before = {update},
            .counts_before = true};
  }
  return {.after = after, .asked_rows = asked_rows, .work = counting(update)};
}

void check_update(TableWalk& walk, const plan::BackfillRows& action) {
  const Where nothing(sql::Expression{"false"});
  for (int tries = 1;; ++tries) {
    try {
      pg::Transaction transaction(walk.session(), {});
      walk.session().queue(sql::make(walk.settings()));
      walk.session().run(update_rows(action, nothing, {}));
      return;
    } catch (const Error& error) {
      if (classify(error) != Trouble::contention || !walk.back_off(tries, {})) {
        throw;
      }
    }
  }
}

}  // namespace pgexpand::backfill
