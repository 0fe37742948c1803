#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/spec/migration_spec.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::spec {

using std::chrono::milliseconds;

/// Every setting of product.md §5 with its built-in default.
struct Settings {
  std::string dir = "migrations";
  std::string state_schema = "pgexpand";
  std::string versions = "none";
  std::string versions_alias;
  milliseconds lock_timeout{300};
  milliseconds lock_hold{500};
  milliseconds lock_budget{600'000};
  milliseconds step_budget{30'000};
  milliseconds runner_wait{60'000};
  std::optional<milliseconds> runner_max_runtime;
  std::int64_t backfill_batch_rows = 10'000;
  milliseconds backfill_batch_target{100};
  milliseconds backfill_pause{100};
  int backfill_workers = 1;
  std::optional<milliseconds> backfill_max_lag{10'000};
  std::optional<int> backfill_max_active;
  std::optional<std::int64_t> backfill_max_wal_bytes;
  std::optional<milliseconds> backfill_max_wait;
  std::string backfill_pinned = "proceed";
  std::optional<std::string> backfill_throttle_file;
  std::optional<std::string> backfill_throttle_query;
  std::string column_order = "ask";
  milliseconds contract_after{0};
};

/// One setting's spellings. The table of all of them drives flags, variables,
/// files, `config` and `set`.
struct SettingName {
  std::string_view key;       ///< "backfill.batch_rows"
  std::string_view flag;      ///< "--batch-rows"; empty: none.
  std::string_view variable;  ///< "PGEXPAND_BATCH_ROWS"; empty: none.
  std::string_view help;
  bool in_spec = false;  ///< May stand in a spec's `settings`.
};
[[nodiscard]] const std::vector<SettingName>& setting_names();

/// Sets one setting from its text. Returns what is wrong, or nullopt.
[[nodiscard]] std::optional<std::string> set_setting(Settings& settings,
                                                     std::string_view key,
                                                     std::string_view text);
/// The text set_setting reads back; "off" for an absent one.
[[nodiscard]] std::string get_setting(const Settings& settings,
                                      std::string_view key);

/// A value with where it came from, for `pgexpand config`.
struct SettingValue {
  std::string text;
  std::string source;  ///< "built-in", "pgexpand.yaml:3", "PGEXPAND_PAUSE", …
};

/// pgexpand.yaml, read: defaults, environments, dsn.
struct ConfigFile {
  std::string path;
  std::map<std::string, SettingValue> defaults;
  std::map<std::string, std::map<std::string, SettingValue>> environments;
  std::map<std::string, std::string> environment_dsn;
  std::optional<std::string> dsn;
};
[[nodiscard]] ConfigFile parse_config(std::string_view text,
                                      const std::string& file,
                                      Diagnostics& findings);

/// Flag > variable > spec > environment > defaults > built-in.
struct SettingLayers {
  std::map<std::string, SettingValue> flags;
  std::map<std::string, SettingValue> variables;
  std::map<std::string, SettingValue> environment;
  std::map<std::string, SettingValue> defaults;
};
/// The settings for one migration (`spec` null: for none), and their sources.
/// Findings for values that do not read.
[[nodiscard]] Settings resolve(
    const SettingLayers& layers,
    const MigrationSpec* spec,
    Diagnostics& findings,
    std::map<std::string, SettingValue>* sources = nullptr);

}  // namespace pgexpand::spec
