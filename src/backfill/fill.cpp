#include "backfill/filler.hpp"

#include <algorithm>
#include <functional>

namespace pgexpand::backfill {
namespace {

bool is_under_way(const Walk& walk) {
  state::Store store(walk.session, walk.state_schema);
  return std::ranges::any_of(
      store.progress(walk.migration),
      [&](const state::Progress& saved) { return saved.step == walk.step; });
}

void change_state(const Walk& walk,
                  const Pace& pace,
                  const std::function<void(state::Store&)>& change) {
  state::Store store(walk.session, walk.state_schema);
  pg::Transaction transaction(walk.session, {.lock = pace.lock_timeout});
  store.fence(walk.migration, walk.epoch);
  change(store);
  transaction.commit();
}

}  // namespace

FillResult fill(const plan::BackfillRows& action,
                const Walk& walk,
                const Pace& pace) {
  Filler filler(action, walk, pace,
                {.phase = plan::Phase::backfill,
                 .skips_triggers = action.may_skip_user_triggers});
  FillResult result{.outcome = filler.run()};
  result.rows = filler.rows();
  result.quarantined = filler.store().quarantine_count(walk.migration);
  result.paused_by = filler.paused_by();
  return result;
}

std::int64_t repair(const plan::CompareRows& action,
                    const std::vector<plan::Comparison>& comparisons,
                    const Walk& walk,
                    const Pace& pace) {
  if (!is_under_way(walk)) {
    // Rows that still fail are listed again.
    change_state(walk, pace, [&](state::Store& store) {
      store.clear_quarantine(walk.migration, action.table.display());
    });
  }
  std::int64_t mended = 0;
  int worker = 0;  // each comparison has a cursor of its own
  for (const plan::Comparison& comparison : comparisons) {
    ++worker;
    if (!comparison.repair) {
      continue;
    }
    const plan::BackfillRows mend{.table = action.table,
                                  .assign = {*comparison.repair},
                                  .pending = comparison.differs,
                                  .key = action.key};
    Filler filler(mend, walk, pace,
                  {.phase = plan::Phase::verify, .worker = worker});
    const Outcome outcome = filler.run();
    mended += filler.rows();
    if (outcome != Outcome::done) {
      return mended;
    }
  }
  change_state(walk, pace, [&](state::Store& store) {
    store.clear_progress(walk.migration, walk.step);
  });
  return mended;
}

}  // namespace pgexpand::backfill
