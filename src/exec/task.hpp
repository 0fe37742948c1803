#pragma once

#include "exec/drift.hpp"
#include "exec/job.hpp"

#include <string>

namespace pgexpand::exec {

/// One step, or one undo of a step, on its way: what to do and how it is
/// recorded. The record_… calls run inside a fenced transaction.
class Task {
 public:
  Task(const plan::Step& step,
       std::string title,
       const std::vector<plan::TableLock>& locks,
       plan::Budget budget,
       const plan::Action& action)
      : step_(step),
        title_(std::move(title)),
        locks_(locks),
        budget_(budget),
        action_(action) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  virtual ~Task() = default;

  [[nodiscard]] const plan::Step& step() const { return step_; }
  [[nodiscard]] const std::string& title() const { return title_; }
  [[nodiscard]] const std::vector<plan::TableLock>& locks() const {
    return locks_;
  }
  [[nodiscard]] plan::Budget budget() const { return budget_; }
  [[nodiscard]] const plan::Action& action() const { return action_; }

  /// Recorded as done already: by a commit that looked lost.
  [[nodiscard]] virtual bool is_done(state::Store& store) const = 0;
  /// Intent was recorded before: what lies around may be ours.
  [[nodiscard]] virtual bool was_begun(state::Store& store) const = 0;
  /// A statement of ours about something that is not there (see is_gone())
  /// counts as done.
  [[nodiscard]] virtual bool leaves_out_gone() const { return false; }
  /// What to throw where it does not.
  [[nodiscard]] virtual Error about_gone(const Error& error) const {
    return error;
  }
  /// Before any lock, outside any transaction: whatever has to be known. Again
  /// before each attempt. May throw.
  virtual void look() {}
  /// What look() found, to hold until the locks are there; null: nothing.
  [[nodiscard]] virtual const Survey* survey() const { return nullptr; }
  /// After the locks, before the first statement.
  virtual void prepare(state::Store& store) = 0;
  virtual void record_intent(state::Store& store) = 0;
  virtual void record_done(state::Store& store) = 0;

 private:
  const plan::Step& step_;
  std::string title_;
  const std::vector<plan::TableLock>& locks_;
  plan::Budget budget_;
  const plan::Action& action_;
};

/// How a task ended without an error.
struct TaskResult {
  backfill::Outcome outcome = backfill::Outcome::done;
  std::string paused_by;
};

/// Does the task, whatever its action, and records it. Throws as run() does.
[[nodiscard]] TaskResult run_task(Job& job, Task& task);

/// RunSql in one transaction with its record, behind the lock ladder.
void run_transactional(Job& job, Task& task, const plan::RunSql& run);
/// RunSql that the server refuses in a transaction block.
void run_alone(Job& job, Task& task, const plan::RunSql& run);
/// See plan::BuildIndex.
void build_index(Job& job, Task& task, const plan::BuildIndex& build);
[[nodiscard]] TaskResult fill_rows(Job& job,
                                   Task& task,
                                   const plan::BackfillRows& fill);
[[nodiscard]] TaskResult compare_rows(Job& job,
                                      Task& task,
                                      const plan::CompareRows& compare);

/// Runs the undo of one step, as far as it was not undone before. Afterwards
/// the step is `after`: undone, or pending for an enforce step.
void undo_step(Job& job, const plan::Step& step, state::StepStatus after);

/// Error(refused, "COMMAND.gone"): what the step is to `purpose` ("drop") is
/// not there, as the server said in `error`.
[[nodiscard]] Error gone(std::string_view command,
                         std::string_view purpose,
                         const plan::Step& step,
                         const Job& job,
                         const Error& error);

/// True if the step may have left something: done, or begun and not atomic.
[[nodiscard]] bool may_have_acted(const plan::Step& step,
                                  state::StepStatus status);

/// One phase from where it is to its end. Returns who paused it, if somebody
/// did.
[[nodiscard]] TaskResult run_phase(Job& job, plan::Phase phase);

}  // namespace pgexpand::exec
