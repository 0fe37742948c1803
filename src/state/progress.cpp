// Cursors of walks, quarantined rows, and events.
#include "pgexpand/state/store.hpp"
#include "state/fenced.hpp"
#include "state/reader.hpp"

namespace pgexpand::state {
namespace {

using sql::Statement;

std::string text(std::int64_t number) { return std::to_string(number); }

// Of `p` the cursor, of `m` the live settings; see Store::set_live.
constexpr auto progress_columns =
    "p.step, p.worker, p.relfilenode, p.bound_block, p.next_block, p.pass,"
    " p.round, p.round_rows, p.rows, p.differences, p.repaired,"
    " p.quarantined, p.wal_bytes, p.hot_rows, p.waiting_for, p.done,"
    " to_char(p.updated_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS updated_at,"
    " m.batch_rows, m.pause_ms";

Progress read_progress(const std::string& id, const Reader& row) {
  return {.migration = id,
          .step = row.text("step"),
          .worker = static_cast<int>(row.number("worker")),
          .relfilenode = row.number("relfilenode"),
          .bound_block = row.number("bound_block"),
          .next_block = row.number("next_block"),
          .pass = static_cast<int>(row.number("pass")),
          .round = static_cast<int>(row.number("round")),
          .round_rows = row.number("round_rows"),
          .rows = row.number("rows"),
          .differences = row.number("differences"),
          .repaired = row.number("repaired"),
          .quarantined = row.number("quarantined"),
          .batch_rows = row.number("batch_rows"),
          .pause_ms = row.number("pause_ms"),
          .wal_bytes = row.number("wal_bytes"),
          .hot_rows = row.number("hot_rows"),
          .waiting_for = row.text("waiting_for"),
          .updated_at = row.text("updated_at"),
          .done = row.flag("done")};
}

}  // namespace

std::vector<Progress> Store::progress(const std::string& id) {
  const pg::Result found = session_.run(
      Statement::of("SELECT {} FROM {}.progress AS p JOIN {}.migration AS m"
                    " ON m.id = p.migration WHERE p.migration = $1"
                    " ORDER BY p.step, p.worker",
                    sql::Expression{progress_columns}, schema_, schema_),
      {id});
  std::vector<Progress> all;
  for (const pg::Row& row : found.rows) {
    all.push_back(read_progress(id, Reader(found, row)));
  }
  return all;
}

// FOR SHARE, not UPDATE: workers must not wait for each other, but a take-over
// and a pause must wait for the batch.
Store::BatchOrders Store::begin_batch(const std::string& id,
                                      std::int64_t epoch,
                                      const std::string& step,
                                      int worker) {
  const pg::Result found = session_.run(
      Statement::of("SELECT m.epoch, m.paused, m.paused_by, {}"
                    " FROM {}.migration AS m LEFT JOIN {}.progress AS p"
                    " ON p.migration = m.id AND p.step = $2 AND p.worker = $3"
                    " WHERE m.id = $1 FOR SHARE OF m",
                    sql::Expression{progress_columns}, schema_, schema_),
      {id, step, text(worker)});
  if (found.rows.empty()) {
    throw fenced(id);
  }
  const Reader row(found, found.rows.front());
  if (row.number("epoch") != epoch) {
    throw fenced(id);
  }
  Progress progress = read_progress(id, row);
  progress.step = step;
  progress.worker = worker;
  return {.pause = row.flag("paused"),
          .paused_by = row.text("paused_by"),
          .progress = std::move(progress)};
}

void Store::save_progress(const Progress& progress) {
  session_.run(
      Statement::of(
          "INSERT INTO {}.progress (migration, step, worker, relfilenode,"
          " bound_block, next_block, pass, round, round_rows, rows,"
          " differences, repaired, quarantined, wal_bytes, hot_rows,"
          " waiting_for, done)"
          " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
          " $14, $15, $16, $17)"
          " ON CONFLICT (migration, step, worker) DO UPDATE SET"
          " relfilenode = excluded.relfilenode,"
          " bound_block = excluded.bound_block,"
          " next_block = excluded.next_block, pass = excluded.pass,"
          " round = excluded.round, round_rows = excluded.round_rows,"
          " rows = excluded.rows, differences = excluded.differences,"
          " repaired = excluded.repaired,"
          " quarantined = excluded.quarantined,"
          " wal_bytes = excluded.wal_bytes, hot_rows = excluded.hot_rows,"
          " waiting_for = excluded.waiting_for, done = excluded.done,"
          " updated_at = clock_timestamp()",
          schema_),
      {progress.migration, progress.step, text(progress.worker),
       text(progress.relfilenode), text(progress.bound_block),
       text(progress.next_block), text(progress.pass), text(progress.round),
       text(progress.round_rows), text(progress.rows),
       text(progress.differences), text(progress.repaired),
       text(progress.quarantined), text(progress.wal_bytes),
       text(progress.hot_rows), progress.waiting_for,
       progress.done ? "true" : "false"});
}

void Store::clear_progress(const std::string& id, const std::string& step) {
  session_.run(Statement::of("DELETE FROM {}.progress WHERE migration = $1"
                             " AND step = $2",
                             schema_),
               {id, step});
}

std::vector<QuarantinedRow> Store::quarantine(const std::string& id,
                                              int limit) {
  const pg::Result found = session_.run(
      Statement::of("SELECT table_name, key, sqlstate,"
                    " to_char(at, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS at"
                    " FROM {}.quarantine WHERE migration = $1"
                    " ORDER BY table_name, key LIMIT $2",
                    schema_),
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
          "SELECT to_char(at, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS at,"
          " migration, kind, detail FROM {}.event AS e"
          " WHERE $1::text IS NULL OR migration = $1 ORDER BY e.id",
          schema_),
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
