// RunSql that the server refuses in a transaction block. Safe to repeat, so:
// record the intent, act, record that it is done.
#include "exec/alone.hpp"

#include "exec/sqlstate.hpp"
#include "pgexpand/base/fault.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pgexpand::exec {
namespace {

using sql::Statement;

constexpr int most_attempts = 5;
constexpr milliseconds first_pause{500};

// lock_timeout would kill a concurrent build in each of its waits, and leave
// an invalid index behind.
void set_session_timeouts(pg::Session& session, milliseconds statement) {
  session.run(Statement::of("SET lock_timeout = 0"));
  session.run(Statement::of("SET statement_timeout = {}",
                            std::int64_t{statement.count()}));
}

milliseconds statement_timeout(const Job& job, const Task& task) {
  return task.budget() == plan::Budget::unlimited ? milliseconds{0}
                                                  : job.options.step_budget;
}

// Under which a user's text is read, and its values computed, for a scope.
class UsersSettings {
 public:
  UsersSettings(Job& job, bool is_users) : job_(job) {
    if (!is_users) {
      return;
    }
    sql::Settings theirs = job_.plan.settings;
    theirs.push_back(
        {"search_path",
         fmt::format("{}", fmt::join(job_.plan.search_path, ", "))});
    for (const sql::Setting& setting : theirs) {
      job_.session().queue(Statement::of(
          "SELECT pg_catalog.current_setting({})", sql::Literal{setting.name}));
    }
    job_.session().queue(sql::make(theirs, false));
    const pg::Answers answers = job_.session().flush();
    answers.check();
    for (std::size_t n = 0; n < theirs.size(); ++n) {
      ours_.push_back(
          {theirs[n].name, answers.results.at(n).single().value_or("")});
    }
  }
  void leave() {
    if (!ours_.empty()) {
      job_.session().run(sql::make(ours_, false));
    }
  }

 private:
  Job& job_;
  sql::Settings ours_;
};

}  // namespace

void run_outside_transaction(Job& job,
                             const Task& task,
                             const Statement& statement,
                             const std::function<void()>& before_retry) {
  for (int attempt = 1;; ++attempt) {
    job.check();
    try {
      set_session_timeouts(job.session(), statement_timeout(job, task));
      const Watching watching(job.bench,
                              {.migration = job.id,
                               .what = "old transactions",
                               .cancel_on_stop = true,
                               .limit = std::nullopt},
                              job.reporter);
      job.session().run(statement);
      set_session_timeouts(job.session(), milliseconds{0});
      return;
    } catch (const Error& error) {
      if (is_cancelled(error) && job.stop.requested()) {
        throw interrupted(job.id);
      }
      const bool may_retry = is_contention(error) || is_cancelled(error);
      if (!may_retry || attempt == most_attempts) {
        throw;
      }
    }
    if (before_retry) {
      before_retry();
    }
    job.sleep(first_pause * attempt);
  }
}

void run_alone(Job& job, Task& task, const plan::RunSql& run) {
  task.look();
  bool is_done = false;
  job.record([&](state::Store& store) {
    is_done = task.is_done(store);
    if (!is_done) {
      task.prepare(store);
      task.record_intent(store);
    }
  });
  if (is_done) {
    return;
  }
  reach(FaultPoint::alone_begun);
  UsersSettings settings(job, run.is_users);
  try {
    for (const Statement& statement : run.statements) {
      run_outside_transaction(job, task, statement);
      reach(FaultPoint::alone_acted);
    }
  } catch (const Error&) {
    // A session that was lost comes back with our own settings.
    if (!job.bench.lost() && job.session().is_open()) {
      settings.leave();
    }
    throw;
  }
  settings.leave();
  job.record([&](state::Store& store) { task.record_done(store); });
}

}  // namespace pgexpand::exec
