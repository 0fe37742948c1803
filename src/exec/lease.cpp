// The lease: pg_try_advisory_xact_lock in a transaction that stays open. It is
// polled, never waited on: a blocked waiter would have a snapshot and so
// deadlock with CREATE INDEX CONCURRENTLY. The transaction is READ COMMITTED
// and idle, so it pins no xmin.
#include "exec/lease.hpp"

#include "pgexpand/base/units.hpp"
#include "pgexpand/exec/at_work.hpp"
#include "pgexpand/sql/timestamp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace pgexpand::exec {
namespace {

using sql::Statement;
using Clock = std::chrono::steady_clock;

constexpr milliseconds poll_every{250};
constexpr milliseconds longest_nap{50};
constexpr milliseconds report_every{2'000};
constexpr milliseconds backends_patience{10'000};
constexpr pg::Timeouts no_timeouts{.lock = milliseconds{0},
                                   .statement = milliseconds{0}};

void refuse_standby(const pg::Arrival& arrival) {
  if (arrival.is_standby) {
    throw Error(ErrorKind::refused, "runner.standby",
                fmt::format("{} is a standby: nothing can be changed there",
                            arrival.host))
        .hint("connect to the primary");
  }
}

// The server ends the lease of a runner that was stopped or has vanished. The
// SETs come after the query: in the extended protocol its portal, and with it
// its snapshot, lives until the next statement, and they need none.
std::unique_ptr<pg::Transaction> try_lock(pg::Session& session,
                                          const sql::Identifier& schema) {
  auto hold = std::make_unique<pg::Transaction>(session, no_timeouts);
  const auto locked = session.run(
      Statement::of("SELECT pg_catalog.pg_try_advisory_xact_lock({})",
                    state::lease_key(schema)));
  if (locked.single() != "t") {
    return nullptr;
  }
  constexpr int first_with_transaction_timeout = 170'000;
  if (session.server_version_num() >= first_with_transaction_timeout) {
    session.run(Statement::of("SET LOCAL transaction_timeout = 0"));
  }
  session.run(
      Statement::of("SET LOCAL idle_in_transaction_session_timeout = '30s'"));
  return hold;
}

std::vector<report::Blocker> holder(pg::Session& session,
                                    const state::RunnerRecord& record) {
  const auto found = session.run(
      Statement::of("SELECT application_name,"
                    " coalesce(state, ''),"
                    " coalesce((extract(epoch FROM clock_timestamp()"
                    " - xact_start) * 1000)::bigint, 0)"
                    " FROM pg_catalog.pg_stat_activity WHERE pid = $1"),
      {std::to_string(record.work_pid)});
  if (found.rows.empty()) {
    return {};
  }
  const pg::Row& row = found.rows.front();
  return {
      {.pid = record.work_pid,
       .application = row.at(0).value_or(""),
       .state = row.at(1).value_or(""),
       .transaction_age = milliseconds(std::stoll(row.at(2).value_or("0")))}};
}

Error busy(const state::RunnerRecord& record,
           const std::vector<report::Blocker>& holders,
           milliseconds waited) {
  std::string who = fmt::format("process {} on host {}, since {}",
                                record.process, record.host, record.started_at);
  if (!holders.empty()) {
    who += fmt::format(", as backend {} ({})", holders.front().pid,
                       holders.front().application);
  }
  return Error(ErrorKind::busy, "runner.busy",
               fmt::format("another pgexpand is at work in this database: {}",
                           who))
      .detail(fmt::format("waited {}", human_duration(waited)))
      .hint("run the same command later, or with a longer --wait-lock");
}

// Polls until the lock is ours.
std::unique_ptr<pg::Transaction> poll(pg::Session& session,
                                      const sql::Identifier& schema,
                                      milliseconds wait,
                                      report::Reporter& reporter,
                                      const StopRequest& stop) {
  const auto start = Clock::now();
  auto next_report = start + report_every;
  for (;;) {
    if (auto hold = try_lock(session, schema)) {
      return hold;
    }
    const auto now = Clock::now();
    const auto waited = std::chrono::duration_cast<milliseconds>(now - start);
    if (waited >= wait || now >= next_report) {
      const auto record = state::Store(session, schema).runner();
      const auto holders = holder(session, record);
      if (waited >= wait) {
        throw busy(record, holders, waited);
      }
      reporter.on(report::Waiting{.id = "",
                                  .what = "another pgexpand",
                                  .attempt = 0,
                                  .waited = waited,
                                  .blockers = holders});
      constexpr int reports_apart = 5;
      next_report = now + reports_apart * report_every;
    }
    nap(std::min(poll_every, wait - waited), stop);
  }
}

bool any_backend_left(pg::Session& session,
                      const sql::Identifier& schema,
                      const state::RunnerRecord& record) {
  const auto left = session.run(
      Statement::of(
          "SELECT count(pg_catalog.pg_terminate_backend(pid))"
          " FROM pg_catalog.pg_stat_activity"
          // A copy of the state names those of the database it was made of.
          " WHERE datname = pg_catalog.current_database()"
          " AND pid <> pg_catalog.pg_backend_pid()"
          " AND ((pid = $1 AND backend_start = nullif($2, '')::timestamptz)"
          " OR (pid = $3 AND backend_start = nullif($4, '')::timestamptz)"
          " OR (pid, backend_start) IN"
          " (SELECT b.pid, b.backend_start FROM {0}.backend AS b"
          " JOIN {0}.runner AS r ON r.epoch = $5))",
          schema),
      {std::to_string(record.control_pid), record.control_start,
       std::to_string(record.work_pid), record.work_start,
       std::to_string(record.epoch)});
  return left.single() != "0";
}

// In the lease's transaction: if the lease is lost already, this fails, and
// what is read is never somebody who came after us. The SET as in try_lock().
state::RunnerRecord read_predecessor(pg::Session& session,
                                     state::Store& store) {
  state::RunnerRecord record = store.runner();
  session.run(Statement::of("SET LOCAL lock_timeout = 0"));
  return record;
}

void check_still_ours(const state::RunnerRecord& record,
                      const Registration& own) {
  const bool is_last_try = record.control_pid == own.control_pid &&
                           record.control_start == own.control_start;
  if (record.epoch != own.epoch && !is_last_try) {
    throw Error(ErrorKind::busy, "runner.fenced",
                fmt::format("another pgexpand took over meanwhile: process "
                            "{} on host {}",
                            record.process, record.host))
        .hint("run pgexpand status to see who is at work");
  }
}

}  // namespace

void nap(milliseconds duration, const StopRequest& stop) {
  const auto end = Clock::now() + duration;
  for (;;) {
    if (stop.requested()) {
      throw Error(ErrorKind::interrupted, "runner.interrupted",
                  "stopped while waiting, nothing was changed")
          .hint("run the same command again");
    }
    const auto left =
        std::chrono::duration_cast<milliseconds>(end - Clock::now());
    if (left <= milliseconds{0}) {
      return;
    }
    std::this_thread::sleep_for(std::min(left, longest_nap));
  }
}

void end_backends(pg::Session& session,
                  const sql::Identifier& schema,
                  const state::RunnerRecord& record) {
  const auto end = Clock::now() + backends_patience;
  while (any_backend_left(session, schema, record)) {
    if (Clock::now() >= end) {
      throw Error(ErrorKind::busy, "runner.stuck-backend",
                  fmt::format("backend {} of an earlier pgexpand does not end",
                              record.work_pid))
          .hint(
              "look at it in pg_stat_activity, then run the same command "
              "again");
    }
    std::this_thread::sleep_for(longest_nap);
  }
}

Lease take_lease(const Runner::Options& options,
                 const std::optional<Registration>& own,
                 milliseconds wait,
                 report::Reporter& reporter,
                 const StopRequest& stop) {
  pg::ConnectOptions connect = options.connect;
  connect.application_name = "pgexpand lease";
  connect.answer_limit = options.silence;
  pg::Connection connection = pg::connect(connect);
  refuse_standby(connection.arrival);
  pg::Session& session = *connection.session;
  state::Store store(session, options.state_schema);
  store.ensure();
  if (own) {
    const auto record = store.runner();
    check_still_ours(record, *own);
    end_backends(session, options.state_schema, record);
  }
  auto hold = poll(session, options.state_schema, wait, reporter, stop);
  state::RunnerRecord before = read_predecessor(session, store);
  if (own) {
    check_still_ours(before, *own);
  }
  return {.control = std::move(connection.session),
          .hold = std::move(hold),
          .arrival = std::move(connection.arrival),
          .before = std::move(before)};
}

// pg_locks shows a bigint key in two halves, and everyone may read it.
std::optional<AtWork> at_work(pg::Session& session,
                              const sql::Identifier& state_schema) {
  const auto found = session.run(
      Statement::of("SELECT r.host, r.process, {},"
                    " coalesce(substring(a.application_name"
                    " FROM '^pgexpand ([0-9a-z_]+) [a-z]+$'), '')"
                    " FROM {}.runner AS r"
                    " JOIN pg_catalog.pg_locks AS l ON l.pid = r.control_pid"
                    " AND l.locktype = 'advisory' AND l.granted"
                    " AND l.objsubid = 1 AND l.database ="
                    " (SELECT d.oid FROM pg_catalog.pg_database AS d"
                    " WHERE d.datname = pg_catalog.current_database())"
                    " AND (l.classid::bigint << 32) | l.objid::bigint = {}"
                    " LEFT JOIN pg_catalog.pg_stat_activity AS a"
                    " ON a.pid = r.work_pid",
                    sql::rfc3339("r.started_at"), state_schema,
                    state::lease_key(state_schema)));
  if (found.rows.empty()) {
    return std::nullopt;
  }
  const pg::Row& row = found.rows.front();
  return AtWork{.host = row.at(0).value_or(""),
                .process = std::stoi(row.at(1).value_or("0")),
                .since = row.at(2).value_or(""),
                .migration = row.at(3).value_or("")};
}

}  // namespace pgexpand::exec
