// What a batch asks of the migration's row, and who changes it meanwhile.
#include "pgexpand/state/store.hpp"
#include "state/patience.hpp"
#include "state/reader.hpp"
#include "state/write.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace pgexpand::state {
namespace {

using sql::Statement;

std::string to_text(const WalkSettings& settings) {
  return nlohmann::json(settings).dump();
}

}  // namespace

Error fenced(const std::string& migration) {
  return Error(
             ErrorKind::busy, "runner.fenced",
             fmt::format("another pgexpand took over migration {}", migration))
      .hint("run pgexpand status to see who is at work");
}

WalkSettings read_settings(const std::string& json) {
  WalkSettings settings;
  const auto read = nlohmann::json::parse(json, nullptr, false);
  if (!read.is_object()) {
    throw Error(ErrorKind::internal, "state.bad-settings",
                "the state schema holds settings that cannot be read");
  }
  for (const auto& [name, value] : read.items()) {
    if (value.is_number_integer()) {
      settings[name] = value.get<std::int64_t>();
    }
  }
  return settings;
}

void Store::set_live(const std::string& id, const WalkSettings& changes) {
  run_patiently(
      session_,
      Statement::of("UPDATE {}.migration SET live = live || $2::jsonb,"
                    " updated_at = clock_timestamp() WHERE id = $1",
                    schema_),
      {id, to_text(changes)});
}

void Store::set_in_force(const std::string& id, const WalkSettings& settings) {
  write(
      session_,
      Statement::of("UPDATE {}.migration SET in_force = $2::jsonb WHERE id = $1"
                    " AND in_force <> $2::jsonb",
                    schema_),
      {id, to_text(settings)});
}

// FOR SHARE, not UPDATE: workers must not wait for each other, but a take-over
// and a pause must wait for the batch.
Store::BatchOrders Store::begin_batch(const std::string& id,
                                      std::int64_t epoch,
                                      const sql::Expression& counters) {
  constexpr std::size_t own_columns = 4;
  const pg::Result found = session_.run(
      Statement::of("SELECT m.epoch, m.paused, m.paused_by, m.live, {}"
                    " FROM {}.migration AS m WHERE m.id = $1 FOR SHARE OF m",
                    counters, schema_),
      {id});
  if (found.rows.empty()) {
    throw fenced(id);
  }
  const pg::Row& cells = found.rows.front();
  const Reader row(found, cells);
  if (row.number("epoch") != epoch) {
    throw fenced(id);
  }
  return {.pause = row.flag("paused"),
          .paused_by = row.text("paused_by"),
          .live = read_settings(row.text("live")),
          .counters = {cells.begin() + own_columns, cells.end()}};
}

void Store::queue_orders(const Progress& before,
                         std::int64_t epoch,
                         const sql::Expression& counters) {
  const std::string place =
      fmt::format("{} {} {} {}", before.next_block, before.pass,
                  before.blocks_done, before.key_after);
  session_.queue(
      Statement::of("SELECT {}.take_orders($1, $2, $3, $4, $5)::text, {}",
                    schema_, counters),
      {before.migration, std::to_string(epoch), before.step,
       std::to_string(before.worker), place});
}

}  // namespace pgexpand::state
