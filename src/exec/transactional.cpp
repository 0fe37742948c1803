// RunSql in one transaction together with its record.
#include "exec/lock_ladder.hpp"
#include "exec/sqlstate.hpp"
#include "exec/task.hpp"
#include "pgexpand/base/fault.hpp"
#include "pgexpand/base/units.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::exec {
namespace {

using plan::Budget;
using sql::Statement;
using std::chrono::duration_cast;

// statement_timeout ends a step; this is for a server that does not answer.
constexpr milliseconds silence{30'000};
// A client on a busy machine must get from one statement to the next.
constexpr milliseconds shortest_idleness{50};

class TransactionalRun {
 public:
  TransactionalRun(Job& job, Task& task, const plan::RunSql& run)
      : job_(job), task_(task), run_(run), ladder_(job, task) {}

  void operator()() {
    for (;;) {
      ladder_.wait_for_a_good_moment();
      try {
        attempt();
        return;
      } catch (const Error& error) {
        if (is_cancelled(error) && job_.stop.requested()) {
          throw interrupted(job_.id);
        }
        if (is_cancelled(error) && has_locks_ && budget()) {
          throw over_budget();
        }
        // Cancelled while it waited for its locks: somebody was in the way.
        const bool in_the_way = is_cancelled(error) && !has_locks_;
        if (!is_contention(error) && !in_the_way) {
          throw;
        }
      }
      ladder_.back_off();
    }
  }

 private:
  void attempt() {
    has_locks_ = false;
    pg::Session& session = job_.session();
    const Watching watching(job_.bench, watch(), job_.reporter);
    pg::Transaction transaction(session, ladder_.timeouts());
    state::Store store = job_.store();
    store.fence(job_.id, job_.epoch);
    if (task_.is_done(store)) {
      return;
    }
    job_.last_xid =
        session
            .run(Statement::of("SELECT pg_catalog.pg_current_xact_id()::text"))
            .single()
            .value_or("");
    limit_idleness(longest_idleness());
    ladder_.take_locks();
    has_locks_ = true;
    held_since_ = job_.bench.now();
    reach(FaultPoint::transaction_locked);
    limit();
    task_.prepare(store);
    run_statements(session);
    reach(FaultPoint::transaction_acted);
    task_.record_done(store);
    transaction.commit();
  }

  void run_statements(pg::Session& session) {
    const std::string ours = run_.is_users ? enter_users_path(session) : "";
    for (const Statement& statement : run_.statements) {
      limit();
      run_one(session, statement);
    }
    if (run_.is_users) {
      session.run(Statement::of(
                      "SELECT pg_catalog.set_config('search_path', $1, true)"),
                  {ours});
    }
    limit();
  }

  void run_one(pg::Session& session, const Statement& statement) {
    const bool leaves_out = task_.leaves_out_gone() && !run_.is_users;
    if (leaves_out) {
      session.run(Statement::of("SAVEPOINT before_it"));
    }
    try {
      session.run(statement);
    } catch (const Error& error) {
      if (!is_gone(error) || run_.is_users) {
        throw;
      }
      if (!leaves_out) {
        throw task_.about_gone(error);
      }
      session.run(Statement::of("ROLLBACK TO SAVEPOINT before_it"));
    }
  }

  // Returns the path to go back to.
  std::string enter_users_path(pg::Session& session) {
    const auto ours = session.run(
        Statement::of("SELECT pg_catalog.current_setting('search_path')"));
    session.run(
        Statement::of("SELECT pg_catalog.set_config('search_path', $1, true)"),
        {fmt::format("{}", fmt::join(job_.plan.search_path, ", "))});
    return ours.single().value_or("");
  }

  [[nodiscard]] std::optional<milliseconds> budget() const {
    switch (task_.budget()) {
      case Budget::hold:
        return job_.options.lock_hold;
      case Budget::step:
        return job_.options.step_budget;
      case Budget::unlimited:
        break;
    }
    return std::nullopt;
  }

  // Half: it may be stopped when it has had its locks for a while.
  [[nodiscard]] milliseconds longest_idleness() const {
    return job_.options.lock_hold / 2;
  }

  // While this process is stopped no statement runs, and so none times out.
  void limit_idleness(milliseconds limit) {
    job_.session().run(Statement::of(
        "SET LOCAL idle_in_transaction_session_timeout = {}",
        std::int64_t{std::max(shortest_idleness, limit).count()}));
  }

  // Leaves what is left of the budget to the next statement, and to us.
  void limit() {
    if (const auto whole = budget()) {
      const auto used =
          duration_cast<milliseconds>(job_.bench.now() - held_since_);
      const auto left = std::max(milliseconds{1}, *whole - used);
      job_.session().run(Statement::of("SET LOCAL statement_timeout = {}",
                                       std::int64_t{left.count()}));
      if (task_.budget() == Budget::hold) {
        limit_idleness(std::min(left, longest_idleness()));
      }
    }
  }

  [[nodiscard]] Watch watch() const {
    const auto whole = budget();
    return {.migration = job_.id,
            .what = fmt::format("step {}", task_.step().id),
            .cancel_on_stop = !whole,
            .limit = whole ? std::optional(*whole + silence) : std::nullopt};
  }

  [[nodiscard]] Error over_budget() const {
    const bool holds = task_.budget() == Budget::hold;
    return Error(ErrorKind::database, "step.over-budget",
                 fmt::format("step {} ({}) was cancelled: it ran longer than "
                             "{} with its locks held, and was rolled back",
                             task_.step().id, task_.title(),
                             format_duration(budget().value_or(silence))))
        .sqlstate("57014")
        .hint(fmt::format("run it again at a quiet hour, or with a larger {}",
                          holds ? "--lock-hold" : "--step-budget"));
  }

  Job& job_;
  Task& task_;
  const plan::RunSql& run_;
  LockLadder ladder_;
  bool has_locks_ = false;
  Workbench::TimePoint held_since_;
};

}  // namespace

void run_transactional(Job& job, Task& task, const plan::RunSql& run) {
  TransactionalRun(job, task, run)();
}

}  // namespace pgexpand::exec
