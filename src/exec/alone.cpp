// RunSql that the server refuses in a transaction block. Safe to repeat, so:
// record the intent, act, record that it is done.
#include "exec/alone.hpp"

#include "exec/sqlstate.hpp"
#include "pgexpand/base/fault.hpp"
#include "pgexpand/sql/search_path.hpp"

#include <fmt/format.h>

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

sql::Settings settings_for(const Job& job, Reads reads) {
  switch (reads) {
    case Reads::ours:
      return {};
    case Reads::values:
      return sql::only_values(job.plan.settings);
    case Reads::users:
      break;
  }
  return sql::with_path(job.plan.settings, job.plan.search_path);
}

// Runs the statement under those settings, and leaves the session with its own.
void run_under(Job& job, const Statement& statement, const sql::Settings& set) {
  if (set.empty()) {
    job.session().run(statement);
    return;
  }
  for (const sql::Setting& setting : set) {
    job.session().queue(Statement::of("SELECT pg_catalog.current_setting({})",
                                      sql::Literal{setting.name}));
  }
  job.session().queue(sql::make(set, false));
  const pg::Answers answers = job.session().flush();
  answers.check();
  sql::Settings own = set;
  for (std::size_t n = 0; n < own.size(); ++n) {
    own[n].value = answers.results.at(n).single().value_or("");
  }
  const auto leave = [&] {
    // A session that was lost comes back with our own settings.
    if (!job.bench.lost() && job.session().is_open()) {
      job.session().run(sql::make(own, false));
    }
  };
  try {
    job.session().run(statement);
  } catch (const Error&) {
    leave();
    throw;
  }
  leave();
}

}  // namespace

void run_outside_transaction(Job& job,
                             const Task& task,
                             const Statement& statement,
                             Reads reads,
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
      run_under(job, statement, settings_for(job, reads));
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
  for (const Statement& statement : run.statements) {
    run_outside_transaction(job, task, statement,
                            run.is_users ? Reads::users : Reads::ours);
    reach(FaultPoint::alone_acted);
  }
  job.record([&](state::Store& store) { task.record_done(store); });
}

}  // namespace pgexpand::exec
