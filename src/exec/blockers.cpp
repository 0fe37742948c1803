#include "exec/blockers.hpp"

#include "pgexpand/base/units.hpp"

#include <fmt/format.h>

#include <array>

namespace pgexpand::exec {
namespace {

using plan::LockMode;
using sql::Statement;
using std::chrono::milliseconds;

/// The modes, as pg_locks names them, that conflict with each LockMode.
constexpr std::array<std::string_view, 9> conflicts{
    "",
    "AccessExclusiveLock",
    "ExclusiveLock,AccessExclusiveLock",
    "ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock",
    "ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,ExclusiveLock,"
    "AccessExclusiveLock",
    "RowExclusiveLock,ShareUpdateExclusiveLock,ShareRowExclusiveLock,"
    "ExclusiveLock,AccessExclusiveLock",
    "RowExclusiveLock,ShareUpdateExclusiveLock,ShareLock,"
    "ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock",
    "RowShareLock,RowExclusiveLock,ShareUpdateExclusiveLock,ShareLock,"
    "ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock",
    "AccessShareLock,RowShareLock,RowExclusiveLock,ShareUpdateExclusiveLock,"
    "ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock"};

// Without the right to see other roles' activity xact_start is NULL: such a
// holder is named after a failed attempt ($3 = 0), but is not waited for.
// LOCK TABLE takes partitions too, each with a lock_timeout of its own.
// A prepared transaction is found by the lock that it holds on its own id.
Statement holders_query() {
  return Statement::of(
      "WITH held AS (SELECT DISTINCT pid, virtualtransaction"
      " FROM pg_catalog.pg_locks WHERE locktype = 'relation' AND granted"
      " AND database = (SELECT oid FROM pg_catalog.pg_database"
      " WHERE datname = pg_catalog.current_database())"
      " AND (relation = pg_catalog.to_regclass($1) OR relation IN (SELECT relid"
      " FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1))))"
      " AND mode = ANY (pg_catalog.string_to_array($2, ',')))"
      " SELECT a.pid, a.application_name, coalesce(a.state, ''),"
      " coalesce((extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)"
      "::bigint, 0) AS age,"
      " coalesce(a.backend_type = 'autovacuum worker'"
      " AND a.query NOT LIKE '%(to prevent wraparound)%', false)"
      " FROM held JOIN pg_catalog.pg_stat_activity AS a ON a.pid = held.pid"
      " WHERE a.pid <> pg_catalog.pg_backend_pid() AND"
      " (a.xact_start <= clock_timestamp() - $3::bigint * interval '1 ms'"
      " OR (a.xact_start IS NULL AND $3::bigint = 0))"
      " UNION ALL SELECT 0, p.gid, 'prepared',"
      " (extract(epoch FROM clock_timestamp() - p.prepared) * 1000)::bigint,"
      " false FROM held JOIN pg_catalog.pg_locks AS own"
      " ON own.virtualtransaction = held.virtualtransaction"
      " AND own.locktype = 'transactionid' AND own.mode = 'ExclusiveLock'"
      " JOIN pg_catalog.pg_prepared_xacts AS p"
      " ON p.transaction = own.transactionid AND held.pid IS NULL"
      " WHERE p.prepared <= clock_timestamp() - $3::bigint * interval '1 ms'"
      " ORDER BY age DESC");
}

// pg_blocking_pids names a prepared transaction only as 0: any of this
// database may be meant.
Statement blockers_query() {
  return Statement::of(
      "WITH way AS (SELECT DISTINCT pid FROM"
      " unnest(pg_catalog.pg_blocking_pids($1)) AS pid)"
      " SELECT way.pid, coalesce(a.application_name, ''),"
      " coalesce(a.state, ''),"
      " coalesce((extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)"
      "::bigint, 0) AS age"
      " FROM way LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = way.pid"
      " WHERE way.pid <> 0 UNION ALL SELECT 0, p.gid, 'prepared',"
      " (extract(epoch FROM clock_timestamp() - p.prepared) * 1000)::bigint"
      " FROM pg_catalog.pg_prepared_xacts AS p"
      " WHERE p.database = pg_catalog.current_database()"
      " AND EXISTS (SELECT FROM way WHERE pid = 0) ORDER BY age DESC");
}

report::Blocker read_blocker(const pg::Row& row) {
  return {.pid = std::stoi(row.at(0).value_or("0")),
          .application = row.at(1).value_or(""),
          .state = row.at(2).value_or(""),
          .transaction_age = milliseconds(std::stoll(row.at(3).value_or("0")))};
}

}  // namespace

Holders holders_of(pg::Session& session,
                   const std::vector<plan::TableLock>& locks,
                   milliseconds minimum_age) {
  Holders found{.blockers = {}, .only_autovacuum = true};
  for (const auto& [table, mode] : locks) {
    const auto modes = conflicts.at(static_cast<std::size_t>(mode));
    const auto result =
        session.run(holders_query(), {table.quoted(), std::string(modes),
                                      std::to_string(minimum_age.count())});
    for (const pg::Row& row : result.rows) {
      found.blockers.push_back(read_blocker(row));
      found.only_autovacuum = found.only_autovacuum && row.at(4) == "t";
    }
  }
  found.only_autovacuum = found.only_autovacuum && !found.blockers.empty();
  return found;
}

std::vector<report::Blocker> blockers_of(pg::Session& session, int pid) {
  const auto result = session.run(blockers_query(), {std::to_string(pid)});
  std::vector<report::Blocker> found;
  for (const pg::Row& row : result.rows) {
    found.push_back(read_blocker(row));
  }
  return found;
}

std::string describe(const std::vector<report::Blocker>& blockers) {
  std::string text;
  for (const auto& [pid, application, state, age] : blockers) {
    text += text.empty() ? "held by " : ", ";
    text += pid == 0
                ? fmt::format("prepared transaction '{}' (for {})", application,
                              human_duration(age))
                : fmt::format("pid {} ({}, {} for {})", pid,
                              application.empty() ? "?" : application,
                              state.empty() ? "?" : state, human_duration(age));
  }
  return text;
}

}  // namespace pgexpand::exec
