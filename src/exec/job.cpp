#include "exec/job.hpp"

#include "exec/home.hpp"
#include "exec/owner.hpp"
#include "exec/sqlstate.hpp"
#include "pgexpand/base/fault.hpp"
#include "pgexpand/base/log.hpp"

#include <fmt/format.h>

namespace pgexpand::exec {
namespace {

constexpr milliseconds recovery_patience{60'000};
// Losses in a row without a step or a batch in between.
constexpr int most_losses = 5;

bool is_loss(const Error& error, const Job& job) {
  return is_lost_link(error) ||
         (job.bench.lost() && error.kind() != ErrorKind::busy);
}

// The second signal cancels any statement.
bool is_stop(const Error& error, const Job& job) {
  return error.kind() == ErrorKind::interrupted ||
         (is_cancelled(error) && job.stop.requested());
}

// A stop that nobody asked for has a reason to tell.
void say_why(Job& job, const Error& error) {
  if (error.kind() == ErrorKind::interrupted &&
      error.code() == "backfill.throttled") {
    job.reporter.on(report::Warning{.id = job.id,
                                    .code = error.code(),
                                    .message = error.message(),
                                    .hint = error.hint()});
  }
}

}  // namespace

bool StopRequest::requested() const noexcept {
  return signals.load() > 0 ||
         (deadline && std::chrono::steady_clock::now() >= *deadline);
}

Error interrupted(const std::string& id) {
  return Error(
             ErrorKind::interrupted, "run.interrupted",
             fmt::format("migration {} was stopped, its progress is saved", id))
      .hint("run the same command again");
}

milliseconds Job::longest_before_deadlock() {
  if (!deadlock_timeout) {
    const auto found = session().run(
        sql::Statement::of("SELECT setting FROM pg_catalog.pg_settings"
                           " WHERE name = 'deadlock_timeout'"));
    deadlock_timeout =
        milliseconds(std::stoll(found.single().value_or("1000")));
  }
  return *deadlock_timeout;
}

void Job::check() const {
  if (bench.lost()) {
    throw Error(ErrorKind::connection, "runner.lost",
                "the lease was lost: its connection broke");
  }
  if (stop.requested()) {
    throw interrupted(id);
  }
}

void Job::sleep(milliseconds duration) const {
  bench.sleep(duration);
  check();
}

void Job::record(const std::function<void(state::Store&)>& write) const {
  pg::Session& work = session();
  pg::Transaction transaction(work, state_timeouts);
  state::Store tables(work, schema);
  tables.fence(id, epoch);
  write(tables);
  transaction.commit();
}

void Job::note(std::string_view kind, const std::string& json_detail) const {
  store().add_event(id, std::string(kind), json_detail);
}

state::Migration take_up(Job& job) {
  job.acting.reset();
  state::Store store = job.store();
  const state::Turn turn = store.take_over(job.id);
  job.epoch = turn.epoch;
  auto migration = store.migration(job.id);
  auto plan = migration ? migration->plan() : std::nullopt;
  if (!plan) {
    throw Error(ErrorKind::refused, "run.not-started",
                fmt::format("migration {} has no stored plan", job.id))
        .hint(fmt::format("run pgexpand apply {}", job.id));
  }
  job.plan = *std::move(plan);
  job.completed = migration->completed;
  reach(FaultPoint::migration_taken_up);
  if (migration->status == state::Status::in_progress ||
      migration->status == state::Status::rolling_back) {
    settle_in(job, turn);
  }
  job.acting = act_as_owner(job);
  return *std::move(migration);
}

RunResult with_recovery(Job& job, const std::function<RunResult()>& body) {
  std::int64_t advances = job.reporter.advances();
  for (int losses = 0;;) {
    try {
      return body();
    } catch (const Error& error) {
      if (is_stop(error, job)) {
        say_why(job, error);
        return job.result(RunOutcome::interrupted);
      }
      if (!is_loss(error, job)) {
        throw;
      }
      losses = job.reporter.advances() == advances ? losses + 1 : 1;
      advances = job.reporter.advances();
      if (losses > most_losses) {
        throw;
      }
      log_debug(fmt::format("connection lost: {}", error.message()));
    }
    reach(FaultPoint::connection_lost);
    job.acting.reset();
    try {
      job.bench.recover(recovery_patience);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) {
        return job.result(RunOutcome::interrupted);
      }
      throw;
    }
  }
}

}  // namespace pgexpand::exec
