#pragma once

#include "backfill/gauge.hpp"
#include "backfill/horizon.hpp"
#include "backfill/load_sample.hpp"
#include "backfill/rates.hpp"
#include "backfill/replicas.hpp"
#include "pgexpand/backfill/engine.hpp"

#include <chrono>
#include <functional>
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

  /// `open` gives the connection to look through, whenever there is none.
  Throttle(std::function<std::shared_ptr<pg::Session>()> open,
           std::function<TimePoint()> now);

  /// One look at every source, before the first write. Throws Error(refused,
  /// "throttle.…") when one that is switched on can never be read.
  void first_look(const Limits& limits);
  /// From now on: the tables walked, and our own backends.
  void watch_tables(const std::vector<std::uint32_t>& tables,
                    const std::vector<int>& own_pids);
  /// Every reason to wait now, in words; empty: go on. A text changes seldom,
  /// numbers in it are rounded. Never throws.
  [[nodiscard]] std::vector<std::string> reasons(const Limits& limits);
  /// Who has kept dead rows from being reused for two seconds; none: nobody.
  /// The text stays the same as long as it is the same one.
  [[nodiscard]] std::optional<std::string> horizon_holder();
  /// How long a COMMIT of ours took.
  void record_commit(milliseconds took);

 private:
  void open_monitor();
  [[nodiscard]] bool is_due(const Limits& limits) const;
  void look();
  void sample();
  void refuse_unreadable(const Limits& limits) const;
  void decide(const Limits& limits);
  void judge_replication(milliseconds max_lag);
  void judge_load(const Limits& limits);
  void judge_table();
  void judge_commits();
  void judge_file(const std::string& path);
  void judge_query(const Limits& limits);
  [[nodiscard]] std::string ask(const Limits& limits) const;
  void add(std::string reason) { reasons_.push_back(std::move(reason)); }

  const std::function<std::shared_ptr<pg::Session>()> open_;
  const std::function<TimePoint()> now_;

  std::mutex mutex_;  ///< Guards what follows.
  std::shared_ptr<pg::Session> monitor_;
  std::string looks_as_;    ///< The monitor's role.
  std::string query_role_;  ///< The throttle query's; empty: the same.
  Workplace workplace_;
  std::optional<TimePoint> looked_at_;
  std::string failure_;  ///< Why there is no sample; empty: there is one.
  LoadSample sample_;
  Replicas replicas_;
  Horizon horizon_;
  WalRate wal_rate_;
  CommitWatch commits_;
  Gauge active_gauge_;
  Gauge wal_gauge_;
  Gauge commit_gauge_;
  std::optional<Limits> decided_for_;
  std::vector<std::string> reasons_;
};

}  // namespace pgexpand::backfill
