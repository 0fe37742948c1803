// Cursors of walks, quarantined rows, and events.
#include "pgexpand/sql/timestamp.hpp"
#include "pgexpand/state/store.hpp"
#include "state/fenced.hpp"
#include "state/reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace pgexpand::state {
namespace {

using sql::Statement;

std::string text(std::int64_t number) { return std::to_string(number); }

Progress read_progress(const Reader& row) {
  return {.migration = row.text("migration"),
          .step = row.text("step"),
          .worker = static_cast<int>(row.number("worker")),
          .relation = row.number("relation"),
          .relfilenode = row.number("relfilenode"),
          .first_block = row.number("first_block"),
          .bound_block = row.number("bound_block"),
          .next_block = row.number("next_block"),
          .blocks_done = row.number("blocks_done"),
          .key_after = row.text("key_after"),
          .key_bound = row.text("key_bound"),
          .pass = static_cast<int>(row.number("pass")),
          .round = static_cast<int>(row.number("round")),
          .round_rows = row.number("round_rows"),
          .rows = row.number("rows"),
          .differences = row.number("differences"),
          .quarantined = row.number("quarantined"),
          .wal_bytes = row.number("wal_bytes"),
          .hot_rows = row.number("hot_rows"),
          .rows_per_second = row.number("rows_per_second"),
          .eta_ms = row.number("eta_ms"),
          .eta_before_ms = row.number("eta_before_ms"),
          .waiting_for = row.text("waiting_for"),
          .updated_at = row.text("updated"),
          .done = row.flag("done")};
}

// The columns of a cursor, in the order of cells(), $4 being the first.
constexpr std::array columns{"relation",      "relfilenode",     "first_block",
                             "bound_block",   "next_block",      "blocks_done",
                             "key_after",     "key_bound",       "pass",
                             "round",         "round_rows",      "rows",
                             "differences",   "quarantined",     "wal_bytes",
                             "hot_rows",      "rows_per_second", "eta_ms",
                             "eta_before_ms", "waiting_for",     "done"};
constexpr std::size_t key_columns = 3;  ///< migration, step, worker.

std::vector<pg::Value> cells(const Progress& at) {
  return {at.migration,         at.step,
          text(at.worker),      text(at.relation),
          text(at.relfilenode), text(at.first_block),
          text(at.bound_block), text(at.next_block),
          text(at.blocks_done), at.key_after,
          at.key_bound,         text(at.pass),
          text(at.round),       text(at.round_rows),
          text(at.rows),        text(at.differences),
          text(at.quarantined), text(at.wal_bytes),
          text(at.hot_rows),    text(at.rows_per_second),
          text(at.eta_ms),      text(at.eta_before_ms),
          at.waiting_for,       at.done ? "true" : "false"};
}

/// "relation = $4, relfilenode = $5, ..."
std::string assignments() {
  std::string list;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    list += fmt::format("{} = ${}, ", columns.at(i), i + key_columns + 1);
  }
  return list + "updated_at = clock_timestamp()";
}

/// "$1, $2, ..."
std::string placeholders() {
  std::string list = "$1";
  for (std::size_t i = 2; i <= columns.size() + key_columns; ++i) {
    list += fmt::format(", ${}", i);
  }
  return list;
}

}  // namespace

std::vector<Progress> Store::progress(const std::string& id) {
  const pg::Result found =
      session_.run(Statement::of("SELECT *, {} AS updated FROM {}.progress"
                                 " WHERE migration = $1 ORDER BY step, worker",
                                 sql::rfc3339("updated_at"), schema_),
                   {id});
  std::vector<Progress> all;
  for (const pg::Row& row : found.rows) {
    all.push_back(read_progress(Reader(found, row)));
  }
  return all;
}

