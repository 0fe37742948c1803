// `pgexpand verify`: the comparison of the verify phase, at any time after the
// backfill; after switch the other way round.
#include "exec/lost_tables.hpp"
#include "exec/walks.hpp"

#include <fmt/format.h>

namespace pgexpand::exec {
namespace {

using backfill::CompareResult;
using backfill::Outcome;
using plan::Phase;

void check_filled(const state::Migration& migration) {
  if (!migration.completed || *migration.completed < Phase::backfill) {
    throw Error(ErrorKind::refused, "verify.too-early",
                fmt::format("the backfill of migration {} is not complete",
                            migration.id))
        .hint(fmt::format("run pgexpand apply {}", migration.id));
  }
}

CompareResult compare_now(Job& job) {
  const state::Migration migration = take_up(job);
  check_filled(migration);
  check_lost_tables(job);
  const CompareResult sum = compare_all(job);
  if (sum.outcome != Outcome::done) {
    return sum;
  }
  if (!job.is_switched()) {
    job.record([&](state::Store& store) {
      store.set_verify_result(job.id, is_clean(sum), sum.rows, sum.differences);
    });
  }
  return sum;
}

}  // namespace

CompareResult verify_now(const std::string& migration,
                         const RunOptions& options,
                         Runner& runner,
                         const sql::Identifier& state_schema,
                         report::Reporter& reporter,
                         const StopRequest& stop) {
  SerialReporter serial(reporter);
  Job job{.id = migration,
          .options = options,
          .bench = runner.workbench(),
          .schema = state_schema,
          .reporter = serial,
          .stop = stop};
  CompareResult result;
  const RunResult ended = with_recovery(job, [&] {
    result = compare_now(job);
    return RunResult{};
  });
  if (ended.outcome == RunOutcome::interrupted) {
    result.outcome = Outcome::stopped;
  }
  return result;
}

}  // namespace pgexpand::exec
