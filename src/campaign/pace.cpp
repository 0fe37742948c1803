#include "pgexpand/campaign/pace.hpp"

#include <array>
#include <string>

namespace pgexpand::campaign {
namespace {

struct LiveSetting {
  std::string_view key;   ///< As spec::setting_names() has it.
  std::string_view name;  ///< As backfill::values_of() has it.
};

constexpr std::array live_settings{
    LiveSetting{"backfill.batch_rows", "batch_rows"},
    LiveSetting{"backfill.batch_target", "batch_target_ms"},
    LiveSetting{"backfill.pause", "pause_ms"},
    LiveSetting{"backfill.workers", "workers"},
    LiveSetting{"backfill.max_lag", "max_lag_ms"},
    LiveSetting{"backfill.max_active", "max_active"},
    LiveSetting{"backfill.max_wal", "max_wal_bytes"},
    LiveSetting{"backfill.max_wait", "max_wait_ms"},
    LiveSetting{"backfill.pinned", "wait_while_pinned"},
};

}  // namespace

backfill::Pace pace_of(const spec::Settings& settings) {
  backfill::Pace pace;
  pace.batch_rows = settings.backfill_batch_rows;
  pace.batch_target = settings.backfill_batch_target;
  pace.pause = settings.backfill_pause;
  pace.lock_timeout = settings.lock_timeout;
  pace.workers = settings.backfill_workers;
  pace.limits.max_lag = settings.backfill_max_lag;
  pace.limits.max_active = settings.backfill_max_active;
  pace.limits.max_wal = settings.backfill_max_wal_bytes;
  pace.limits.max_wait = settings.backfill_max_wait;
  pace.limits.wait_while_pinned = settings.backfill_pinned == "wait";
  pace.limits.throttle_file = settings.backfill_throttle_file;
  pace.limits.throttle_query = settings.backfill_throttle_query;
  return pace;
}

state::WalkSettings live_value(std::string_view key,
                               const spec::Settings& settings) {
  const auto values = backfill::values_of(pace_of(settings));
  for (const LiveSetting& setting : live_settings) {
    if (setting.key == key) {
      const std::string name(setting.name);
      return {{name, values.at(name)}};
    }
  }
  return {};
}

std::vector<std::string> live_keys() {
  std::vector<std::string> keys;
  for (const spec::SettingName& name : spec::setting_names()) {
    if (name.live) {
      keys.emplace_back(name.key.substr(name.key.find('.') + 1));
    }
  }
  return keys;
}

}  // namespace pgexpand::campaign
