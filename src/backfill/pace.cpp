#include "pgexpand/backfill/engine.hpp"

namespace pgexpand::backfill {
namespace {

constexpr std::int64_t off = -1;

std::int64_t value_of(const std::optional<milliseconds>& limit) {
  return limit ? limit->count() : off;
}

std::int64_t value_of(const std::optional<std::int64_t>& limit) {
  return limit.value_or(off);
}

void set(milliseconds& field, std::int64_t value) {
  field = milliseconds(value);
}

void set(std::optional<milliseconds>& field, std::int64_t value) {
  field = value == off ? std::nullopt : std::optional(milliseconds(value));
}

void set(std::optional<std::int64_t>& field, std::int64_t value) {
  field = value == off ? std::nullopt : std::optional(value);
}

}  // namespace

state::WalkSettings values_of(const Pace& pace) {
  return {{"batch_rows", pace.batch_rows},
          {"batch_target_ms", pace.batch_target.count()},
          {"pause_ms", pace.pause.count()},
          {"workers", pace.workers},
          {"max_lag_ms", value_of(pace.limits.max_lag)},
          {"max_active", value_of(pace.limits.max_active)},
          {"max_wal_bytes", value_of(pace.limits.max_wal)},
          {"max_wait_ms", value_of(pace.limits.max_wait)},
          {"wait_while_pinned", pace.limits.wait_while_pinned ? 1 : 0}};
}

Pace with(Pace pace, const state::WalkSettings& changes) {
  for (const auto& [name, value] : changes) {
    if (name == "batch_rows") {
      pace.batch_rows = value;
    } else if (name == "batch_target_ms") {
      set(pace.batch_target, value);
    } else if (name == "pause_ms") {
      set(pace.pause, value);
    } else if (name == "workers") {
      pace.workers = static_cast<int>(value);
    } else if (name == "max_lag_ms") {
      set(pace.limits.max_lag, value);
    } else if (name == "max_active") {
      set(pace.limits.max_active, value);
    } else if (name == "max_wal_bytes") {
      set(pace.limits.max_wal, value);
    } else if (name == "max_wait_ms") {
      set(pace.limits.max_wait, value);
    } else if (name == "wait_while_pinned") {
      pace.limits.wait_while_pinned = value != 0;
    }
  }
  return pace;
}

}  // namespace pgexpand::backfill
