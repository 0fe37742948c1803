// Cursors of walks, quarantined rows, and events.
#include "pgexpand/sql/timestamp.hpp"
#include "pgexpand/state/store.hpp"
#include "state/reader.hpp"
#include "state/write.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

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

/// A column of a cursor and its value.
struct Cell {
  std::string_view column;
  std::string value;
};

std::vector<Cell> cells(const Progress& at) {
  return {{"relation", text(at.relation)},
          {"relfilenode", text(at.relfilenode)},
          {"first_block", text(at.first_block)},
          {"bound_block", text(at.bound_block)},
          {"next_block", text(at.next_block)},
          {"blocks_done", text(at.blocks_done)},
          {"key_after", at.key_after},
          {"key_bound", at.key_bound},
          {"pass", text(at.pass)},
          {"round", text(at.round)},
          {"round_rows", text(at.round_rows)},
          {"rows", text(at.rows)},
          {"differences", text(at.differences)},
          {"quarantined", text(at.quarantined)},
          {"wal_bytes", text(at.wal_bytes)},
          {"hot_rows", text(at.hot_rows)},
          {"rows_per_second", text(at.rows_per_second)},
          {"eta_ms", text(at.eta_ms)},
          {"eta_before_ms", text(at.eta_before_ms)},
          {"waiting_for", at.waiting_for},
          {"done", at.done ? "true" : "false"}};
}

constexpr std::size_t key_columns = 3;  ///< migration, step, worker.

/// The key, then the cells.
std::vector<pg::Value> parameters_of(const Progress& at,
                                     const std::vector<Cell>& cells) {
  std::vector<pg::Value> values{at.migration, at.step, text(at.worker)};
  for (const Cell& cell : cells) {
    values.emplace_back(cell.value);
  }
  return values;
}

/// "relation = $4, relfilenode = $5, …, "
std::string assignments(const std::vector<Cell>& cells) {
  std::string list;
  std::size_t number = key_columns;
  for (const Cell& cell : cells) {
    list += fmt::format("{} = ${}, ", cell.column, ++number);
  }
  return list;
}

std::string names_of(const std::vector<Cell>& cells) {
  std::vector<std::string_view> names;
  for (const Cell& cell : cells) {
    names.push_back(cell.column);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// "$1, $2, …"
std::string placeholders(std::size_t count) {
  std::string list = "$1";
  for (std::size_t i = 2; i <= count; ++i) {
    list += fmt::format(", ${}", i);
  }
  return list;
}

constexpr auto now = "updated_at = clock_timestamp()";

// What a batch adds to instead.
constexpr std::array counted{"round_rows", "rows", "differences",
                             "quarantined"};
constexpr auto added_counts =
    "round_rows = p.round_rows + work.rows, rows = p.rows + work.rows,"
    " differences = p.differences + work.differences,"
    " quarantined = p.quarantined + work.quarantined, ";

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
  const auto values = cells(progress);
  const std::string set = assignments(values) + now;
  write(
      session_,
      Statement::of("INSERT INTO {}.progress (migration, step, worker, {})"
                    " VALUES ({}) ON CONFLICT (migration, step, worker)"
                    " DO UPDATE SET {}",
                    schema_, sql::Expression{names_of(values)},
                    sql::Expression{placeholders(values.size() + key_columns)},
                    sql::Expression{set}),
      parameters_of(progress, values));
}

void Store::queue_advance(const Progress& after,
                          const Work& work,
                          const sql::Expression& counters) {
  auto values = cells(after);
  std::erase_if(values, [](const Cell& cell) {
    return std::ranges::find(counted, cell.column) != counted.end();
  });
  const std::string set = assignments(values) + added_counts + now;
  session_.queue(
      Statement::of(
          "WITH {}work(rows, differences, quarantined, found) AS ({})"
          " UPDATE {}.progress AS p SET {} FROM work WHERE p.migration = $1"
          " AND p.step = $2 AND p.worker = $3 RETURNING work.rows,"
          " work.differences, work.quarantined, work.found, {}",
          sql::Expression{work.with.text.empty() ? "" : work.with.text + ", "},
          work.counts, schema_, sql::Expression{set}, counters),
      parameters_of(after, values));
}

void Store::set_waiting(const Progress& progress, const std::string& reason) {
  write(session_,
        Statement::of("UPDATE {}.progress SET waiting_for = $4"
                      " WHERE migration = $1 AND step = $2"
                      " AND worker = $3",
                      schema_),
        {progress.migration, progress.step, text(progress.worker), reason});
}

void Store::clear_progress(const std::string& id, const std::string& step) {
  write(session_,
        Statement::of("DELETE FROM {}.progress WHERE migration = $1"
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

std::vector<QuarantineCause> Store::quarantine_causes(
    const std::string& id, const std::string& table) {
  const pg::Result found = session_.run(
      Statement::of("SELECT sqlstate, coalesce(constraint_name, '') AS name,"
                    " count(*) AS rows FROM {}.quarantine"
                    " WHERE migration = $1 AND table_name = $2"
                    " GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
                    schema_),
      {id, table});
  std::vector<QuarantineCause> all;
  for (const pg::Row& each : found.rows) {
    const Reader row(found, each);
    all.push_back({.sqlstate = row.text("sqlstate"),
                   .constraint = row.text("name"),
                   .rows = row.number("rows")});
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
  write(session_,
        Statement::of("INSERT INTO {}.quarantine"
                      " (migration, table_name, key, sqlstate)"
                      " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                      schema_),
        {id, table, key, sqlstate});
}

void Store::clear_quarantine(const std::string& id, const std::string& table) {
  write(session_,
        Statement::of("DELETE FROM {}.quarantine WHERE migration = $1"
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
  write(session_,
        Statement::of("INSERT INTO {}.event (migration, kind, detail)"
                      " VALUES ($1, $2, $3)",
                      schema_),
        {id, kind, json_detail});
}

}  // namespace pgexpand::state
