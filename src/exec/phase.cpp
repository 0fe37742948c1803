// One phase: its steps in order, each done once, and what happens when one
// that begins to reject writes fails.
#include "exec/drift.hpp"
#include "exec/lost_columns.hpp"
#include "exec/lost_tables.hpp"
#include "exec/sqlstate.hpp"
#include "exec/task.hpp"
#include "exec/unwalked.hpp"
#include "pgexpand/base/fault.hpp"
#include "pgexpand/base/overloaded.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace pgexpand::exec {
namespace {

using plan::Phase;
using state::StepStatus;
using std::chrono::duration_cast;

using Statuses = std::map<std::string, StepStatus>;

Statuses read_statuses(const Job& job, state::Store& store) {
  Statuses statuses;
  for (const auto& record : store.steps(job.id)) {
    statuses[record.step] = record.status;
  }
  return statuses;
}

StepStatus status_of(const Statuses& statuses, const plan::Step& step) {
  const auto found = statuses.find(step.id);
  return found == statuses.end() ? StepStatus::pending : found->second;
}

// Walks write rows and no catalog.
bool is_walk(const plan::Step& step) {
  return std::visit(Overloaded{[](const plan::RunSql&) { return false; },
                               [](const plan::BuildIndex&) { return false; },
                               [](const plan::BackfillRows&) { return true; },
                               [](const plan::CompareRows&) { return true; }},
                    step.action);
}

// What others changed while rows were walked is not ours: only where we have
// changed the catalog ourselves is it taken as we left it.
void note_own_changes(Job& job, state::Store& store, Phase phase) {
  if (!std::ranges::all_of(
          job.plan.steps_of(phase),
          [](const plan::Step* step) { return is_walk(*step); })) {
    note_stamp(job, store);
  }
}

void complete(Job& job, state::Store& store, Phase phase) {
  if (phase == Phase::verify) {
    std::int64_t rows = 0;
    for (const auto& walk : store.progress(job.id)) {
      const auto steps = job.plan.steps_of(Phase::verify);
      if (std::ranges::any_of(
              steps, [&](const auto* step) { return step->id == walk.step; })) {
        rows += walk.rows;
      }
    }
    store.set_verify_result(job.id, true, rows, 0);
  }
  note_own_changes(job, store, phase);
  store.complete_phase(job.id, phase);
  job.note("phase_done", nlohmann::json{{"phase", plan::name(phase)}}.dump());
}

/// One step of a phase.
class StepTask : public Task {
 public:
  /// `looks`: nothing of the phase has changed the catalog yet.
  StepTask(Job& job, const plan::Step& step, bool looks, bool is_last)
      : Task(step, step.title, step.locks, step.budget, step.action),
        job_(job),
        looks_(looks),
        is_last_(is_last) {}

  [[nodiscard]] bool leaves_out_gone() const override {
    return step().phase == Phase::contract && job_.options.accept_drift;
  }
  [[nodiscard]] Error about_gone(const Error& error) const override {
    return step().phase == Phase::contract
               ? gone("contract", "drop", step(), job_, error)
               : error;
  }
  [[nodiscard]] bool is_done(state::Store& store) const override {
    return status_of(read_statuses(job_, store), step()) == StepStatus::done;
  }
  [[nodiscard]] bool was_begun(state::Store& store) const override {
    const auto status = status_of(read_statuses(job_, store), step());
    return status == StepStatus::running || status == StepStatus::failed;
  }
  void look() override {
    if (looks_) {
      survey_ = look_for_drift(job_);
    }
  }
  [[nodiscard]] const Survey* survey() const override {
    return survey_ ? &*survey_ : nullptr;
  }
  void prepare(state::Store& store) override {
    if (survey_) {
      record_survey(job_, store, *survey_);
    }
    // While only enforce steps ran, the phase may still be left as if it had
    // never been entered.
    if (!step().enforces) {
      store.enter_phase(job_.id, step().phase);
    }
  }
  void record_intent(state::Store& store) override {
    store.set_step(job_.id, step().id, StepStatus::running);
  }
  void record_done(state::Store& store) override {
    store.set_step(job_.id, step().id, StepStatus::done);
    job_.note("step_done", nlohmann::json{{"step", step().id}}.dump());
    if (is_last_) {
      complete(job_, store, step().phase);
    }
  }

 private:
  Job& job_;
  bool looks_;
  bool is_last_;
  std::optional<Survey> survey_{};
};

// The link is gone, or we are to stop or not to act any more: nothing may be
// taken back now, and the same command goes on from here.
bool is_about_us(const Job& job, const Error& error) {
  return is_lost_link(error) || error.kind() == ErrorKind::interrupted ||
         error.kind() == ErrorKind::busy || job.bench.lost() ||
         (is_cancelled(error) && job.stop.requested());
}

class PhaseRun {
 public:
  PhaseRun(Job& job, Phase phase)
      : job_(job), phase_(phase), steps_(job.plan.steps_of(phase)) {}