void Store::save_progress(const Progress& progress) {
  session_.run(
      Statement::of(
          "INSERT INTO {}.progress (migration, step, worker, {})"
          " VALUES ({}) ON CONFLICT (migration, step, worker)"
          " DO UPDATE SET {}",
          schema_, sql::Expression{fmt::format("{}", fmt::join(columns, ", "))},
          sql::Expression{placeholders()}, sql::Expression{assignments()}),
      cells(progress));
}

pg::Row Store::advance(const Progress& progress,
                       const sql::Expression& counters) {
  const pg::Result done = session_.run(
      Statement::of("UPDATE {}.progress SET {} WHERE migration = $1"
                    " AND step = $2 AND worker = $3 RETURNING {}",
                    schema_, sql::Expression{assignments()}, counters),
      cells(progress));
  if (done.rows.empty()) {
    throw fenced(progress.migration);
  }
  return done.rows.front();
}

void Store::set_waiting(const Progress& progress, const std::string& reason) {
  session_.run(
      Statement::of("UPDATE {}.progress SET waiting_for = $4"
                    " WHERE migration = $1 AND step = $2"
                    " AND worker = $3",
                    schema_),
      {progress.migration, progress.step, text(progress.worker), reason});
}

void Store::clear_progress(const std::string& id, const std::string& step) {
  session_.run(Statement::of("DELETE FROM {}.progress WHERE migration = $1"
                             " AND step = $2",
                             schema_),
               {id, step});
}

std::vector<QuarantinedRow> Store::quarantine(const std::string& id,
                                              int limit) {
  const pg::Result found =
      session_.run(Statement::of("SELECT table_name, key, sqlstate, {} AS at"
                                 " FROM {}.quarantine WHERE migration = $1"
                                 " ORDER BY table_name, key LIMIT $2",
                                 sql::rfc3339("at"), schema_),
                   {id, std::to_string(limit)});
  std::vector<QuarantinedRow> all;
  for (const pg::Row& each : found.rows) {
    const Reader row(found, each);
    all.push_back({.table = row.text("table_name"),
                   .key = row.text("key"),
                   .sqlstate = row.text("sqlstate"),
                   .at = row.text("at")});
  }
  return all;
}

std::int64_t Store::quarantine_count(const std::string& id,
                                     const std::optional<std::string>& table) {
  const pg::Result found =
      session_.run(Statement::of("SELECT count(*) AS count FROM {}.quarantine"
                                 " WHERE migration = $1"
                                 " AND table_name = coalesce($2, table_name)",
                                 schema_),
                   {id, table});
  return Reader(found, found.rows.at(0)).number("count");
}

void Store::add_quarantine(const std::string& id,
                           const std::string& table,
                           const std::string& key,
                           const std::string& sqlstate) {
  session_.run(Statement::of("INSERT INTO {}.quarantine"
                             " (migration, table_name, key, sqlstate)"
                             " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                             schema_),
               {id, table, key, sqlstate});
}

void Store::clear_quarantine(const std::string& id, const std::string& table) {
  session_.run(Statement::of("DELETE FROM {}.quarantine WHERE migration = $1"
                             " AND table_name = $2",
                             schema_),
               {id, table});
}

std::vector<Event> Store::events(const std::optional<std::string>& id) {
  const pg::Result found = session_.run(
      Statement::of(
          "SELECT {} AS at, migration, kind, detail FROM {}.event AS e"
          " WHERE $1::text IS NULL OR migration = $1 ORDER BY e.id",
          sql::rfc3339("at"), schema_),
      {id});
  std::vector<Event> all;
  for (const pg::Row& each : found.rows) {
    const Reader row(found, each);
    all.push_back({.at = row.text("at"),
                   .migration = row.text("migration"),
                   .kind = row.text("kind"),
                   .detail = row.text("detail")});
  }
  return all;
}

void Store::add_event(const std::string& id,
                      const std::string& kind,
                      const std::string& json_detail) {
  session_.run(Statement::of("INSERT INTO {}.event (migration, kind, detail)"
                             " VALUES ($1, $2, $3)",
                             schema_),
               {id, kind, json_detail});
}

}  // namespace pgexpand::state
