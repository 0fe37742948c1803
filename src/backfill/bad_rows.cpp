#include "backfill/bad_rows.hpp"

#include "backfill/cells.hpp"
#include "backfill/statements.hpp"
#include "backfill/trouble.hpp"

namespace pgexpand::backfill {

Tally list_bad_rows(TableWalk& walk, const sql::TableName& root) {
  Tally tally;
  const pg::Result outcome = walk.session().run(read_outcome());
  for (const pg::Row& row : outcome.rows) {
    tally.rows = number(row.at(0));
    if (row.at(1)) {
      ++tally.quarantined;
      walk.store().add_quarantine(walk.progress().migration, root.display(),
                                  text(row.at(3)), text(row.at(2)));
    }
  }
  return tally;
}

void check_update(TableWalk& walk, const plan::BackfillRows& action) {
  const Where nothing(sql::Expression{"false"});
  for (int tries = 1;; ++tries) {
    try {
      pg::Transaction transaction(walk.session(), {});
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
