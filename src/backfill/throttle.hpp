#pragma once

#include "backfill/gauge.hpp"
#include "backfill/lag_clock.hpp"
#include "backfill/load_sample.hpp"
#include "pgexpand/backfill/engine.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::backfill {

/// Says when a walk must wait, and for what; see docs/throttle.md. Looks at the
/// server through a connection of its own, at most once a second. What cannot
/// be read is a reason to wait. Thread-safe.
class Throttle {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Throttle(std::function<std::shared_ptr<pg::Session>()> open,
           std::function<TimePoint()> now);

  /// One look at every source, before the first write. Throws Error(refused,
  /// "throttle.…") when one that is switched on can never be read.
  void first_look(const Limits& limits);
  /// From now on: the tables walked, and our own backends.
  void watch_tables(const std::vector<std::uint32_t>& tables,
                    const std::vector<int>& own_pids);
  /// Every reason to wait now, in words; empty: go on. Never throws.
  [[nodiscard]] std::vector<std::string> reasons(const Limits& limits);
  /// Who has kept dead rows from being reused for two seconds; none: nobody.
  [[nodiscard]] std::optional<std::string> horizon_holder();
  /// How long a COMMIT of ours took.
  void record_commit(milliseconds took);

 private:
  struct Held {
    std::string xmin;
    TimePoint since;
  };
  struct Commit {
    TimePoint at;
    milliseconds took{0};
  };

  void look();
  void sample();
  void follow_horizon(TimePoint now);
  void refuse_unreadable(const Limits& limits) const;
  void decide(const Limits& limits);
  void judge_standbys(milliseconds max_lag);
  void judge_load(const Limits& limits);
  void judge_commits();
  void judge_file(const std::string& path);
  void judge_query(const std::string& query, const std::string& search_path);
  void add(std::string reason) { reasons_.push_back(std::move(reason)); }

  const std::function<std::shared_ptr<pg::Session>()> open_;
  const std::function<TimePoint()> now_;

  std::mutex mutex_;  ///< Guards what follows.
  std::shared_ptr<pg::Session> monitor_;
  Workplace workplace_;
  std::optional<TimePoint> looked_at_;
  std::string failure_;  ///< Why there is no sample; empty: there is one.
  LoadSample sample_;
  double wal_per_second_ = 0;
  LagClock lag_clock_;
  std::map<std::string, Gauge> lag_gauges_;  ///< By standby.
  Gauge active_gauge_;
  Gauge wal_gauge_;
  Gauge commit_gauge_;
  std::deque<Commit> commits_;
  std::map<std::string, Held> held_;
  std::optional<std::string> holder_;
  std::optional<Limits> decided_for_;
  std::vector<std::string> reasons_;
};

}  // namespace pgexpand::backfill