  TaskResult operator()() {
    const auto start = job_.bench.now();
    job_.reporter.on(report::PhaseStarted{job_.id, phase_});
    reach(FaultPoint::before_phase);
    name_session();
    state::Store store = job_.store();
    statuses_ = read_statuses(job_, store);
    if (is_untouched()) {
      check_lost_tables(job_);
      check_unwalked(job_, phase_);
      if (phase_ == Phase::contract) {
        check_new_columns(job_, read_fingerprints(job_));
      }
    } else {
      check_continued(job_, store, phase_);
    }
    if (steps_.empty()) {
      const auto survey = look_for_drift(job_);
      job_.record([&](state::Store& tables) {
        if (survey) {
          record_survey(job_, tables, *survey);
        }
        complete(job_, tables, phase_);
      });
    }
    for (const plan::Step* step : steps_) {
      if (status_of(statuses_, *step) == StepStatus::done) {
        continue;
      }
      const TaskResult result = run_step(*step);
      if (result.outcome != backfill::Outcome::done) {
        return result;
      }
    }
    reach(FaultPoint::after_phase);
    settle_fingerprint(job_);
    job_.reporter.on(report::PhaseDone{job_.id, phase_, since(start)});
    return {};
  }

 private:
  TaskResult run_step(const plan::Step& step) {
    job_.check();
    if (const auto migration = job_.store().migration(job_.id);
        migration && migration->paused) {
      return {.outcome = backfill::Outcome::paused,
              .paused_by = migration->paused_by};
    }
    const auto start = job_.bench.now();
    job_.reporter.on(report::StepStarted{job_.id, step.id, step.title});
    reach(FaultPoint::before_step);
    try {
      StepTask task(job_, step, has_walked_only(), &step == steps_.back());
      const TaskResult result = run_task(job_, task);
      if (result.outcome != backfill::Outcome::done) {
        return result;
      }
    } catch (const Error& error) {
      if (!is_about_us(job_, error)) {
        record_failure(step, error);
        if (step.enforces) {
          reach(FaultPoint::enforce_failed);
          take_back_enforced();
        }
      }
      throw;
    }
    statuses_[step.id] = StepStatus::done;
    reach(FaultPoint::after_step);
    job_.reporter.on(report::StepDone{job_.id, step.id, since(start)});
    return {};
  }

  [[nodiscard]] bool is_untouched() const {
    return std::ranges::all_of(steps_, [&](const plan::Step* step) {
      return !may_have_acted(*step, status_of(statuses_, *step));
    });
  }

  [[nodiscard]] bool has_walked_only() const {
    return std::ranges::all_of(steps_, [&](const plan::Step* step) {
      return is_walk(*step) ||
             !may_have_acted(*step, status_of(statuses_, *step));
    });
  }

  // The step's own error is what the user must see, whatever happens here.
  void record_failure(const plan::Step& step, const Error& error) {
    try {
      job_.record([&](state::Store& store) {
        // A closed gate is no attempt: the next one is to meet it again.
        if (error.kind() != ErrorKind::refused) {
          store.set_step(job_.id, step.id, StepStatus::failed,
                         error.sqlstate());
        }
        job_.note("step_failed", nlohmann::json{{"step", step.id},
                                                {"code", error.code()},
                                                {"sqlstate", error.sqlstate()},
                                                {"message", error.message()}}
                                     .dump());
      });
    } catch (const Error& second) {
      warn("step.not-recorded", step, second);
    }
  }

  void take_back_enforced() {
    // Clang 14 cannot read libstdc++'s views::reverse.
    for (auto at = steps_.rbegin(); at != steps_.rend(); ++at) {
      const plan::Step* step = *at;
      if (!step->enforces) {
        continue;
      }
      try {
        state::Store store = job_.store();
        const auto status = status_of(read_statuses(job_, store), *step);
        if (may_have_acted(*step, status)) {
          undo_step(job_, *step, StepStatus::pending);
        }
      } catch (const Error& second) {
        warn("step.not-taken-back", *step, second);
        return;
      }
    }
  }

  void warn(std::string code, const plan::Step& step, const Error& error) {
    job_.reporter.on(report::Warning{
        .id = job_.id,
        .code = std::move(code),
        .message = fmt::format("step {}: {}", step.id, error.message()),
        .hint = "run the same command again"});
  }

  // For whoever looks into pg_stat_activity.
  void name_session() {
    job_.session().run(
        sql::Statement::of(
            "SELECT pg_catalog.set_config('application_name', $1, false)"),
        {fmt::format("pgexpand {} {}", job_.id, plan::name(phase_))});
  }

  [[nodiscard]] milliseconds since(Workbench::TimePoint start) {
    return duration_cast<milliseconds>(job_.bench.now() - start);
  }

  Job& job_;
  Phase phase_;
  std::vector<const plan::Step*> steps_;
  Statuses statuses_;
};

}  // namespace

TaskResult run_phase(Job& job, Phase phase) { return PhaseRun(job, phase)(); }

}  // namespace pgexpand::exec
