#include "pgexpand/campaign/pace.hpp"

#include "pgexpand/backfill/live_settings.hpp"

#include <string>

namespace pgexpand::campaign {
namespace {

/// Settings of a walk begin so.
constexpr std::string_view section = "backfill.";

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
  for (const backfill::LiveSetting& setting : backfill::live_settings()) {
    if (key.starts_with(section) && key.substr(section.size()) == setting.key) {
      return {{std::string(setting.name), setting.read(pace_of(settings))}};
    }
  }
  return {};
}

std::vector<std::string> live_keys() {
  std::vector<std::string> keys;
  for (const backfill::LiveSetting& setting : backfill::live_settings()) {
    keys.emplace_back(setting.key);
  }
  return keys;
}

}  // namespace pgexpand::campaign
