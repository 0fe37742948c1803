#include "backfill/replicas.hpp"

#include "backfill/coarse.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::backfill {
namespace {

/// One that fell over is often back by then; one that was taken away is not
/// waited for for ever.
constexpr std::chrono::minutes gone_after{5};

}  // namespace

void Replicas::follow(TimePoint now,
                      std::int64_t lsn,
                      const std::vector<Standby>& standbys) {
  clock_.record(now, lsn);
  for (auto& [name, replica] : replicas_) {
    replica.is_connected = false;
  }
  some_unreadable_ = false;
  for (const Standby& standby : standbys) {
    if (standby.is_readable) {
      see(standby, now);
    } else {
      some_unreadable_ = true;
    }
  }
  std::erase_if(replicas_, [&](const auto& entry) {
    const Replica& replica = entry.second;
    return !replica.is_connected &&
           (!replica.gauge.is_over() || now - replica.seen_at > gone_after);
  });
}

void Replicas::see(const Standby& standby, TimePoint now) {
  Replica& replica = replicas_[standby.name];
  LagClock::Lag lag = clock_.lag(standby.replayed, now);
  lag.least = std::max(lag.least, standby.reported_lag);
  if (replica.is_connected) {
    lag.least = std::max(lag.least, replica.lag.least);
    lag.is_exact = lag.is_exact && replica.lag.is_exact;
  }
  replica.lag = lag;
  replica.is_connected = true;
  replica.seen_at = now;
}

std::vector<std::string> Replicas::reasons(std::chrono::milliseconds max_lag) {
  std::vector<std::string> reasons;
  if (some_unreadable_) {
    reasons.emplace_back("the lag of a standby cannot be read");
  }
  for (auto& [name, replica] : replicas_) {
    if (!replica.is_connected) {
      reasons.push_back(fmt::format(
          "standby {} has disconnected, and was too far behind", name));
    } else if (replica.gauge.is_over(
                   static_cast<double>(replica.lag.least.count()),
                   static_cast<double>(max_lag.count()))) {
      reasons.push_back(fmt::format("standby {} is more than {} behind", name,
                                    coarse(replica.lag.least)));
    } else if (!replica.lag.is_exact) {
      reasons.push_back(fmt::format(
          "standby {} is behind, not known yet for how long", name));
    }
  }
  return reasons;
}

bool Replicas::is_unsettled() const {
  return std::ranges::any_of(replicas_, [](const auto& entry) {
    return entry.second.is_connected && !entry.second.lag.is_exact;
  });
}

}  // namespace pgexpand::backfill
