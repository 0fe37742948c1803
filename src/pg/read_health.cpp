// What `pgexpand doctor` asks. No query here needs a right; each leaves out, or
// marks, what the role may not see.
#include "pg/row_cursor.hpp"
#include "pgexpand/pg/health.hpp"

#include <algorithm>

namespace pgexpand::pg {
namespace {

using sql::Expression;
using sql::Statement;
using std::chrono::milliseconds;

constexpr int first_with_set_option = 160'000;

// A table of an extension is not ours to migrate.
Statement owners_query(const Session& session) {
  const bool has_option = session.server_version_num() >= first_with_set_option;
  return Statement::of(
      "SELECT pg_get_userbyid(c.relowner), bool_or(r.rolsuper), count(*),"
      " pg_has_role(c.relowner, 'USAGE'), pg_has_role(c.relowner, {}) AND NOT"
      " pg_has_role(c.relowner, 'USAGE')"
      " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
      " JOIN pg_roles r ON r.oid = c.relowner"
      " WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'"
      " AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema',"
      " $1) AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e'"
      " AND d.classid = 'pg_class'::regclass AND d.objid = c.oid)"
      " GROUP BY c.relowner ORDER BY 3 DESC, 1",
      Expression{has_option ? "'SET'" : "'MEMBER'"});
}

bool sees_activity(Session& session) {
  return session
             .run(Statement::of("SELECT pg_has_role('pg_read_all_stats',"
                                " 'USAGE')"))
             .single() == "t";
}

std::vector<TableOwner> read_owners(Session& session,
                                    const std::string& state_schema) {
  std::vector<TableOwner> owners;
  const Result found = session.run(owners_query(session), {state_schema});
  for (const Row& row : found.rows) {
    RowCursor cursor(row);
    TableOwner owner{.name = cursor.text()};
    owner.is_superuser = cursor.boolean();
    owner.tables = cursor.integer();
    owner.may_act = cursor.boolean();
    owner.may_become = cursor.boolean();
    owners.push_back(std::move(owner));
  }
  return owners;
}

/// Leaves out what is to be read as `acts_as`.
RoleHealth read_role(Session& session, const std::string& state_schema) {
  RoleHealth role;
  role.name =
      session.run(Statement::of("SELECT current_user")).single().value_or("");
  role.acts_as = role.name;
  role.sees_activity = sees_activity(session);
  role.owners = read_owners(session, state_schema);
  const auto becomes = [](const TableOwner& owner) { return owner.may_become; };
  if (std::ranges::count_if(role.owners, becomes) == 1) {
    role.acts_as = std::ranges::find_if(role.owners, becomes)->name;
  }
  return role;
}

// The limits of the role and the database do not hold for a superuser.
ConnectionHealth read_connection(Session& session) {
  const Result found = session.run(Statement::of(
      "WITH clients AS (SELECT * FROM pg_stat_activity"
      " WHERE usesysid IS NOT NULL AND datid IS NOT NULL),"
      " me AS (SELECT * FROM pg_roles WHERE rolname = session_user)"
      " SELECT inet_server_addr() IS NULL,"
      " coalesce((SELECT version FROM pg_stat_ssl"
      " WHERE pid = pg_backend_pid() AND ssl), ''),"
      " greatest(0, least("
      " (SELECT sum(setting::bigint * CASE name WHEN 'max_connections' THEN 1"
      " ELSE -1 END) FROM pg_settings WHERE name IN ('max_connections',"
      " 'superuser_reserved_connections', 'reserved_connections'))"
      " - (SELECT count(*) FROM clients),"
      " (SELECT rolconnlimit - (SELECT count(*) FROM clients WHERE usesysid ="
      " me.oid) FROM me WHERE rolconnlimit >= 0 AND NOT rolsuper),"
      " (SELECT datconnlimit - (SELECT count(*) FROM clients WHERE datid ="
      " d.oid) FROM pg_database d, me WHERE d.datname = current_database()"
      " AND datconnlimit >= 0 AND NOT me.rolsuper)))::bigint"));
  RowCursor cursor(found.rows.at(0));
  ConnectionHealth connection{.is_local = cursor.boolean()};
  connection.encryption = cursor.text();
  connection.free = cursor.integer();
  return connection;
}

std::map<std::string, std::string> read_settings(Session& session) {
  const Result found = session.run(Statement::of(
      "SELECT name, setting FROM pg_settings WHERE name IN ("
      "'autovacuum', 'deadlock_timeout', 'max_slot_wal_keep_size',"
      " 'synchronous_standby_names', 'synchronous_commit',"
      " 'track_activities', 'track_counts',"
      " 'autovacuum_freeze_max_age')"));
  std::map<std::string, std::string> settings;
  for (const Row& row : found.rows) {
    RowCursor cursor(row);
    std::string name = cursor.text();
    settings[std::move(name)] = cursor.text();
  }
  return settings;
}

// Of a transaction of another role everybody may see its snapshot, but not its
// age.
void read_transactions(Session& session, Health& health) {
  const Result found = session.run(Statement::of(
      "SELECT pid, coalesce(application_name, ''), coalesce(state, ''),"
      " (extract(epoch FROM clock_timestamp() - xact_start) * 1000)::bigint"
      " FROM pg_stat_activity WHERE datname = current_database()"
      " AND pid <> pg_backend_pid() AND usesysid IS NOT NULL"
      " AND coalesce(backend_xid::text, backend_xmin::text, xact_start::text)"
      " IS NOT NULL UNION ALL SELECT 0, gid, 'prepared',"
      " (extract(epoch FROM clock_timestamp() - prepared) * 1000)::bigint"
      " FROM pg_prepared_xacts WHERE database = current_database()"
      " ORDER BY 4 DESC NULLS LAST, 1"));
  for (const Row& row : found.rows) {
    if (!row.at(3)) {
      ++health.hidden_transactions;
      continue;
    }
    RowCursor cursor(row);
    OpenTransaction open{.pid = cursor.small()};
    open.name = cursor.text();
    open.state = cursor.text();
    open.age = milliseconds(cursor.integer());
    health.transactions.push_back(std::move(open));
  }
}

// replay_lag of a standby that has replayed everything is what it was at the
// last change, or NULL.
std::vector<StandbyHealth> read_standbys(Session& session) {
  const Result found = session.run(Statement::of(
      "SELECT coalesce(nullif(application_name, ''), 'pid ' || pid),"
      " coalesce(state, ''), coalesce(sync_state IN ('sync', 'quorum'), false),"
      " coalesce(CASE WHEN replay_lsn < sent_lsn THEN"
      " extract(epoch FROM replay_lag) * 1000 END, 0)::bigint"
      " FROM pg_stat_replication WHERE replay_lsn IS NOT NULL OR state IS NULL"
      " ORDER BY 1"));
  std::vector<StandbyHealth> standbys;
  for (const Row& row : found.rows) {
    RowCursor cursor(row);
    StandbyHealth standby{.name = cursor.text()};
    standby.state = cursor.text();
    standby.is_synchronous = cursor.boolean();
    standby.lag = milliseconds(cursor.integer());
    standbys.push_back(std::move(standby));
  }
  return standbys;
}

std::vector<SlotHealth> read_slots(Session& session) {
  const Result found = session.run(Statement::of(
      "SELECT slot_name, active, coalesce(wal_status, ''),"
      " coalesce(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
      " ELSE pg_current_wal_lsn() END - restart_lsn, 0)::bigint"
      " FROM pg_replication_slots ORDER BY 1"));
  std::vector<SlotHealth> slots;
  for (const Row& row : found.rows) {
    RowCursor cursor(row);
    SlotHealth slot{.name = cursor.text()};
    slot.is_active = cursor.boolean();
    slot.wal_status = cursor.text();
    slot.retained_bytes = cursor.integer();
    slots.push_back(std::move(slot));
  }
  return slots;
}

void read_objects(Session& session, Health& health) {
  const Result publications = session.run(Statement::of(
      "SELECT pubname, puballtables FROM pg_publication ORDER BY 1"));
  for (const Row& row : publications.rows) {
    RowCursor cursor(row);
    Publication publication{.name = cursor.text()};
    publication.all_tables = cursor.boolean();
    health.publications.push_back(std::move(publication));
  }
  const Result triggers = session.run(Statement::of(
      "SELECT evtname FROM pg_event_trigger WHERE evtenabled IN ('O', 'A')"
      " AND evtevent <> 'login' ORDER BY 1"));
  for (const Row& row : triggers.rows) {
    health.event_triggers.push_back(RowCursor(row).text());
  }
}

DiskHealth read_disk(Session& session) {
  const Result found = session.run(
      Statement::of("SELECT pg_database_size(current_database()),"
                    " coalesce(last_failed_time > coalesce(last_archived_time,"
                    " '-infinity'), false),"
                    " has_function_privilege('pg_ls_waldir()', 'EXECUTE')"
                    " FROM pg_stat_archiver"));
  RowCursor cursor(found.rows.at(0));
  DiskHealth disk{.database_bytes = cursor.integer()};
  disk.archiving_fails = cursor.boolean();
  if (cursor.boolean()) {
    const Result wal = session.run(Statement::of(
        "SELECT coalesce(sum(size), 0)::bigint FROM pg_ls_waldir()"));
    disk.wal_bytes = RowCursor(wal.rows.at(0)).integer();
  }
  return disk;
}

std::int64_t read_transaction_id_age(Session& session) {
  const Result found =
      session.run(Statement::of("SELECT age(datfrozenxid) FROM pg_database"
                                " WHERE datname = current_database()"));
  return RowCursor(found.rows.at(0)).integer();
}

}  // namespace

Health read_health(Session& session, const std::string& state_schema) {
  constexpr std::chrono::seconds patience{30};
  Transaction transaction(session, {.statement = patience});
  Health health{.role = read_role(session, state_schema)};
  const bool sees_as_itself = health.role.sees_activity;
  {
    const ActingAs acting(session, health.role.acts_as);
    health.role.sees_activity = sees_as_itself || sees_activity(session);
    health.role.may_skip_triggers = may_set_replication_role(session);
  }
  const ActingAs acting(session,
                        sees_as_itself ? std::string() : health.role.acts_as);
  health.connection = read_connection(session);
  health.settings = read_settings(session);
  health.transaction_id_age = read_transaction_id_age(session);
  read_transactions(session, health);
  health.standbys = read_standbys(session);
  health.slots = read_slots(session);
  read_objects(session, health);
  health.disk = read_disk(session);
  return health;
}

}  // namespace pgexpand::pg
