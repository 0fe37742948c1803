// Rollback: every step that may have acted is taken back, last one first.
#include "exec/drift.hpp"
#include "exec/lost_columns.hpp"
#include "exec/lost_tables.hpp"
#include "exec/task.hpp"
#include "exec/version_order.hpp"
#include "exec/walks.hpp"
#include "pgexpand/base/fault.hpp"
#include "pgexpand/base/units.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace pgexpand::exec {
namespace {

using plan::Phase;
using state::Migration;
using state::Status;
using state::StepStatus;

constexpr const char* check_violation = "23514";

void check_before_contract(const Migration& migration) {
  if (migration.status == Status::contracted ||
      migration.running == Phase::contract) {
    throw Error(ErrorKind::refused, "rollback.after-contract",
                fmt::format("migration {} was contracted: its old shape is "
                            "gone",
                            migration.id))
        .hint("write a new migration that goes back");
  }
}

void check_undoable(const Job& job,
                    const std::vector<state::StepRecord>& records) {
  const bool acted = std::ranges::any_of(records, [](const auto& record) {
    return record.status == StepStatus::done ||
           record.status == StepStatus::running;
  });
  if (acted && !job.plan.not_undoable_because.empty()) {
    throw Error(ErrorKind::refused, "rollback.not-undoable",
                fmt::format("migration {} cannot be rolled back: {}", job.id,
                            fmt::join(job.plan.not_undoable_because, "; ")))
        .hint(
            "go on with pgexpand resume, or write a new migration that goes "
            "back");
  }
}

std::string with_count(const std::string& message, std::int64_t count) {
  const auto at = message.find("{}");
  return at == std::string::npos
             ? message
             : std::string(message).replace(at, 2, human_count(count));
}

/// What a gate counts may read values by the settings of the plan.
std::string asked_of_rows(const Job& job, const sql::Statement& question) {
  pg::Transaction transaction(job.session(), {});
  if (const auto settings = sql::only_values(job.plan.settings);
      !settings.empty()) {
    job.session().queue(sql::make(settings));
  }
  return job.session().run(question).single().value_or("0");
}

void check_gates(const Job& job,
                 const Migration& migration,
                 const std::optional<std::string>& hint = std::nullopt) {
  const auto entered = std::max(migration.completed, migration.running);
  for (const plan::Gate& gate : job.plan.rollback_gates) {
    if (!entered || gate.since > *entered) {
      continue;
    }
    const auto count = std::stoll(asked_of_rows(job, gate.count));
    if (count > 0) {
      throw Error(ErrorKind::refused, gate.code,
                  with_count(gate.message, count))
          .hint(hint.value_or(gate.hint));
    }
  }
}

/// Without its trigger the old shape lacks what was written through the new
/// one since.
void check_synced(Job& job, const Fingerprints& tables) {
  if (!job.is_switched() || !has_lost_trigger(job.plan, tables)) {
    return;
  }
  const auto compared = compare_all(job);
  if (compared.outcome != backfill::Outcome::done) {
    throw interrupted(job.id);
  }
  if (compared.differences > 0) {
    throw Error(ErrorKind::refused, "rollback.unsynced",
                fmt::format("{} rows hold other values in the old shape than "
                            "in the new one, for the sync trigger of {} is "
                            "gone or changed",
                            human_count(compared.differences), job.id))
        .hint(fmt::format("stop what writes, then run `pgexpand verify {} "
                          "--repair` and the same command again",
                          job.id));
  }
}

void take_back_all(Job& job) {
  // Clang 14 cannot read libstdc++'s views::reverse.
  for (auto at = job.plan.steps.rbegin(); at != job.plan.steps.rend(); ++at) {
    const plan::Step& step = *at;
    job.check();
    const auto records = job.store().steps(job.id);
    const auto record =
        std::ranges::find(records, step.id, &state::StepRecord::step);
    if (record != records.end() && may_have_acted(step, record->status)) {
      undo_step(job, step, StepStatus::undone);
    }
  }
}

/// What was dropped is gone, and what we put on it too. A table that was
/// renamed still has it.
void find_lost_tables(Job& job) {
  job.lost.clear();
  job.put_back.clear();
  for (const LostTable& lost : lost_tables(job)) {
    if (lost.now || !job.options.accept_drift) {
      throw table_replaced(job, lost);
    }
    job.lost.push_back(lost.name);
    if (has_sync_trigger(job, lost.name)) {
      job.put_back.push_back(lost.name);
    }
  }
}

/// Rows may be written after the gates were counted. The undo steps prove that
/// there are none, and fail else; counting again then says what is in the way.
void take_back_or_explain(Job& job, const Migration& migration) {
  try {
    take_back_all(job);
  } catch (const Error& error) {
    if (error.sqlstate() == check_violation) {
      check_gates(job, migration,
                  fmt::format("change those rows, then run pgexpand rollback "
                              "{} again",
                              job.id));
    }
    throw;
  }
}

void warn_of_put_back(Job& job) {
  for (const sql::TableName& table : job.put_back) {
    job.reporter.on(report::Warning{
        .id = job.id,
        .code = "rollback.put-back",
        .message = fmt::format(
            "table {} came from a dump that was taken during the migration: "
            "only the trigger was taken off it, its columns stay as the dump "
            "has them",
            table.display()),
        .hint = "look at its columns, and drop by hand what the migration "
                "added"});
  }
}

RunResult take_back(Job& job) {
  const Migration migration = take_up(job);
  if (migration.status == Status::pending) {
    return {};
  }
  check_before_contract(migration);
  check_rollback_order(job);
  find_lost_tables(job);
  if (migration.status != Status::rolling_back) {
    check_undoable(job, job.store().steps(job.id));
    const Fingerprints tables = read_fingerprints(job);
    check_old_columns(job, tables);
    check_synced(job, tables);
    check_gates(job, migration);
    job.record([&](state::Store& store) {
      store.set_rolling_back(job.id);
      job.note("rollback_started", "{}");
    });
  }
  reach(FaultPoint::rollback_recorded);
  take_back_or_explain(job, migration);
  reach(FaultPoint::all_undone);
  job.record([&](state::Store& store) {
    store.finish_rollback(job.id);
    job.note("rolled_back",
             nlohmann::json{{"stays", job.plan.stays_after_rollback}}.dump());
  });
  job.reporter.on(report::RolledBack{job.id, job.plan.stays_after_rollback});
  warn_of_put_back(job);
  return {};
}

}  // namespace

RunResult roll_back_on(Workbench& bench,
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
  return with_recovery(job, [&] { return take_back(job); });
}

RunResult roll_back(const std::string& migration,
                    const RunOptions& options,
                    Runner& runner,
                    const sql::Identifier& state_schema,
                    report::Reporter& reporter,
                    const StopRequest& stop) {
  return roll_back_on(runner.workbench(), migration, options, state_schema,
                      reporter, stop);
}

}  // namespace pgexpand::exec
