#include "backfill/load_sample.hpp"

#include "backfill/cells.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pgexpand::backfill {
namespace {

using sql::Statement;
using std::chrono::milliseconds;

std::string array_of(const auto& numbers) {
  return fmt::format("{{{}}}", fmt::join(numbers, ","));
}

// A base backup and pg_receivewal replay nothing. Without the right to see it
// the state is NULL, with everything else.
std::vector<Standby> read_standbys(pg::Session& session) {
  const pg::Result found = session.run(Statement::of(
      "SELECT coalesce(nullif(application_name, ''), 'pid ' || pid)"
      " || coalesce(' (' || host(client_addr) || ')', ''),"
      " state IS NOT NULL, replay_lsn - '0/0'::pg_lsn,"
      " CASE WHEN replay_lsn < pg_current_wal_flush_lsn()"
      " THEN (extract(epoch FROM replay_lag) * 1000)::bigint END"
      " FROM pg_stat_replication"
      " WHERE replay_lsn IS NOT NULL OR state IS NULL"));
  std::vector<Standby> standbys;
  for (const pg::Row& row : found.rows) {
    standbys.push_back({.name = text(row.at(0)),
                        .is_readable = row.at(1) == "t",
                        .replayed = number(row.at(2)),
                        .reported_lag = milliseconds(number(row.at(3)))});
  }
  return standbys;
}

std::vector<std::string> names(pg::Session& session,
                               const Statement& query,
                               const std::vector<pg::Value>& parameters = {}) {
  std::vector<std::string> all;
  for (const pg::Row& row : session.run(query, parameters).rows) {
    all.push_back(text(row.at(0)));
  }
  return all;
}

// A slot that is lost is lost, whatever we do.
std::vector<std::string> read_slots(pg::Session& session) {
  return names(session, Statement::of("SELECT slot_name FROM"
                                      " pg_replication_slots"
                                      " WHERE wal_status = 'unreserved'"));
}

void read_activity(pg::Session& session,
                   const Workplace& workplace,
                   LoadSample& sample) {
  const pg::Row row =
      session
          .run(Statement::of(
                   "SELECT pg_current_wal_flush_lsn() - '0/0'::pg_lsn,"
                   " count(*) FILTER (WHERE state = 'active'"
                   " AND backend_type = 'client backend'),"
                   " count(*) FILTER (WHERE query = '<insufficient privilege>')"
                   " FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                   " AND pid <> ALL ($1::int[])"),
               {array_of(workplace.own_pids)})
          .rows.at(0);
  sample.lsn = number(row.at(0));
  sample.active = number(row.at(1));
  sample.unreadable = number(row.at(2));
}

// Whoever waits for the whole table has everybody else queue behind it, so we
// let it pass at once. Who waits for something else of ours, mostly rows, is
// served by the end of a batch: only one that is not is a reason. Finding the
// blockers of one session is dear, so it is done for a few.
Statement waiter_query() {
  return Statement::of(
      "WITH waiting AS (SELECT w.pid, w.waitstart, CASE WHEN"
      " w.locktype = 'relation' AND w.relation = ANY ($1::oid[])"
      " AND w.database = (SELECT oid FROM pg_database"
      " WHERE datname = current_database()) THEN w.relation END AS relation"
      " FROM pg_locks AS w WHERE NOT w.granted AND w.pid <> ALL ($2::int[])),"
      " behind_us AS (SELECT * FROM waiting WHERE relation IS NULL"
      " AND waitstart < clock_timestamp() - interval '250 ms'"
      " ORDER BY waitstart LIMIT 50)"
      " SELECT format('pid %s (%s)', w.pid,"
      " coalesce(nullif(a.application_name, ''), 'no name')),"
      " w.relation::regclass::text"
      " FROM (SELECT * FROM waiting WHERE relation IS NOT NULL"
      " UNION ALL SELECT * FROM behind_us"
      " WHERE pg_blocking_pids(pid) && $2::int[]) AS w"
      " LEFT JOIN pg_stat_activity AS a ON a.pid = w.pid"
      " ORDER BY w.waitstart LIMIT 1");
}

std::optional<LockWaiter> read_waiter(pg::Session& session,
                                      const Workplace& workplace) {
  const pg::Result found =
      session.run(waiter_query(),
                  {array_of(workplace.tables), array_of(workplace.own_pids)});
  if (found.rows.empty()) {
    return std::nullopt;
  }
  const pg::Row& row = found.rows.front();
  return LockWaiter{.name = text(row.at(0)), .table = row.at(1)};
}

// What an autovacuum worker does may be hidden from us, but not that it holds
// the lock of a vacuum, nor that the table is so old that this one is forced.
// Only such workers belong to no role.
std::vector<std::string> read_wraparound(pg::Session& session,
                                         const Workplace& workplace) {
  return names(
      session,
      Statement::of(
          "SELECT DISTINCT t.oid::regclass::text FROM pg_class AS t"
          " JOIN pg_locks AS l ON l.relation IN (t.oid, t.reltoastrelid)"
          " JOIN pg_class AS v ON v.oid = l.relation"
          " JOIN pg_stat_activity AS a ON a.pid = l.pid"
          " WHERE t.oid = ANY ($1::oid[]) AND l.granted"
          " AND l.mode = 'ShareUpdateExclusiveLock'"
          " AND l.database = (SELECT oid FROM pg_database"
          " WHERE datname = current_database())"
          " AND (a.query LIKE 'autovacuum:%(to prevent wraparound)'"
          " OR (a.query = '<insufficient privilege>' AND a.usesysid IS NULL"
          " AND (age(v.relfrozenxid) > least("
          "current_setting('autovacuum_freeze_max_age')::bigint,"
          " (SELECT option_value::bigint FROM pg_options_to_table(v.reloptions)"
          " WHERE option_name = 'autovacuum_freeze_max_age'))"
          " OR mxid_age(v.relminmxid) > least("
          "current_setting('autovacuum_multixact_freeze_max_age')::bigint,"
          " (SELECT option_value::bigint FROM pg_options_to_table(v.reloptions)"
          " WHERE option_name = 'autovacuum_multixact_freeze_max_age')))))"),
      {array_of(workplace.tables)});
}

// Of this database, and of those that serve all of them. Xids, and who is in a
// transaction, everybody may see. An active statement took its snapshot when
// it began; what is idle holds what it had since its transaction began. VACUUM
// and logical decoding are passed over by the server, too. A slot's
// catalog_xmin concerns the catalogs alone.
Statement holders_query() {
  return Statement::of(
      "SELECT format('pid %s %s', a.pid, a.xact_start), format('pid %s (%s)',"
      " a.pid, coalesce(nullif(a.application_name, ''), a.backend_type,"
      " 'no name')), coalesce(a.backend_xid, a.backend_xmin)::text,"
      " greatest(age(a.backend_xid), age(a.backend_xmin)),"
      " extract(epoch FROM clock_timestamp() - CASE WHEN a.state = 'active'"
      " AND a.backend_xid IS NULL THEN a.query_start ELSE a.xact_start END)"
      " * 1000,"
      " extract(epoch FROM clock_timestamp() - a.xact_start) * 1000"
      " FROM pg_stat_activity AS a"
      " WHERE coalesce(a.backend_xid, a.backend_xmin) IS NOT NULL"
      " AND a.datname = current_database() AND a.leader_pid IS NULL"
      " AND a.pid <> pg_backend_pid() AND a.pid <> ALL ($1::int[])"
      " AND NOT EXISTS (SELECT FROM pg_stat_progress_vacuum AS v"
      " WHERE v.pid = a.pid)"
      " AND NOT EXISTS (SELECT FROM pg_stat_replication AS r"
      " WHERE r.pid = a.pid)"
      " UNION ALL SELECT format('prepared %s', p.gid),"
      " format('prepared transaction %L', p.gid), p.transaction::text,"
      " age(p.transaction),"
      " extract(epoch FROM clock_timestamp() - p.prepared) * 1000,"
      " extract(epoch FROM clock_timestamp() - p.prepared) * 1000"
      " FROM pg_prepared_xacts AS p WHERE p.database = current_database()"
      " UNION ALL SELECT format('slot %s', s.slot_name),"
      " format('replication slot %s', s.slot_name), s.xmin::text, age(s.xmin),"
      " 0, NULL FROM pg_replication_slots AS s WHERE s.xmin IS NOT NULL"
      " AND s.wal_status IS DISTINCT FROM 'lost' AND age(s.xmin) > 1"
      " UNION ALL SELECT format('standby %s', r.pid), format('standby %s',"
      " coalesce(nullif(r.application_name, ''), 'pid ' || r.pid)),"
      " r.backend_xmin::text, age(r.backend_xmin), 0, NULL"
      " FROM pg_stat_replication AS r"
      " WHERE r.backend_xmin IS NOT NULL AND age(r.backend_xmin) > 1"
      " AND NOT EXISTS (SELECT FROM pg_replication_slots AS s"
      " WHERE s.active_pid = r.pid AND s.slot_type = 'logical')");
}

std::vector<HorizonHolder> read_holders(pg::Session& session,
                                        const Workplace& workplace) {
  const pg::Result found =
      session.run(holders_query(), {array_of(workplace.own_pids)});
  std::vector<HorizonHolder> holders;
  for (const pg::Row& row : found.rows) {
    HorizonHolder holder{.key = text(row.at(0)),
                         .name = text(row.at(1)),
                         .xmin = text(row.at(2)),
                         .xids_back = number(row.at(3)),
                         .held = milliseconds(number(row.at(4)))};
    if (row.at(5)) {
      holder.open_for = milliseconds(number(row.at(5)));
    }
    holders.push_back(std::move(holder));
  }
  return holders;
}

}  // namespace

LoadSample read_load(pg::Session& session, const Workplace& workplace) {
  LoadSample sample;
  read_activity(session, workplace, sample);
  sample.standbys = read_standbys(session);
  sample.slots_in_danger = read_slots(session);
  sample.waiter = read_waiter(session, workplace);
  sample.wraparound_tables = read_wraparound(session, workplace);
  sample.holders = read_holders(session, workplace);
  return sample;
}

}  // namespace pgexpand::backfill
