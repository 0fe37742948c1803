#pragma once

#include "exec/blockers.hpp"
#include "exec/deadline.hpp"
#include "exec/task.hpp"

#include <random>

namespace pgexpand::exec {

/// Gets a task's table locks without making the application wait longer than
/// lock.timeout: looks before it queues, tries briefly, backs off, and gives up
/// after lock.budget. See safety.md, Locks.
class LockLadder {
 public:
  LockLadder(Job& job, const Task& task);

  /// Waits outside the queue while somebody old holds what we need; after ten
  /// looks goes on anyway. Outside any transaction.
  void wait_for_a_good_moment();
  /// For the transaction of one attempt.
  [[nodiscard]] pg::Timeouts timeouts() const;
  /// Queues LOCK TABLE for each lock, in order, in the attempt's transaction.
  /// All of them share one lock_timeout.
  void queue_locks();
  /// Reports a failed attempt and sleeps. Throws Error(lock_timeout,
  /// "lock.budget-used-up") naming the holders when the budget is gone.
  void back_off();

 private:
  void report(const std::vector<report::Blocker>& blockers, int attempt);
  void queue_locks_behind_autovacuum();
  void queue_lock_timeout(milliseconds timeout);
  [[nodiscard]] milliseconds waited() const;
  [[nodiscard]] std::string what() const;
  [[nodiscard]] Error budget_used_up(
      const std::vector<report::Blocker>& blockers) const;

  Job& job_;
  const Task& task_;
  Workbench::TimePoint start_;
  milliseconds deadlock_timeout_;
  milliseconds lock_timeout_;
  int attempts_ = 0;
  bool only_autovacuum_ = false;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace pgexpand::exec
