#include "pgexpand/backfill/live_settings.hpp"

#include <algorithm>
#include <array>

namespace pgexpand::backfill {
namespace {

constexpr std::int64_t off = -1;

std::int64_t value_of(std::int64_t field) { return field; }

std::int64_t value_of(milliseconds field) { return field.count(); }

template <typename Field>
std::int64_t value_of(const std::optional<Field>& limit) {
  return limit ? value_of(*limit) : off;
}

void set(std::int64_t& field, std::int64_t value) { field = value; }

void set(int& field, std::int64_t value) { field = static_cast<int>(value); }

void set(bool& field, std::int64_t value) { field = value != 0; }

void set(milliseconds& field, std::int64_t value) {
  field = milliseconds(value);
}

template <typename Field>
void set(std::optional<Field>& limit, std::int64_t value) {
  limit = value == off ? std::nullopt : std::optional(Field(value));
}

/// The field that the pointers to members lead to.
template <auto... path>
auto& at(auto& pace) {
  return (pace.*....*path);
}

template <auto... path>
constexpr LiveSetting row(std::string_view key, std::string_view name) {
  return {.key = key,
          .name = name,
          .read = [](const Pace& pace) { return value_of(at<path...>(pace)); },
          .write = [](Pace& pace,
                      std::int64_t value) { set(at<path...>(pace), value); }};
}

constexpr std::array table{
    row<&Pace::batch_rows>("batch_rows", "batch_rows"),
    row<&Pace::batch_target>("batch_target", "batch_target_ms"),
    row<&Pace::pause>("pause", "pause_ms"),
    row<&Pace::workers>("workers", "workers"),
    row<&Pace::limits, &Limits::max_lag>("max_lag", "max_lag_ms"),
    row<&Pace::limits, &Limits::max_active>("max_active", "max_active"),
    row<&Pace::limits, &Limits::max_wal>("max_wal", "max_wal_bytes"),
    row<&Pace::limits, &Limits::max_wait>("max_wait", "max_wait_ms"),
    row<&Pace::limits, &Limits::wait_while_pinned>("pinned",
                                                   "wait_while_pinned"),
};

}  // namespace

std::span<const LiveSetting> live_settings() { return table; }

state::WalkSettings values_of(const Pace& pace) {
  state::WalkSettings values;
  for (const LiveSetting& setting : table) {
    values[std::string(setting.name)] = setting.read(pace);
  }
  return values;
}

Pace with(Pace pace, const state::WalkSettings& changes) {
  for (const LiveSetting& setting : table) {
    const auto change = changes.find(std::string(setting.name));
    if (change != changes.end()) {
      setting.write(pace, change->second);
    }
  }
  return pace;
}

}  // namespace pgexpand::backfill
