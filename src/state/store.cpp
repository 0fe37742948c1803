// Migrations: reading them, and the life of one.
#include "pgexpand/state/store.hpp"

#include "pgexpand/sql/timestamp.hpp"
#include "state/patience.hpp"
#include "state/reader.hpp"
#include "state/write.hpp"

#include <fmt/format.h>

namespace pgexpand::state {
namespace {

using sql::Identifier;
using sql::Statement;

std::string text(std::int64_t number) { return std::to_string(number); }
std::string text(bool flag) { return flag ? "true" : "false"; }
pg::Value text(std::optional<plan::Phase> phase) {
  return phase ? pg::Value(plan::name(*phase)) : std::nullopt;
}

std::optional<plan::Phase> phase_of(const Reader& row,
                                    std::string_view column) {
  return plan::phase_from_name(row.text(column));
}

constexpr std::array statuses{Status::pending, Status::in_progress,
                              Status::contracted, Status::rolling_back};

Status status_of(std::string_view word) {
  for (const Status status : statuses) {
    if (name(status) == word) {
      return status;
    }
  }
  throw Error(
      ErrorKind::internal, "state.unknown-status",
      fmt::format("the state schema holds the unknown status '{}'", word));
}

Migration read_migration(const Reader& row) {
  Migration read;
  read.id = row.text("id");
  read.status = status_of(row.text("status"));
  read.completed = phase_of(row, "completed");
  read.running = phase_of(row, "running");
  read.through = phase_of(row, "through");
  read.epoch = row.number("epoch");
  read.spec_text = row.text("spec_text");
  read.spec_hash = row.text("spec_hash");
  read.plan_text = row.value("plan");
  read.plan_hash = row.text("plan_hash");
  read.is_visible = row.flag("is_visible");
  read.paused = row.flag("paused");
  read.paused_by = row.text("paused_by");
  read.poison = row.text("poison");
  read.live = read_settings(row.text("live"));
  read.in_force = read_settings(row.text("in_force"));
  read.started_at = row.text("started_at");
  read.switched_at = row.text("switched_at");
  read.updated_at = row.text("updated_at");
  if (row.value("verify_clean")) {
    read.verify_clean = row.flag("verify_clean");
  }
  read.verify_at = row.text("verify_at");
  read.verify_rows = row.number("verify_rows");
  read.verify_differences = row.number("verify_differences");
  return read;
}

sql::Expression select_migration() {
  return sql::compose(
      "SELECT id, status, completed, running, through, epoch, spec_text,"
      " spec_hash, plan, plan_hash, is_visible, paused, paused_by, poison,"
      " live, in_force, {} AS started_at, {} AS switched_at, {} AS updated_at,"
      " verify_clean, {} AS verify_at, verify_rows, verify_differences",
      sql::rfc3339("started_at"), sql::rfc3339("switched_at"),
      sql::rfc3339("updated_at"), sql::rfc3339("verify_at"));
}

std::string hash_of(std::string_view content) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const char byte : content) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211U;
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace

std::string_view name(Status status) noexcept {
  switch (status) {
    case Status::pending:
      return "pending";
    case Status::in_progress:
      return "in_progress";
    case Status::contracted:
      return "contracted";
    case Status::rolling_back:
      return "rolling_back";
  }
  return "";
}

std::optional<plan::Plan> Migration::plan() const {
  return plan_text ? std::optional(plan::from_json(*plan_text, id))
                   : std::nullopt;
}

std::optional<plan::Outline> Migration::outline() const {
  return plan_text ? std::optional(plan::outline_from_json(*plan_text, id))
                   : std::nullopt;
}

std::vector<Migration> Store::migrations() {
  const pg::Result found = session_.run(
      Statement::of("{} FROM {}.migration ORDER BY id COLLATE \"C\"",
                    select_migration(), schema_));
  std::vector<Migration> all;
  for (const pg::Row& row : found.rows) {
    all.push_back(read_migration(Reader(found, row)));
  }
  return all;
}

std::optional<Migration> Store::migration(const std::string& id) {
  const pg::Result found =
      session_.run(Statement::of("{} FROM {}.migration WHERE id = $1",
                                 select_migration(), schema_),
                   {id});
  if (found.rows.empty()) {
    return std::nullopt;
  }
  return read_migration(Reader(found, found.rows.front()));
}

void Store::start(const plan::Plan& plan,
                  const std::string& spec_text,
                  std::optional<plan::Phase> through) {
  const std::string json = plan::to_json(plan);
  const pg::Result done = session_.run(
      Statement::of(
          "INSERT INTO {0}.migration AS m (id, status, through, epoch,"
          " spec_text, spec_hash, plan, plan_hash, is_visible, started_at,"
          " home)"
          " VALUES ($1, 'in_progress', $2, 1, $3, $4, $5, $6, $7,"
          " clock_timestamp(), {0}.here())"
          " ON CONFLICT (id) DO UPDATE SET status = 'in_progress',"
          " completed = NULL, running = NULL, through = excluded.through,"
          " epoch = m.epoch + 1, spec_text = excluded.spec_text,"
          " spec_hash = excluded.spec_hash, plan = excluded.plan,"
          " plan_hash = excluded.plan_hash,"
          " is_visible = excluded.is_visible, poison = '',"
          " started_at = excluded.started_at, home = excluded.home,"
          " switched_at = NULL,"
          " updated_at = clock_timestamp(), verify_clean = NULL,"
          " verify_at = NULL, verify_rows = 0, verify_differences = 0"
          " WHERE m.status = 'pending'",
          schema_),
      {plan.id, text(through), spec_text, plan.spec_hash, json, hash_of(json),
       text(plan.is_visible())});
  if (done.affected_rows == 0) {
    throw Error(
        ErrorKind::busy, "state.already-started",
        fmt::format("migration {} was started by somebody else", plan.id))
        .hint("run the same command again");
  }
}

void Store::fence(const std::string& id, std::int64_t epoch) {
  const pg::Result found = session_.run(
      Statement::of("SELECT epoch FROM {}.migration WHERE id = $1 FOR SHARE",
                    schema_),
      {id});
  if (found.rows.empty() || found.single() != text(epoch)) {
    throw fenced(id);
  }
}

Turn Store::take_over(const std::string& id) {
  const pg::Result taken = run_patiently(
      session_,
      Statement::of("UPDATE {0}.migration SET epoch = epoch + 1,"
                    " updated_at = clock_timestamp() WHERE id = $1"
                    " RETURNING epoch, home, {0}.here() AS here",
                    schema_),
      {id});
  if (taken.rows.empty()) {
    throw Error(ErrorKind::usage, "state.unknown-migration",
                fmt::format("migration {} was never started", id))
        .hint("run pgexpand status");
  }
  const Reader row(taken, taken.rows.front());
  return {.epoch = row.number("epoch"),
          .home = row.text("home"),
          .here = row.text("here")};
}

void Store::set_home(const std::string& id, const std::string& here) {
  write(
      session_,
      Statement::of("UPDATE {}.migration SET home = $2 WHERE id = $1", schema_),
      {id, here});
}

// An OID, an address in the heap and an xid mean nothing in a copy.
void Store::settle(const plan::Plan& plan,
                   const std::vector<std::string>& fingerprint) {
  const std::string json = plan::to_json(plan);
  write(session_,
        Statement::of("UPDATE {}.migration SET plan = $2, plan_hash = $3,"
                      " stamp = NULL, fingerprint_due = false,"
                      " updated_at = clock_timestamp() WHERE id = $1",
                      schema_),
        {plan.id, json, hash_of(json)});
  if (!fingerprint.empty()) {
    set_fingerprint(plan.id, fingerprint, "");
  }
  write(session_,
        Statement::of(
            "DELETE FROM {0}.progress AS p WHERE p.migration = $1 AND"
            " (EXISTS (SELECT FROM {0}.progress AS other WHERE NOT other.done"
            " AND other.migration = p.migration AND other.step = p.step)"
            " OR EXISTS (SELECT FROM {0}.step AS s WHERE s.status <> 'done'"
            " AND s.migration = p.migration AND s.step = p.step))",
            schema_),
        {plan.id});
  write(session_,
        Statement::of(
            "UPDATE {}.progress AS p SET relfilenode = 0, relation = coalesce(("
            "SELECT c.oid::bigint FROM pg_catalog.pg_class AS c"
            " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE p.leaf = format('\"%s\".\"%s\"',"
            " replace(n.nspname, '\"', '\"\"'),"
            " replace(c.relname, '\"', '\"\"'))), 0)"
            " WHERE p.migration = $1",
            schema_),
        {plan.id});
}

void Store::set_through(const std::string& id,
                        std::optional<plan::Phase> through) {
  run_patiently(
      session_,
      Statement::of("UPDATE {}.migration SET through = $2 WHERE id = $1",
                    schema_),
      {id, text(through)});
}

void Store::enter_phase(const std::string& id, plan::Phase phase) {
  write(session_,
        Statement::of("UPDATE {}.migration SET running = $2,"
                      " updated_at = clock_timestamp()"
                      " WHERE id = $1 AND running IS DISTINCT FROM $2",
                      schema_),
        {id, text(phase)});
}

void Store::complete_phase(const std::string& id, plan::Phase phase) {
  write(session_,
        Statement::of(
            "UPDATE {}.migration SET completed = $2, running = NULL,"
            " status = CASE $2 WHEN 'contract' THEN 'contracted'"
            " ELSE status END,"
            " switched_at = CASE $2 WHEN 'switch' THEN clock_timestamp()"
            " ELSE switched_at END,"
            " updated_at = clock_timestamp() WHERE id = $1",
            schema_),
        {id, text(phase)});
}

void Store::reopen_phase(const std::string& id, plan::Phase phase) {
  std::optional<plan::Phase> before;
  for (const plan::Phase each : plan::phases) {
    if (each < phase) {
      before = each;
    }
  }
  write(session_,
        Statement::of("UPDATE {}.migration SET completed = $2,"
                      " running = NULL, updated_at = clock_timestamp()"
                      " WHERE id = $1",
                      schema_),
        {id, text(before)});
}

void Store::set_verify_result(const std::string& id,
                              bool clean,
                              std::int64_t rows,
                              std::int64_t differences) {
  write(session_,
        Statement::of("UPDATE {}.migration SET verify_clean = $2,"
                      " verify_rows = $3, verify_differences = $4,"
                      " verify_at = clock_timestamp(),"
                      " updated_at = clock_timestamp() WHERE id = $1",
                      schema_),
        {id, text(clean), text(rows), text(differences)});
}

void Store::set_rolling_back(const std::string& id) {
  write(session_,
        Statement::of("UPDATE {}.migration SET status = 'rolling_back',"
                      " updated_at = clock_timestamp() WHERE id = $1",
                      schema_),
        {id});
}

void Store::finish_rollback(const std::string& id) {
  for (const auto* table : {"step", "progress", "quarantine"}) {
    write(session_,
          Statement::of("DELETE FROM {} WHERE migration = $1",
                        sql::TableName{schema_, Identifier(table)}),
          {id});
  }
  write(session_,
        Statement::of(
            "UPDATE {}.migration SET status = 'pending', completed = NULL,"
            " running = NULL, through = NULL, epoch = epoch + 1,"
            " paused = false, paused_by = '', live = '{{}}', in_force = '{{}}',"
            " poison = '', switched_at = NULL, verify_clean = NULL,"
            " verify_at = NULL, verify_rows = 0, verify_differences = 0,"
            " fingerprint_before = NULL, fingerprint = NULL,"
            " stamp = NULL, fingerprint_due = false,"
            " updated_at = clock_timestamp() WHERE id = $1",
            schema_),
        {id});
}

void Store::set_paused(const std::string& id,
                       bool paused,
                       const std::string& by) {
  run_patiently(session_,
                Statement::of("UPDATE {}.migration SET paused = $2,"
                              " paused_by = $3, updated_at = clock_timestamp()"
                              " WHERE id = $1",
                              schema_),
                {id, text(paused), paused ? by : std::string()});
}

}  // namespace pgexpand::state
