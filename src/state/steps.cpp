// Steps, fingerprints and the runner's row.
#include "pgexpand/sql/own_names.hpp"
#include "pgexpand/state/store.hpp"
#include "state/reader.hpp"
#include "state/write.hpp"

#include <fmt/format.h>

#include <array>

namespace pgexpand::state {
namespace {

using sql::Identifier;
using sql::Statement;

constexpr std::array step_statuses{StepStatus::pending, StepStatus::running,
                                   StepStatus::done, StepStatus::undone,
                                   StepStatus::failed};

StepStatus status_of(std::string_view word) {
  for (const StepStatus status : step_statuses) {
    if (name(status) == word) {
      return status;
    }
  }
  throw Error(ErrorKind::internal, "state.unknown-status",
              fmt::format("the state schema holds the unknown step status "
                          "'{}'",
                          word));
}

// Cannot occur in SQL text that a server deparsed.
constexpr char line_separator = '\x1f';

}  // namespace

std::string_view name(StepStatus status) noexcept {
  switch (status) {
    case StepStatus::pending:
      return "pending";
    case StepStatus::running:
      return "running";
    case StepStatus::done:
      return "done";
    case StepStatus::undone:
      return "undone";
    case StepStatus::failed:
      return "failed";
  }
  return "";
}

std::vector<StepRecord> Store::steps(const std::string& id) {
  const pg::Result found = session_.run(
      Statement::of("SELECT step, status, attempts, last_sqlstate, undo_done"
                    " FROM {}.step WHERE migration = $1 ORDER BY step",
                    schema_),
      {id});
  std::vector<StepRecord> all;
  for (const pg::Row& each : found.rows) {
    const Reader row(found, each);
    all.push_back({.step = row.text("step"),
                   .status = status_of(row.text("status")),
                   .attempts = static_cast<int>(row.number("attempts")),
                   .last_sqlstate = row.text("last_sqlstate"),
                   .undo_done = static_cast<int>(row.number("undo_done"))});
  }
  return all;
}

void Store::set_step(const std::string& id,
                     const std::string& step,
                     StepStatus status,
                     const std::string& sqlstate) {
  const bool counts =
      status == StepStatus::running || status == StepStatus::failed;
  write(session_,
        Statement::of("INSERT INTO {}.step AS s"
                      " (migration, step, status, attempts, last_sqlstate)"
                      " VALUES ($1, $2, $3, $4, $5)"
                      " ON CONFLICT (migration, step) DO UPDATE SET"
                      " status = excluded.status,"
                      " attempts = s.attempts + excluded.attempts,"
                      " last_sqlstate = CASE excluded.last_sqlstate WHEN ''"
                      " THEN s.last_sqlstate ELSE excluded.last_sqlstate END,"
                      " updated_at = clock_timestamp()",
                      schema_),
        {id, step, std::string(name(status)), counts ? "1" : "0", sqlstate});
}

void Store::set_undo_done(const std::string& id,
                          const std::string& step,
                          int undo_done) {
  write(session_,
        Statement::of("UPDATE {}.step SET undo_done = $3,"
                      " updated_at = clock_timestamp()"
                      " WHERE migration = $1 AND step = $2",
                      schema_),
        {id, step, std::to_string(undo_done)});
}

std::vector<std::string> Store::lines_of(const std::string& id,
                                         const Identifier& column) {
  const pg::Result found =
      session_.run(Statement::of("SELECT l.line FROM {}.migration AS m,"
                                 " unnest(m.{}) WITH ORDINALITY AS l (line, at)"
                                 " WHERE m.id = $1 ORDER BY l.at",
                                 schema_, column),
                   {id});
  std::vector<std::string> lines;
  for (const pg::Row& row : found.rows) {
    lines.push_back(row.at(0).value_or(""));
  }
  return lines;
}

std::vector<std::string> Store::fingerprint(const std::string& id) {
  return lines_of(id, Identifier("fingerprint"));
}

std::vector<std::string> Store::fingerprint_before(const std::string& id) {
  return lines_of(id, Identifier("fingerprint_before"));
}

std::vector<std::string> Store::names_of_others(const std::string& id) {
  const pg::Result found = session_.run(
      Statement::of(
          "SELECT plan FROM {}.migration WHERE id <> $1 AND plan IS NOT NULL",
          schema_),
      {id});
  std::vector<std::string> names;
  for (const pg::Row& row : found.rows) {
    try {
      for (const Identifier& own :
           plan::from_json(row.at(0).value_or("")).own) {
        names.push_back(own.name());
        if (sql::is_sync_trigger_name(own)) {
          for (const Identifier& trigger : sql::version_trigger_names(own)) {
            names.push_back(trigger.name());
          }
        }
      }
    } catch (const Error&) {
      // Of another release, or broken: it stops its own commands, not others.
    }
  }
  return names;
}

void Store::set_fingerprint(const std::string& id,
                            const std::vector<std::string>& lines,
                            const std::string& stamp) {
  std::string joined;
  for (const std::string& line : lines) {
    joined += (joined.empty() ? "" : std::string(1, line_separator)) + line;
  }
  write(session_,
        Statement::of("UPDATE {}.migration SET"
                      " fingerprint = string_to_array($2, chr(31)),"
                      " fingerprint_before = coalesce(fingerprint_before,"
                      " string_to_array($2, chr(31))),"
                      " stamp = nullif($3, '')::text[], fingerprint_due = false"
                      " WHERE id = $1",
                      schema_),
        {id, joined, stamp});
}

CatalogStamp Store::stamp(const std::string& id, const sql::Expression& now) {
  const pg::Result found = session_.run(
      Statement::of("SELECT m.stamp::text AS stored, m.fingerprint_due AS due,"
                    " {}::text AS now FROM {}.migration AS m WHERE m.id = $1",
                    now, schema_),
      {id});
  if (found.rows.empty()) {
    return {};
  }
  const Reader row(found, found.rows.front());
  return {.stored = row.text("stored"),
          .is_due = row.flag("due"),
          .now = row.text("now")};
}

void Store::note_stamp(const std::string& id, const sql::Expression& now) {
  write(session_,
        Statement::of("UPDATE {}.migration AS m SET stamp = s.stamp,"
                      " fingerprint_due = m.fingerprint_due"
                      " OR m.stamp IS DISTINCT FROM s.stamp"
                      " FROM (SELECT {} AS stamp) AS s WHERE m.id = $1",
                      schema_, now),
        {id});
}

RunnerRecord Store::runner() {
  const pg::Result found = session_.run(Statement::of(
      "SELECT epoch, control_pid, control_start, work_pid, work_start, host,"
      " process, started_at FROM {}.runner",
      schema_));
  if (found.rows.empty()) {
    return {};
  }
  const Reader row(found, found.rows.front());
  return {.epoch = row.number("epoch"),
          .control_pid = static_cast<int>(row.number("control_pid")),
          .control_start = row.text("control_start"),
          .work_pid = static_cast<int>(row.number("work_pid")),
          .work_start = row.text("work_start"),
          .host = row.text("host"),
          .process = static_cast<int>(row.number("process")),
          .started_at = row.text("started_at")};
}

std::int64_t Store::register_runner(const RunnerRecord& record,
                                    std::int64_t before) {
  const pg::Result done = session_.run(
      Statement::of(
          "UPDATE {}.runner SET epoch = epoch + 1, control_pid = $2,"
          " control_start = $3, work_pid = $4, work_start = $5, host = $6,"
          " process = $7, started_at = clock_timestamp()"
          " WHERE epoch = $1 RETURNING epoch",
          schema_),
      {std::to_string(before), std::to_string(record.control_pid),
       record.control_start, std::to_string(record.work_pid), record.work_start,
       record.host, std::to_string(record.process)});
  if (done.rows.empty()) {
    throw Error(ErrorKind::busy, "runner.fenced",
                "another pgexpand took the lease at the same moment")
        .hint("run the same command again");
  }
  session_.run(Statement::of("DELETE FROM {}.backend", schema_));
  session_.run(
      Statement::of("UPDATE {}.migration SET epoch = epoch + 1"
                    " WHERE status IN ('in_progress', 'rolling_back')",
                    schema_));
  return Reader(done, done.rows.front()).number("epoch");
}

// FOR SHARE: a rival that registers waits, then finds our row and ends us.
void Store::add_backend(std::int64_t epoch,
                        int pid,
                        const std::string& backend_start) {
  const pg::Result added = session_.run(
      Statement::of("WITH r AS (SELECT FROM {0}.runner WHERE epoch = $1"
                    " FOR SHARE)"
                    " INSERT INTO {0}.backend (pid, backend_start)"
                    " SELECT $2, $3::timestamptz FROM r",
                    schema_),
      {std::to_string(epoch), std::to_string(pid), backend_start});
  if (added.affected_rows == 0) {
    throw Error(ErrorKind::busy, "runner.fenced",
                "another pgexpand took over meanwhile")
        .hint("run pgexpand status to see who is at work");
  }
}

}  // namespace pgexpand::state
