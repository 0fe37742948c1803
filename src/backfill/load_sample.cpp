#include "backfill/load_sample.hpp"

#include "backfill/cells.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pgexpand::backfill {
namespace {

using sql::Statement;

std::string array_of(const auto& numbers) {
  return fmt::format("{{{}}}", fmt::join(numbers, ","));
}

// A base backup and pg_receivewal replay nothing. Without the right to see it
// every column but the first is NULL.
std::vector<Standby> read_standbys(pg::Session& session) {
  const pg::Result found = session.run(Statement::of(
      "SELECT coalesce(nullif(application_name, ''), 'pid ' || pid),"
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
                        .reported_lag_ms = number(row.at(3))});
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

// Whoever waits for the whole table has everybody else queue behind it.
std::vector<std::string> read_waited_for(pg::Session& session,
                                         const Workplace& workplace) {
  return names(session,
               Statement::of("SELECT DISTINCT relation::regclass::text"
                             " FROM pg_locks WHERE NOT granted"
                             " AND locktype = 'relation'"
                             " AND relation = ANY ($1::oid[])"
                             " AND pid <> ALL ($2::int[])"),
               {array_of(workplace.tables), array_of(workplace.own_pids)});
}

std::vector<std::string> read_wraparound(pg::Session& session,
                                         const Workplace& workplace) {
  return names(session,
               Statement::of("SELECT p.relid::regclass::text"
                             " FROM pg_stat_progress_vacuum AS p"
                             " JOIN pg_stat_activity AS a USING (pid)"
                             " WHERE p.relid = ANY ($1::oid[])"
                             " AND a.query LIKE '%(to prevent wraparound)'"),
               {array_of(workplace.tables)});
}

// Of this database, and of those that serve all of them. An active statement
// took its snapshot when it began; what is idle holds what it had since its
// transaction began. A slot's catalog_xmin concerns the catalogs alone.
Statement holders_query() {
  return Statement::of(
      "SELECT format('pid %s (%s)', a.pid,"
      " coalesce(nullif(a.application_name, ''), 'no name')),"
      " coalesce(a.backend_xid, a.backend_xmin)::text,"
      " extract(epoch FROM clock_timestamp() - CASE WHEN a.state = 'active'"
      " AND a.backend_xid IS NULL THEN a.query_start ELSE a.xact_start END)"
      " * 1000 AS age"
      " FROM pg_stat_activity AS a"
      " WHERE coalesce(a.backend_xid, a.backend_xmin) IS NOT NULL"
      " AND a.backend_type = 'client backend'"
      " AND a.datname = current_database()"
      " AND a.pid <> pg_backend_pid() AND a.pid <> ALL ($1::int[])"
      " AND NOT EXISTS (SELECT FROM pg_stat_progress_vacuum AS v"
      " WHERE v.pid = a.pid)"
      " UNION ALL SELECT format('prepared transaction %L', p.gid),"
      " p.transaction::text,"
      " extract(epoch FROM clock_timestamp() - p.prepared) * 1000"
      " FROM pg_prepared_xacts AS p WHERE p.database = current_database()"
      " UNION ALL SELECT format('replication slot %s', s.slot_name),"
      " s.xmin::text, 0 FROM pg_replication_slots AS s"
      " WHERE s.xmin IS NOT NULL AND age(s.xmin) > 1"
      " UNION ALL SELECT format('standby %s', r.application_name),"
      " r.backend_xmin::text, 0 FROM pg_stat_replication AS r"
      " WHERE r.backend_xmin IS NOT NULL AND age(r.backend_xmin) > 1"
      " ORDER BY age DESC");
}

std::vector<HorizonHolder> read_holders(pg::Session& session,
                                        const Workplace& workplace) {
  const pg::Result found =
      session.run(holders_query(), {array_of(workplace.own_pids)});
  std::vector<HorizonHolder> holders;
  for (const pg::Row& row : found.rows) {
    holders.push_back({.name = text(row.at(0)),
                       .xmin = text(row.at(1)),
                       .age_ms = number(row.at(2))});
  }
  return holders;
}

}  // namespace

LoadSample read_load(pg::Session& session, const Workplace& workplace) {
  LoadSample sample;
  read_activity(session, workplace, sample);
  sample.standbys = read_standbys(session);
  sample.slots_in_danger = read_slots(session);
  sample.tables_waited_for = read_waited_for(session, workplace);
  sample.wraparound_tables = read_wraparound(session, workplace);
  sample.holders = read_holders(session, workplace);
  return sample;
}

bool ask(pg::Session& session,
         const std::string& query,
         const std::string& search_path) {
  constexpr std::uint32_t boolean = 16;
  constexpr std::chrono::milliseconds longest{1'000};
  pg::Transaction transaction(session, {.lock = longest, .statement = longest});
  session.run(Statement::of("SET TRANSACTION READ ONLY"));
  session.run(
      Statement::of("SELECT pg_catalog.set_config('search_path', $1, true)"),
      {search_path});
  const pg::Result answer = session.run(Statement::verbatim(query));
  if (answer.rows.size() != 1 || answer.column_types.size() != 1 ||
      answer.column_types.front() != boolean || !answer.rows.at(0).at(0)) {
    throw Error(ErrorKind::refused, "throttle.bad-query",
                "the throttle query does not give one boolean")
        .hint(
            "write one SELECT of one boolean, such as SELECT count(*) > 50 "
            "FROM ...");
  }
  return answer.rows.at(0).at(0) == "t";
}

}  // namespace pgexpand::backfill
