// May we connect, to what, and what may we do there?
#include "campaign/checks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::campaign {
namespace {

constexpr int lease_work_and_monitor = 3;

void add(std::vector<Check>& checks,
         const char* area,
         Verdict verdict,
         std::string code,
         std::string message,
         std::string cure = {}) {
  checks.push_back({.area = area,
                    .verdict = verdict,
                    .code = std::move(code),
                    .message = std::move(message),
                    .cure = std::move(cure)});
}

void check_standby(const pg::Arrival& arrival, std::vector<Check>& checks) {
  if (arrival.is_standby) {
    add(checks, "connection", Verdict::refusal, "target.standby",
        fmt::format("{} is a standby: nothing can be changed here",
                    arrival.host),
        "connect to the primary");
  }
}

}  // namespace

void check_pooler(const pg::Arrival& arrival, std::vector<Check>& checks) {
  if (arrival.behind_pooler) {
    add(checks, "pooler", Verdict::refusal, "pg.pooler",
        fmt::format("{} is a connection pooler: locks, settings and cancel "
                    "requests do not survive it",
                    arrival.host),
        "connect to PostgreSQL itself; the rest is looked at then");
  } else {
    add(checks, "pooler", Verdict::ok, "", "none between us and the server");
  }
}

namespace {

void check_room(const Surroundings& at, std::vector<Check>& checks) {
  const int wanted = lease_work_and_monitor + at.settings.backfill_workers;
  const std::int64_t free = at.health.connection.free;
  if (free < wanted) {
    add(checks, "connection", Verdict::warning, "doctor.few-connections",
        fmt::format("{} more connections are possible, and a run opens up to "
                    "{}",
                    free, wanted),
        "raise max_connections or the role's CONNECTION LIMIT, or lower "
        "backfill.workers");
  }
}

std::string sql_name(const std::string& name) {
  return sql::quote_identifier(name);
}

void check_path(const pg::Arrival& arrival, std::vector<Check>& checks) {
  for (const std::string& schema : arrival.open_schemas) {
    add(checks, "rights", Verdict::warning, "doctor.open-schema",
        fmt::format("everybody may create objects in schema {}, so it is left "
                    "out of the search_path that a table's own functions and "
                    "checks run under",
                    schema),
        fmt::format("REVOKE CREATE ON SCHEMA {} FROM PUBLIC", schema));
  }
}

void check_state_schema(const Surroundings& at, std::vector<Check>& checks) {
  if (const auto& error = at.state_obstacle) {
    add(checks, "rights", Verdict::refusal, error->code(), error->message(),
        error->hint());
  } else {
    add(checks, "rights", Verdict::ok, "",
        fmt::format("schema {} is there, or can be made",
                    at.settings.state_schema));
  }
}

/// Without specs: whose tables could be migrated at all.
void check_owners(const Surroundings& at, std::vector<Check>& checks) {
  const pg::RoleHealth& role = at.health.role;
  for (const pg::TableOwner& owner : role.owners) {
    const auto tables =
        owner.tables == 1 ? "1 table" : fmt::format("{} tables", owner.tables);
    if (owner.may_act || owner.may_become) {
      add(checks, "rights", Verdict::ok, "",
          fmt::format("{} of {} can be migrated{}", tables, owner.name,
                      owner.may_become ? ", by SET ROLE" : ""));
    } else {
      add(checks, "rights", Verdict::note, "",
          fmt::format("{} of {} cannot be migrated", tables, owner.name),
          owner.is_superuser
              ? std::string("give them to a role that is no superuser, and "
                            "make this one its member")
              : fmt::format("GRANT {} TO {}", sql_name(owner.name),
                            sql_name(role.name)));
    }
  }
}

void check_missing_rights(const Surroundings& at, std::vector<Check>& checks) {
  for (const Diagnostic& finding : at.missing_rights.all()) {
    const bool is_known = std::ranges::any_of(checks, [&](const Check& check) {
      return check.code == finding.code && check.message == finding.message;
    });
    if (!is_known) {
      add(checks, "rights", Verdict::refusal, finding.code, finding.message,
          finding.hint);
    }
  }
  if (!at.tables.empty() && at.missing_rights.all().empty()) {
    add(checks, "rights", Verdict::ok, "",
        fmt::format("{} tables of the migrations can be changed",
                    at.tables.size()));
  }
}

void check_monitoring(const Surroundings& at, std::vector<Check>& checks) {
  const pg::RoleHealth& role = at.health.role;
  const std::string grant =
      fmt::format("GRANT pg_read_all_stats TO {}", sql_name(role.acts_as));
  if (role.sees_activity) {
    add(checks, "rights", Verdict::ok, "",
        "the activity of other roles can be seen");
    return;
  }
  const bool standbys_hidden = std::ranges::any_of(
      at.health.standbys,
      [](const auto& standby) { return standby.state.empty(); });
  if (standbys_hidden && at.settings.backfill_max_lag) {
    add(checks, "rights", Verdict::refusal, "throttle.hidden-replication",
        fmt::format("the role {} may not see how far behind the standbys are",
                    role.name),
        grant + ", or pass --max-lag off");
  } else {
    add(checks, "rights", Verdict::warning, "doctor.blind",
        fmt::format("the role {} may not see the activity of other roles: who "
                    "is in the way cannot be told before we stand in the queue",
                    role.name),
        grant);
  }
}

void check_trigger_right(const Surroundings& at, std::vector<Check>& checks) {
  if (at.health.role.may_skip_triggers) {
    return;
  }
  add(checks, "rights", Verdict::note, "",
      fmt::format("the role {} cannot keep triggers of yours from firing in a "
                  "backfill: where there are any, plan refuses",
                  at.health.role.acts_as),
      fmt::format("GRANT SET ON PARAMETER session_replication_role TO {} "
                  "(PostgreSQL 15 and later)",
                  sql_name(at.health.role.acts_as)));
}

}  // namespace

void check_connection(const Surroundings& at, std::vector<Check>& checks) {
  const pg::ConnectionHealth& connection = at.health.connection;
  const std::string way = connection.is_local ? "a local socket"
                          : connection.encryption.empty()
                              ? "TCP without encryption"
                              : connection.encryption;
  add(checks, "connection", Verdict::ok, "",
      fmt::format("PostgreSQL {} as role {}, by {}",
                  at.arrival.server_version.substr(
                      0, at.arrival.server_version.find(' ')),
                  at.health.role.name, way));
  if (!connection.is_local && connection.encryption.empty()) {
    add(checks, "connection", Verdict::warning, "doctor.not-encrypted",
        "the connection is not encrypted",
        "set sslmode=verify-full in the connection string, and ssl = on in "
        "the server");
  }
  check_room(at, checks);
  check_path(at.arrival, checks);
  check_standby(at.arrival, checks);
}

void check_rights(const Surroundings& at, std::vector<Check>& checks) {
  check_state_schema(at, checks);
  check_missing_rights(at, checks);
  if (at.tables.empty()) {
    check_owners(at, checks);
  }
  check_monitoring(at, checks);
  check_trigger_right(at, checks);
}

}  // namespace pgexpand::campaign
