#include "backfill/clean_check.hpp"
#include "backfill/crew.hpp"
#include "backfill/filler.hpp"
#include "backfill/key_filler.hpp"

#include <fmt/format.h>

#include <functional>
#include <utility>

namespace pgexpand::backfill {
namespace {

void change_state(const Walk& walk,
                  const Pace& pace,
                  const std::function<void(state::Store&)>& change) {
  state::Store store(walk.session, walk.state_schema);
  pg::Transaction transaction(walk.session, {.lock = pace.lock_timeout});
  store.fence(walk.migration, walk.epoch);
  change(store);
  transaction.commit();
}

Errand errand_of(const plan::BackfillRows& action,
                 const Walk& walk,
                 const Pace& pace) {
  Errand errand{.walk = [&](TableWalk& range) {
    if (range.goes_by_key()) {
      KeyFiller(action, range).run();
    } else {
      Filler(action, range).run();
    }
  }};
  if (action.until_clean) {
    errand.is_clean = [&] { return is_clean(action, walk, pace); };
  }
  return errand;
}

}  // namespace

FillResult fill(const plan::BackfillRows& action,
                const Walk& walk,
                const Pace& pace) {
  Crew crew(walk, pace,
            {.phase = plan::Phase::backfill,
             .skips_triggers = action.may_skip_user_triggers},
            action.table, errand_of(action, walk, pace));
  FillResult result{.outcome = crew.run()};
  result.rows = crew.rows();
  result.quarantined = state::Store(walk.session, walk.state_schema)
                           .quarantine_count(walk.migration);
  result.paused_by = crew.paused_by();
  return result;
}

std::int64_t repair(const plan::CompareRows& action,
                    const std::vector<plan::Comparison>& comparisons,
                    const Walk& walk,
                    const Pace& pace) {
  std::int64_t mended = 0;
  int number = 0;
  bool is_first = true;
  for (const plan::Comparison& comparison : comparisons) {
    ++number;
    if (!comparison.repair) {
      continue;
    }
    const plan::BackfillRows mend{.table = action.table,
                                  .assign = {*comparison.repair},
                                  .pending = comparison.differs,
                                  .key = action.key};
    Walk own = walk;
    own.step = fmt::format("{}:{}", walk.step, number);
    Crew crew(own, pace,
              {.phase = plan::Phase::verify,
               .skips_triggers = action.may_skip_user_triggers},
              action.table, errand_of(mend, own, pace));
    if (std::exchange(is_first, false) && !crew.is_under_way()) {
      // Rows that still fail are listed again.
      change_state(walk, pace, [&](state::Store& store) {
        store.clear_quarantine(walk.migration, action.table.display());
      });
    }
    const Outcome outcome = crew.run();
    mended += crew.rows();
    if (outcome != Outcome::done) {
      return mended;
    }
    change_state(walk, pace, [&](state::Store& store) {
      store.clear_progress(walk.migration, own.step);
    });
  }
  return mended;
}

}  // namespace pgexpand::backfill
