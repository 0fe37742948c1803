// Who still uses what contract is about to drop? Another session's search_path
// cannot be read. What can be: the search_path that a role or the database
// begins with, and the locks of open transactions.
#include "exec/version_users.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace pgexpand::exec {
namespace {

using sql::Statement;
using state::PublishedVersion;

constexpr milliseconds look_every{100};

/// What goes with contract.
struct Doomed {
  std::vector<std::string> schemas;  ///< Of older versions, aliases too.
  /// JSON: tables that lose columns or names. Code without a version in its
  /// search_path uses them as they are.
  std::string tables;
  std::vector<std::string> all_schemas;  ///< Of every version.
};

/// By pid, or by what else names it: one line each.
using Users = std::map<std::string, std::string>;

void add_schemas(const PublishedVersion& version,
                 std::vector<std::string>& names) {
  for (const auto* list : {&version.schemas, &version.aliases}) {
    for (const state::VersionSchema& each : *list) {
      names.push_back(each.schema);
    }
  }
}

// A table that only gains columns loses nothing for code of before.
std::string changed_tables(const std::string& shape) {
  auto tables = nlohmann::json::array();
  const auto whole = nlohmann::json::parse(shape);
  for (const auto& table : whole.at("tables")) {
    const bool loses = !table.value("gone", nlohmann::json::array()).empty() ||
                       !table.value("names", nlohmann::json::object()).empty();
    if (loses) {
      tables.push_back(
          {{"schema", table.at("schema")}, {"name", table.at("table")}});
    }
  }
  return tables.dump();
}

std::string json_of(const std::vector<std::string>& names) {
  return nlohmann::json(names).dump();
}

// The lock that a prepared transaction holds on its own id tells its name. A
// view is locked together with its table, so whoever has a table's lock and
// none of any version's view goes to the table itself. The modes are those of
// queries: VACUUM and ALTER use no version.
Statement lock_holders() {
  return Statement::of(
      "WITH held AS (SELECT l.pid, l.virtualtransaction AS vxid,"
      " min(n.nspname || '.' || c.relname) FILTER (WHERE n.nspname IN (SELECT"
      " pg_catalog.jsonb_array_elements_text($1::text::jsonb))) AS old_view,"
      " min(n.nspname || '.' || c.relname) FILTER (WHERE l.mode IN"
      " ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')"
      " AND EXISTS (SELECT FROM"
      " pg_catalog.jsonb_array_elements($2::text::jsonb) AS t WHERE"
      " t ->> 'schema' = n.nspname AND t ->> 'name' = c.relname)) AS old_table,"
      " bool_or(n.nspname IN (SELECT"
      " pg_catalog.jsonb_array_elements_text($3::text::jsonb))) AS has_view"
      " FROM pg_catalog.pg_locks AS l"
      " JOIN pg_catalog.pg_class AS c ON c.oid = l.relation"
      " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
      " WHERE l.locktype = 'relation' AND l.database = (SELECT oid FROM"
      " pg_catalog.pg_database WHERE datname = pg_catalog.current_database())"
      " GROUP BY l.pid, l.virtualtransaction),"
      " found AS (SELECT pid, vxid, CASE WHEN old_view IS NOT NULL THEN"
      " old_view WHEN NOT has_view THEN old_table END AS used FROM held)"
      " SELECT 'pid ' || a.pid AS who, coalesce(a.application_name, '') AS app,"
      " coalesce(a.usename, '') AS role, f.used FROM found AS f"
      " JOIN pg_catalog.pg_stat_activity AS a ON a.pid = f.pid"
      " WHERE f.used IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid()"
      " AND coalesce(a.backend_type, 'client backend') = 'client backend'"
      " AND a.application_name NOT LIKE 'pgexpand%'"
      " UNION ALL SELECT DISTINCT 'prepared transaction ' || p.gid, '',"
      " p.owner::text, f.used FROM found AS f"
      " JOIN pg_catalog.pg_locks AS own ON own.virtualtransaction = f.vxid"
      " AND own.locktype = 'transactionid' AND own.mode = 'ExclusiveLock'"
      " JOIN pg_catalog.pg_prepared_xacts AS p"
      " ON p.transaction = own.transactionid"
      " WHERE f.pid IS NULL AND f.used IS NOT NULL");
}

// The nearest setting counts: of the role in this database, of the role, of
// the database, of all. parse_ident would not read a list, so the names are
// taken apart here; a quote inside a name is not expected in a version's.
Statement default_paths() {
  return Statement::of(
      "WITH here AS (SELECT oid FROM pg_catalog.pg_database"
      " WHERE datname = pg_catalog.current_database()),"
      " path AS (SELECT s.setdatabase, s.setrole, v.name"
      " FROM pg_catalog.pg_db_role_setting AS s,"
      " unnest(s.setconfig) AS one,"
      " pg_catalog.regexp_split_to_table(substr(one, 13), ',') AS part,"
      " LATERAL (SELECT btrim(btrim(part), '\"') AS name) AS v"
      " WHERE one LIKE 'search\\_path=%'"
      " AND s.setdatabase IN (0, (SELECT oid FROM here))),"
      " old AS (SELECT setdatabase, setrole, min(name) AS schema FROM path"
      " WHERE name IN (SELECT"
      " pg_catalog.jsonb_array_elements_text($1::text::jsonb))"
      " GROUP BY setdatabase, setrole)");
}

Statement default_settings() {
  return Statement::verbatim(
      default_paths().text() +
      " SELECT CASE WHEN setrole = 0 THEN 'database ' ||"
      " pg_catalog.current_database() ELSE 'role ' ||"
      " pg_catalog.pg_get_userbyid(setrole) END AS who, schema FROM old");
}

Statement default_sessions() {
  return Statement::verbatim(
      default_paths().text() +
      ", has_path AS (SELECT DISTINCT setdatabase, setrole FROM path)"
      " SELECT 'pid ' || a.pid, coalesce(a.application_name, ''),"
      " coalesce(a.usename, ''), old.schema"
      " FROM pg_catalog.pg_stat_activity AS a"
      " CROSS JOIN LATERAL (SELECT * FROM has_path AS h WHERE h.setrole IN"
      " (0, a.usesysid) ORDER BY h.setrole = 0, h.setdatabase = 0 LIMIT 1) AS s"
      " JOIN old USING (setdatabase, setrole)"
      " WHERE a.datid = (SELECT oid FROM here)"
      " AND a.pid <> pg_catalog.pg_backend_pid()"
      " AND coalesce(a.backend_type, 'client backend') = 'client backend'"
      " AND a.application_name NOT LIKE 'pgexpand%'");
}

std::string line(const pg::Row& row, std::string_view how) {
  const std::string application = row.at(1).value_or("");
  return fmt::format("{} ({}role {}) {} {}", row.at(0).value_or(""),
                     application.empty() ? "" : application + ", ",
                     row.at(2).value_or(""), how, row.at(3).value_or(""));
}

void look_at_defaults(const Job& job, const Doomed& doomed, Users& users) {
  const std::string schemas = json_of(doomed.schemas);
  for (const pg::Row& row :
       job.session().run(default_settings(), {schemas}).rows) {
    const std::string who = row.at(0).value_or("");
    users[who] = fmt::format("{} begins with search_path {}", who,
                             row.at(1).value_or(""));
  }
  for (const pg::Row& row :
       job.session().run(default_sessions(), {schemas}).rows) {
    users.emplace(row.at(0).value_or(""),
                  line(row, "by default has search_path"));
  }
}

void look_at_locks(const Job& job, const Doomed& doomed, Users& users) {
  const pg::Result found = job.session().run(
      lock_holders(),
      {json_of(doomed.schemas), doomed.tables, json_of(doomed.all_schemas)});
  for (const pg::Row& row : found.rows) {
    users[row.at(0).value_or("")] = line(row, "uses");
  }
}

std::optional<Doomed> doomed_by(const Job& job) {
  const auto versions = job.store().versions();
  const auto mine =
      std::ranges::find(versions, job.id, &PublishedVersion::migration);
  if (mine == versions.end() || mine->is_contracted()) {
    return std::nullopt;
  }
  Doomed doomed{
      .schemas = {}, .tables = changed_tables(mine->shape), .all_schemas = {}};
  for (auto each = versions.begin(); each != versions.end(); ++each) {
    add_schemas(*each, doomed.all_schemas);
    if (each < mine) {
      add_schemas(*each, doomed.schemas);
    }
  }
  return doomed;
}

Users watch(const Job& job, const Doomed& doomed) {
  Users users;
  look_at_defaults(job, doomed, users);
  const auto end = job.bench.now() + job.options.version_watch;
  for (;;) {
    look_at_locks(job, doomed, users);
    if (job.bench.now() >= end) {
      return users;
    }
    job.sleep(look_every);
  }
}

}  // namespace

void check_nobody_uses_old_versions(Job& job) {
  const auto doomed = job.options.force ? std::nullopt : doomed_by(job);
  if (!doomed) {
    return;
  }
  const Users users = watch(job, *doomed);
  if (users.empty()) {
    return;
  }
  std::vector<std::string> lines;
  for (const auto& [who, text] : users) {
    lines.push_back(text);
  }
  throw Error(
      ErrorKind::refused, "contract.old-version-in-use",
      fmt::format("migration {} cannot be contracted: {} still {} what "
                  "it would drop",
                  job.id, lines.size(), lines.size() == 1 ? "uses" : "use"))
      .detail(fmt::format("{}", fmt::join(lines, "\n")))
      .hint(fmt::format("move them to `pgexpand version {0}`, or run pgexpand "
                        "contract {0} --force",
                        job.id));
}

}  // namespace pgexpand::exec
