// Runs a migration's stored plan phase by phase, and knows where to stop.
#include "exec/code_gate.hpp"
#include "exec/task.hpp"
#include "exec/version_order.hpp"
#include "exec/version_users.hpp"
#include "pgexpand/base/units.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pgexpand::exec {
namespace {

using plan::Phase;
using state::Migration;
using state::Status;
using std::chrono::duration_cast;

void check_runnable(const Migration& migration) {
  if (migration.status == Status::rolling_back) {
    throw Error(ErrorKind::refused, "run.rolling-back",
                fmt::format("migration {} is being rolled back", migration.id))
        .hint(fmt::format("run pgexpand rollback {}", migration.id));
  }
  if (migration.status == Status::pending) {
    throw Error(ErrorKind::refused, "run.not-started",
                fmt::format("migration {} was not started", migration.id))
        .hint(fmt::format("run pgexpand apply {}", migration.id));
  }
  if (!migration.poison.empty()) {
    throw Error(ErrorKind::refused, "run.poisoned",
                fmt::format("migration {} needs a person: {}", migration.id,
                            migration.poison))
        .hint(fmt::format("run pgexpand status {}", migration.id));
  }
}

bool is_complete(const Migration& migration, Phase phase) {
  return migration.completed && *migration.completed >= phase;
}

// A `pgexpand verify` after the phase found differences: nothing but a clean
// full pass opens switch again.
void reopen_verify(Job& job, Migration& migration) {
  if (migration.completed != Phase::verify ||
      migration.verify_clean != std::optional(false)) {
    return;
  }
  job.record([&](state::Store& store) {
    store.reopen_phase(job.id, Phase::verify);
    for (const plan::Step* step : job.plan.steps_of(Phase::verify)) {
      store.set_step(job.id, step->id, state::StepStatus::pending);
      store.clear_progress(job.id, step->id);
    }
  });
  migration.completed = Phase::backfill;
  job.completed = Phase::backfill;
}

bool stops_before_switch(const Job& job, const Migration& migration) {
  return job.plan.is_visible() && !job.options.through_is_explicit &&
         migration.running != Phase::switch_over;
}

// The server's clock decides: it also set switched_at.
void check_contract_gate(const Job& job, const Migration& migration) {
  if (job.options.contract_after <= milliseconds{0}) {
    return;
  }
  const auto age = job.session().run(
      sql::Statement::of("SELECT (extract(epoch FROM clock_timestamp()"
                         " - switched_at) * 1000)::bigint"
                         " FROM {}.migration WHERE id = $1",
                         job.schema),
      {job.id});
  const milliseconds passed(std::stoll(age.single().value_or("0")));
  if (passed < job.options.contract_after) {
    throw Error(ErrorKind::refused, "contract.too-early",
                fmt::format("migration {} was switched {} ago, and contract "
                            "waits for {}",
                            migration.id, human_duration(passed),
                            format_duration(job.options.contract_after)))
        .hint(fmt::format("run pgexpand contract {} later, or lower "
                          "--contract-after",
                          migration.id));
  }
}

void announce(Job& job, const Migration& migration) {
  if (!job.announced) {
    job.announced = true;
    job.reporter.on(report::MigrationStarted{
        .id = job.id,
        .description = job.plan.description,
        .resumed = migration.completed || migration.running ||
                   !job.store().steps(job.id).empty()});
  }
}

RunResult run_phases(Job& job) {
  Migration migration = take_up(job);
  check_runnable(migration);
  if (migration.paused) {
    return job.result(RunOutcome::paused, migration.paused_by);
  }
  reopen_verify(job, migration);
  for (const Phase phase : plan::phases) {
    if (is_complete(migration, phase)) {
      continue;
    }
    if (phase > job.options.through) {
      break;
    }
    if (phase == Phase::switch_over && stops_before_switch(job, migration)) {
      job.reporter.on(
          report::StoppedBeforeSwitch{job.id, job.plan.visible_because});
      return job.result(RunOutcome::stopped_at_switch);
    }
    if (phase == Phase::contract) {
      check_contract_order(job);
      check_contract_gate(job, migration);
      check_no_code_names_what_goes(job);
      check_nobody_uses_old_versions(job);
    }
    announce(job, migration);
    const TaskResult ended = run_phase(job, phase);
    if (ended.outcome == backfill::Outcome::stopped) {
      job.check();
      throw interrupted(job.id);
    }
    if (ended.outcome == backfill::Outcome::paused) {
      return job.result(RunOutcome::paused, ended.paused_by);
    }
    job.completed = phase;
  }
  return job.result(RunOutcome::reached);
}

}  // namespace

RunResult run_on(Workbench& bench,
                 const std::string& migration,
                 const RunOptions& options,
                 const sql::Identifier& state_schema,
                 report::Reporter& reporter,
                 const StopRequest& stop) {
  SerialReporter serial(reporter);
  Job job{.id = migration,
          .options = options,
          .bench = bench,
          .schema = state_schema,
          .reporter = serial,
          .stop = stop};
  const auto start = bench.now();
  const RunResult result = with_recovery(job, [&] { return run_phases(job); });
  if (result.outcome == RunOutcome::reached && job.announced) {
    serial.on(report::MigrationDone{
        job.id, result.completed.value_or(Phase::expand),
        duration_cast<milliseconds>(bench.now() - start)});
  }
  return result;
}

RunResult run(const std::string& migration,
              const RunOptions& options,
              Runner& runner,
              const sql::Identifier& state_schema,
              report::Reporter& reporter,
              const StopRequest& stop) {
  return run_on(runner.workbench(), migration, options, state_schema, reporter,
                stop);
}

}  // namespace pgexpand::exec
