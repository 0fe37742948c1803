#include "exec/task.hpp"

#include "exec/lost_tables.hpp"
#include "exec/sqlstate.hpp"
#include "pgexpand/base/fault.hpp"
#include "pgexpand/base/overloaded.hpp"
#include "pgexpand/sql/search_path.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::exec {
namespace {

using state::StepRecord;
using state::StepStatus;

StepRecord record_of(const Job& job,
                     state::Store& store,
                     const std::string& step) {
  for (StepRecord& record : store.steps(job.id)) {
    if (record.step == step) {
      return std::move(record);
    }
  }
  StepRecord none;
  none.step = step;
  return none;
}

/// Takes back one undo's worth of a step.
class UndoTask : public Task {
 public:
  /// `undo` is that of the step with this number, or what is left of it.
  UndoTask(Job& job,
           const plan::Step& step,
           int number,
           StepStatus after,
           const plan::Undo& undo)
      : Task(step, undo.title, undo.locks, undo.budget, undo.action),
        job_(job),
        number_(number),
        after_(after) {}

  [[nodiscard]] bool leaves_out_gone() const override {
    return job_.options.accept_drift;
  }
  [[nodiscard]] Error about_gone(const Error& error) const override {
    return gone("rollback", "take back", step(), job_, error);
  }
  [[nodiscard]] bool is_done(state::Store& store) const override {
    return record_of(job_, store, step().id).undo_done >= number_;
  }
  [[nodiscard]] bool was_begun(state::Store& /*store*/) const override {
    return true;  // An undo that builds an index builds the one we dropped.
  }
  void prepare(state::Store& /*store*/) override {}
  void record_intent(state::Store& /*store*/) override {}
  void record_done(state::Store& store) override {
    const bool is_last = index(number_) + 1 == step().undo.size();
    if (is_last) {
      store.set_step(job_.id, step().id, after_);
    }
    store.set_undo_done(job_.id, step().id,
                        is_last && after_ == StepStatus::pending ? 0 : number_);
  }

 private:
  static std::size_t index(int number) {
    return static_cast<std::size_t>(number - 1);
  }

  Job& job_;
  int number_;  ///< Counts from 1, as undo_done does.
  StepStatus after_;
};

// Schemas of the arriving path in which everybody may create something.
bool leaves_schemas_out(const plan::Plan& plan) {
  const std::string* closed = sql::path_in(plan.settings);
  return closed != nullptr &&
         !std::ranges::all_of(plan.search_path, [&](const std::string& schema) {
           return closed->find(schema) != std::string::npos;
         });
}

TaskResult perform(Job& job, Task& task) {
  return std::visit(
      Overloaded{[&](const plan::RunSql& run) -> TaskResult {
                   if (run.transactional) {
                     run_transactional(job, task, run);
                   } else {
                     run_alone(job, task, run);
                   }
                   return {};
                 },
                 [&](const plan::BuildIndex& build) -> TaskResult {
                   build_index(job, task, build);
                   return {};
                 },
                 [&](const plan::BackfillRows& fill) {
                   return fill_rows(job, task, fill);
                 },
                 [&](const plan::CompareRows& compare) {
                   return compare_rows(job, task, compare);
                 }},
      task.action());
}

}  // namespace

TaskResult run_task(Job& job, Task& task) {
  try {
    return perform(job, task);
  } catch (const Error& error) {
    if (!is_gone(error) || !error.hint().empty() ||
        !leaves_schemas_out(job.plan)) {
      throw;
    }
    throw Error(error).hint(
        "a function, check or trigger of the table looks for it by the "
        "search_path, from which a schema is left out that everybody may "
        "create objects in: `pgexpand doctor` tells which");
  }
}

Error gone(std::string_view command,
           std::string_view purpose,
           const plan::Step& step,
           const Job& job,
           const Error& error) {
  return Error(ErrorKind::refused, fmt::format("{}.gone", command),
               fmt::format("somebody dropped what step {} of {} is to {}",
                           step.id, job.id, purpose))
      .detail(error.message())
      .sqlstate(error.sqlstate())
      .hint(fmt::format("run `pgexpand {} {} --accept-drift`: it leaves out "
                        "what is not there",
                        command, job.id));
}

bool may_have_acted(const plan::Step& step, StepStatus status) {
  const auto* run = std::get_if<plan::RunSql>(&step.action);
  const bool is_atomic = run != nullptr && run->transactional;
  return status == StepStatus::done ||
         (!is_atomic &&
          (status == StepStatus::running || status == StepStatus::failed));
}

void undo_step(Job& job, const plan::Step& step, StepStatus after) {
  state::Store store = job.store();
  const int done = record_of(job, store, step.id).undo_done;
  for (int number = done + 1; number <= static_cast<int>(step.undo.size());
       ++number) {
    const plan::Undo undo = without_lost(
        step.undo.at(static_cast<std::size_t>(number - 1)), step, job);
    UndoTask task(job, step, number, after, undo);
    reach(FaultPoint::before_undo);
    const TaskResult result = run_task(job, task);
    if (result.outcome != backfill::Outcome::done) {
      throw interrupted(job.id);
    }
    reach(FaultPoint::after_undo);
    job.reporter.on(report::StepUndone{job.id, step.id, task.title()});
  }
  if (step.undo.empty()) {
    job.record(
        [&](state::Store& tables) { tables.set_step(job.id, step.id, after); });
  }
}

}  // namespace pgexpand::exec
