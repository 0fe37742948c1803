// RunSql in one transaction together with its record. Whatever can be known
// before is read before. From the first LOCK to COMMIT all is sent at once: the
// application waits for what the server does, and never for the network.
#include "exec/deadline.hpp"
#include "exec/lock_ladder.hpp"
#include "exec/sqlstate.hpp"
#include "exec/task.hpp"
#include "pgexpand/base/fault.hpp"
#include "pgexpand/base/units.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

namespace pgexpand::exec {
namespace {

using plan::Budget;
using sql::Statement;

// statement_timeout ends a step; this is for a server that does not answer.
constexpr milliseconds silence{30'000};
// A server on a busy machine must get the next statement of a flush by then.
constexpr milliseconds shortest_idleness{50};

constexpr const char* path_setting =
    "SELECT pg_catalog.set_config('search_path', $1, true)";

class TransactionalRun {
 public:
  TransactionalRun(Job& job, Task& task, const plan::RunSql& run)
      : job_(job), task_(task), run_(run), ladder_(job, task) {}

  void operator()() {
    while (attempt() == Ended::to_try_again) {
    }
  }

 private:
  enum class Ended { done, to_try_again };

  /// Where each thing is among the statements of one flush.
  struct Places {
    std::size_t locks = 0;   ///< The clock, as the waiting begins.
    std::size_t locked = 0;  ///< The clock, with all locks.
    std::map<std::size_t, std::size_t> statements{};  ///< By their place.
  };

  Ended attempt() {
    ladder_.wait_for_a_good_moment();
    task_.look();
    reach(FaultPoint::tables_seen);
    Places places;
    const pg::Answers answers = act(places);
    if (answers.error) {
      return judge(*answers.error, answers.results.size(), places);
    }
    if (!answers.results.empty()) {
      report_hold(answers, places);
    }
    return Ended::done;
  }

  // No answers: it was done already.
  pg::Answers act(Places& places) {
    pg::Session& session = job_.session();
    const Watching watching(job_.bench, watch(), job_.reporter);
    try {
      pg::Transaction transaction(session, ladder_.timeouts());
      state::Store store = job_.store();
      store.fence(job_.id, job_.epoch);
      if (task_.is_done(store)) {
        return {};
      }
      places = queue_all(session, store);
      return transaction.commit_together({read_clock()});
    } catch (const Error& error) {
      return {.results = {}, .error = error};
    }
  }

  Places queue_all(pg::Session& session, state::Store& store) {
    Places places;
    session.queue(idleness_limit());
    places.locks = session.queued();
    ladder_.queue_locks();
    session.queue(FaultPoint::transaction_locked);
    places.locked = session.queued();
    session.queue(start_deadline(budget().value_or(silence)));
    if (!budget()) {
      session.queue(Statement::of("SET LOCAL statement_timeout = 0"));
    }
    queue_limit(session);
    if (const Survey* survey = task_.survey()) {
      session.queue(check_stamp(job_, *survey));
    }
    task_.prepare(store);
    queue_statements(session, places);
    session.queue(FaultPoint::transaction_acted);
    queue_limit(session);
    task_.record_done(store);
    note_hold(session);
    return places;
  }

  void queue_statements(pg::Session& session, Places& places) {
    begin_settings(session);
    for (std::size_t at = 0; at < run_.statements.size(); ++at) {
      if (left_out_.contains(at)) {
        continue;
      }
      queue_limit(session);
      places.statements[session.queued()] = at;
      session.queue(run_.statements[at]);
    }
    if (run_.is_users) {
      session.queue(Statement::of(path_setting), {std::string(sql::own_path)});
      session.queue(sql::make(sql::own_syntax()));
    }
  }

  /// Values are computed as the plan says; a user's text is read so, too.
  void begin_settings(pg::Session& session) {
    const auto settings = run_.is_users ? job_.plan.settings
                                        : sql::only_values(job_.plan.settings);
    if (!settings.empty()) {
      session.queue(sql::make(settings));
    }
    if (run_.is_users) {
      session.queue(Statement::of(path_setting), {users_path()});
    }
  }

  Ended judge(const Error& error, std::size_t place, const Places& places) {
    const bool has_locks = places.locked > 0 && place > places.locked;
    if (is_cancelled(error) && job_.stop.requested()) {
      throw interrupted(job_.id);
    }
    if (is_cancelled(error) && has_locks && budget()) {
      throw over_budget();
    }
    if (is_gone(error) && !run_.is_users) {
      const auto failed = places.statements.find(place);
      if (failed != places.statements.end()) {
        if (!task_.leaves_out_gone()) {
          throw Error(task_.about_gone(error));
        }
        left_out_.insert(failed->second);
        return Ended::to_try_again;
      }
    }
    // Cancelled while it waited for its locks: somebody was in the way. So was
    // somebody who changed the tables just before we had them.
    const bool in_the_way = (is_cancelled(error) && !has_locks) ||
                            error.sqlstate() == state::refusal::changed;
    if (!is_contention(error) && !in_the_way) {
      throw Error(error);
    }
    ladder_.back_off();
    return Ended::to_try_again;
  }

  [[nodiscard]] std::string users_path() const {
    return fmt::format("{}", fmt::join(job_.plan.search_path, ", "));
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

  // While this process is stopped no statement comes, and so none times out.
  // Half: it may be stopped when it has had its locks for a while.
  [[nodiscard]] Statement idleness_limit() const {
    return Statement::of(
        "SET LOCAL idle_in_transaction_session_timeout = {}",
        std::int64_t{
            std::max(shortest_idleness, job_.options.lock_hold / 2).count()});
  }

  // Leaves what is left of the budget to the next statement.
  void queue_limit(pg::Session& session) const {
    if (budget()) {
      session.queue(limit_to_deadline());
    }
  }

  // `history` has it up to COMMIT; the event has COMMIT too.
  void note_hold(pg::Session& session) const {
    if (!blocks_anybody()) {
      return;
    }
    session.queue(
        Statement::of("INSERT INTO {}.event (migration, kind, detail)"
                      " SELECT $1, 'lock_held', pg_catalog.jsonb_build_object("
                      "'step', $2::text, 'held_ms', round(extract(epoch FROM"
                      " clock_timestamp()) * 1000 + $3::int"
                      " - current_setting('pgexpand.until')::numeric, 1))",
                      job_.schema),
        {job_.id, task_.step().id,
         std::to_string(budget().value_or(silence).count())});
  }

  [[nodiscard]] bool blocks_anybody() const {
    return std::ranges::any_of(task_.locks(), [](const plan::TableLock& lock) {
      return !plan::blocks(lock.mode).empty();
    });
  }

  void report_hold(const pg::Answers& answers, const Places& places) const {
    // Without the clock's own answer the link broke right after COMMIT.
    if (!blocks_anybody() || answers.results.back().rows.empty()) {
      return;
    }
    const auto clock = [&](std::size_t place) {
      return std::stod(answers.results.at(place).rows.at(0).at(0).value_or(""));
    };
    using Duration = std::chrono::duration<double, std::milli>;
    const double locked = clock(places.locked);
    job_.reporter.on(report::LockHeld{
        .id = job_.id,
        .step = task_.step().id,
        .waited = Duration(locked - clock(places.locks)),
        .held = Duration(clock(answers.results.size() - 1) - locked)});
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
  std::set<std::size_t> left_out_{};  ///< Statements about what is gone.
};

}  // namespace

void run_transactional(Job& job, Task& task, const plan::RunSql& run) {
  TransactionalRun(job, task, run)();
}

}  // namespace pgexpand::exec
