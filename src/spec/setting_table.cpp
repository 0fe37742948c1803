#include "spec/setting_table.hpp"

#include <algorithm>

namespace pgexpand::spec {
namespace {

using namespace std::chrono_literals;

// The server keeps its timeouts in 31 bits of milliseconds: a little more than
// 24 days. Zero would switch them off, so they begin at 1 ms.
constexpr milliseconds min_timeout = 1ms;
constexpr milliseconds max_timeout = 24h * 24;
constexpr milliseconds max_wait = 24h * 365;

constexpr bool in_spec = true;

std::vector<Setting> general_settings() {
  return {
      {{"dir", "--dir", "PGEXPAND_DIR", "folder of the specs"},
       TextMember{&Settings::dir}},
      {{"state_schema", "--state-schema", "PGEXPAND_STATE_SCHEMA",
        "schema of the state tables"},
       TextMember{&Settings::state_schema}},
      {{"versions", "", "", "how the new shape is shown: none or views"},
       ChoiceMember{&Settings::versions, "none", "views"}},
      {{"versions_alias", "", "", "schema that always is the newest version"},
       SchemaMember{&Settings::versions_alias}},
      {{"column_order", "", "",
        "may contract move a column to the end of the row: ask or free"},
       ChoiceMember{&Settings::column_order, "ask", "free"}},
  };
}

std::vector<Setting> step_settings() {
  return {
      {{"lock.timeout", "--lock-timeout", "PGEXPAND_LOCK_TIMEOUT",
        "longest wait for a table lock, per attempt", in_spec},
       DurationMember{&Settings::lock_timeout, min_timeout, max_timeout}},
      {{"lock.hold", "--lock-hold", "PGEXPAND_LOCK_HOLD",
        "longest time a blocking step may run once it has its lock", in_spec},
       DurationMember{&Settings::lock_hold, min_timeout, max_timeout}},
      {{"lock.budget", "--lock-budget", "PGEXPAND_LOCK_BUDGET",
        "total time for all attempts of one step, then exit 4", in_spec},
       DurationMember{&Settings::lock_budget, min_timeout, max_wait}},
      {{"step.budget", "--step-budget", "PGEXPAND_STEP_BUDGET",
        "longest time for a step that blocks only DDL", in_spec},
       DurationMember{&Settings::step_budget, min_timeout, max_timeout}},
      {{"runner.wait", "--wait-lock", "PGEXPAND_WAIT_LOCK",
        "how long to wait for another runner; 0 fails at once"},
       DurationMember{&Settings::runner_wait, 0ms, max_wait}},
      {{"runner.max_runtime", "--max-runtime", "PGEXPAND_MAX_RUNTIME",
        "stop at a batch boundary after this time, exit 6"},
       OptionalDurationMember{&Settings::runner_max_runtime, min_timeout,
                              max_wait}},
  };
}

std::vector<Setting> pace_settings() {
  return {
      {{"backfill.batch_rows", "--batch-rows", "PGEXPAND_BATCH_ROWS",
        "rows per batch, the upper bound", in_spec},
       LargeCountMember{&Settings::backfill_batch_rows, 10, 1'000'000}},
      {{"backfill.batch_target", "--batch-target", "PGEXPAND_BATCH_TARGET",
        "a batch that takes longer makes the next one smaller", in_spec},
       DurationMember{&Settings::backfill_batch_target, 1ms, 1h}},
      {{"backfill.pause", "--pause", "PGEXPAND_PAUSE", "sleep between batches",
        in_spec},
       DurationMember{&Settings::backfill_pause, 0ms, 1h}},
      {{"backfill.workers", "--workers", "PGEXPAND_WORKERS",
        "parallel connections", in_spec},
       CountMember{&Settings::backfill_workers, 1, 64}},
  };
}

std::vector<Setting> throttle_settings() {
  return {
      {{"backfill.max_lag", "--max-lag", "PGEXPAND_MAX_LAG",
        "replica lag that pauses the backfill", in_spec},
       OptionalDurationMember{&Settings::backfill_max_lag, 1ms, max_wait}},
      {{"backfill.max_active", "--max-active", "PGEXPAND_MAX_ACTIVE",
        "active client backends that pause it", in_spec},
       OptionalCountMember{&Settings::backfill_max_active, 1, 100'000}},
      {{"backfill.max_wal", "--max-wal", "PGEXPAND_MAX_WAL",
        "WAL per second that slows it", in_spec},
       OptionalSizeMember{&Settings::backfill_max_wal_bytes, 1024}},
      {{"backfill.max_wait", "--max-wait", "PGEXPAND_MAX_WAIT",
        "throttled longer than this: exit 6", in_spec},
       OptionalDurationMember{&Settings::backfill_max_wait, 1ms, max_wait}},
      {{"backfill.pinned", "--pinned", "PGEXPAND_PINNED",
        "when the xmin horizon is pinned: wait or proceed", in_spec},
       ChoiceMember{&Settings::backfill_pinned, "wait", "proceed"}},
      {{"backfill.throttle_file", "--throttle-file", "PGEXPAND_THROTTLE_FILE",
        "pause while this file exists", in_spec},
       OptionalTextMember{&Settings::backfill_throttle_file}},
      {{"backfill.throttle_query", "--throttle-query",
        "PGEXPAND_THROTTLE_QUERY", "SQL: a true result or an error pauses it",
        in_spec},
       OptionalTextMember{&Settings::backfill_throttle_query}},
      {{"contract.after", "--contract-after", "PGEXPAND_CONTRACT_AFTER",
        "minimum age of switch before contract is legal", in_spec},
       DurationMember{&Settings::contract_after, 0ms, max_wait}},
  };
}

std::vector<Setting> make_table() {
  std::vector<Setting> table;
  for (const auto& part : {general_settings(), step_settings(), pace_settings(),
                           throttle_settings()}) {
    table.insert(table.end(), part.begin(), part.end());
  }
  return table;
}

}  // namespace

const std::vector<Setting>& setting_table() {
  static const std::vector<Setting> table = make_table();
  return table;
}

const Setting* find_setting(std::string_view key) {
  const auto& table = setting_table();
  const auto found = std::ranges::find(
      table, key, [](const Setting& setting) { return setting.name.key; });
  return found == table.end() ? nullptr : &*found;
}

}  // namespace pgexpand::spec
