#include "exec/lock_ladder.hpp"

#include "pgexpand/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::exec {
namespace {

using plan::LockMode;
using sql::Statement;
using std::chrono::duration_cast;

constexpr int most_looks = 10;
constexpr milliseconds between_looks{500};
constexpr milliseconds report_every{2'000};
constexpr milliseconds shortest_backoff{50};
constexpr milliseconds longest_backoff{5'000};
// Autovacuum cancels itself after deadlock_timeout; this is its time to end.
constexpr milliseconds autovacuum_grace{500};

Statement lock_table(const sql::TableName& table, LockMode mode) {
  return Statement::of("LOCK TABLE {} IN {} MODE", table,
                       sql::Expression{std::string(plan::name(mode))});
}

}  // namespace

// Above deadlock_timeout the application would become the deadlock victim.
LockLadder::LockLadder(Job& job, const Task& task)
    : job_(job),
      task_(task),
      start_(job.bench.now()),
      deadlock_timeout_(job.longest_before_deadlock()),
      lock_timeout_(
          std::clamp(job.options.lock_timeout,
                     milliseconds{1},
                     std::max(milliseconds{1}, deadlock_timeout_ * 9 / 10))) {}

pg::Timeouts LockLadder::timeouts() const {
  return {.lock = lock_timeout_, .statement = milliseconds{0}};
}

milliseconds LockLadder::waited() const {
  return duration_cast<milliseconds>(job_.bench.now() - start_);
}

std::string LockLadder::what() const {
  return task_.locks().empty()
             ? fmt::format("a lock for step {}", task_.step().id)
             : fmt::format("a lock on {}",
                           task_.locks().front().table.display());
}

void LockLadder::report(const std::vector<report::Blocker>& blockers,
                        int attempt) {
  job_.reporter.on(report::Waiting{.id = job_.id,
                                   .what = what(),
                                   .attempt = attempt,
                                   .waited = waited(),
                                   .blockers = blockers});
}

void LockLadder::wait_for_a_good_moment() {
  only_autovacuum_ = false;
  auto next_report = waited();
  for (int look = 0; look < most_looks; ++look) {
    job_.check();
    const Holders holders =
        holders_of(job_.session(), task_.locks(), lock_timeout_);
    if (holders.blockers.empty() || holders.only_autovacuum) {
      only_autovacuum_ = holders.only_autovacuum;
      return;
    }
    if (waited() >= job_.options.lock_budget) {
      throw budget_used_up(holders.blockers);
    }
    if (waited() >= next_report) {
      report(holders.blockers, 0);
      next_report = waited() + report_every;
    }
    job_.sleep(between_looks);
  }
}

void LockLadder::queue_lock_timeout(milliseconds timeout) {
  job_.session().queue(Statement::of("SET LOCAL lock_timeout = {}",
                                     std::int64_t{timeout.count()}));
}

// The application does not queue behind this mode, so we may wait here until
// autovacuum has cancelled itself.
void LockLadder::queue_locks_behind_autovacuum() {
  queue_lock_timeout(deadlock_timeout_ + autovacuum_grace);
  for (const auto& [table, mode] : task_.locks()) {
    if (mode > LockMode::share_update_exclusive) {
      job_.session().queue(lock_table(table, LockMode::share_update_exclusive));
    }
  }
  queue_lock_timeout(lock_timeout_);
}

void LockLadder::queue_locks() {
  if (only_autovacuum_) {
    queue_locks_behind_autovacuum();
  }
  // lock_timeout counts anew for each table, and for each partition of one; the
  // application behind the first waits for all of them.
  job_.session().queue(start_deadline(lock_timeout_));
  for (const auto& [table, mode] : task_.locks()) {
    if (mode != LockMode::none) {
      job_.session().queue(limit_to_deadline());
      job_.session().queue(lock_table(table, mode));
    }
  }
}

void LockLadder::back_off() {
  ++attempts_;
  const auto holders =
      holders_of(job_.session(), task_.locks(), milliseconds{0}).blockers;
  const milliseconds left = job_.options.lock_budget - waited();
  if (left <= milliseconds{0}) {
    throw budget_used_up(holders);
  }
  report(holders, attempts_);
  constexpr int last_doubling = 7;  // 50 ms * 2^7 is above the longest.
  const milliseconds ceiling =
      std::min({longest_backoff, left,
                shortest_backoff * (1 << std::min(attempts_, last_doubling))});
  // Full jitter: a periodic job must not meet every attempt.
  std::uniform_int_distribution<std::int64_t> pick(1, ceiling.count());
  job_.sleep(milliseconds(pick(random_)));
}

Error LockLadder::budget_used_up(
    const std::vector<report::Blocker>& blockers) const {
  return Error(ErrorKind::lock_timeout, "lock.budget-used-up",
               fmt::format("step {} did not get {} within {}", task_.step().id,
                           what(), format_duration(job_.options.lock_budget)))
      .detail(describe(blockers))
      .hint(
          "run the same command again when they are gone, or raise "
          "--lock-budget");
}

}  // namespace pgexpand::exec
