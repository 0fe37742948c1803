#include "backfill/throttle.hpp"

#include "pgexpand/base/units.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

namespace pgexpand::backfill {
namespace {

using std::chrono::duration_cast;

constexpr std::chrono::seconds between_looks{1};
constexpr std::chrono::seconds pinned_after{2};
constexpr std::size_t commits_kept = 10;
constexpr std::chrono::seconds commits_last{10};
/// Ours do not wait for the flush: one that takes so long says that the disk
/// has more to do than it can.
constexpr milliseconds slow_commit{250};

}  // namespace

Throttle::Throttle(std::function<std::shared_ptr<pg::Session>()> open,
                   std::function<TimePoint()> now)
    : open_(std::move(open)), now_(std::move(now)) {}

void Throttle::watch_tables(const std::vector<std::uint32_t>& tables,
                            const std::vector<int>& own_pids) {
  const std::scoped_lock lock(mutex_);
  workplace_ = {.tables = tables, .own_pids = own_pids};
}

void Throttle::first_look(const Limits& limits) {
  const std::scoped_lock lock(mutex_);
  monitor_ = open_();
  sample();
  refuse_unreadable(limits);
  if (limits.throttle_query) {
    try {
      static_cast<void>(
          ask(*monitor_, *limits.throttle_query, limits.search_path));
    } catch (const Error& error) {
      throw Error(
          ErrorKind::refused, "throttle.bad-query",
          fmt::format("the throttle query cannot be used: {}", error.message()))
          .hint("correct backfill.throttle_query, or leave it out");
    }
  }
}

void Throttle::refuse_unreadable(const Limits& limits) const {
  const bool is_lag_hidden =
      limits.max_lag &&
      std::ranges::any_of(sample_.standbys, [](const Standby& standby) {
        return !standby.is_readable;
      });
  if (is_lag_hidden) {
    throw Error(ErrorKind::refused, "throttle.hidden-replication",
                "the role may not see how far the standbys are")
        .hint("GRANT pg_monitor to the role, or pass --max-lag off");
  }
  if (limits.max_active && sample_.unreadable > 0) {
    throw Error(ErrorKind::refused, "throttle.hidden-activity",
                "the role may not see which backends are active")
        .hint("GRANT pg_monitor to the role, or leave backfill.max_active out");
  }
}

std::vector<std::string> Throttle::reasons(const Limits& limits) {
  const std::scoped_lock lock(mutex_);
  const bool is_due = !looked_at_ || now_() - *looked_at_ >= between_looks;
  if (is_due) {
    look();
  }
  if (is_due || decided_for_ != limits) {
    decide(limits);
  }
  return reasons_;
}

std::optional<std::string> Throttle::horizon_holder() {
  const std::scoped_lock lock(mutex_);
  return holder_;
}

void Throttle::record_commit(milliseconds took) {
  const std::scoped_lock lock(mutex_);
  commits_.push_back({.at = now_(), .took = took});
  if (commits_.size() > commits_kept) {
    commits_.pop_front();
  }
}

// The connection is opened again with the next look.
void Throttle::look() {
  try {
    if (!monitor_) {
      monitor_ = open_();
    }
    sample();
  } catch (const Error& error) {
    looked_at_ = now_();
    failure_ = error.message();
    monitor_.reset();
  }
}

void Throttle::sample() {
  LoadSample next = read_load(*monitor_, workplace_);
  const TimePoint now = now_();
  if (looked_at_ && failure_.empty() && now > *looked_at_) {
    wal_per_second_ = static_cast<double>(next.lsn - sample_.lsn) /
                      std::chrono::duration<double>(now - *looked_at_).count();
  }
  failure_.clear();
  looked_at_ = now;
  sample_ = std::move(next);
  lag_clock_.record(now, sample_.lsn);
  follow_horizon(now);
}

// One that lets go of a part now and then holds nothing back for long.
void Throttle::follow_horizon(TimePoint now) {
  std::map<std::string, Held> still;
  holder_.reset();
  TimePoint longest = now - pinned_after;
  for (const HorizonHolder& holder : sample_.holders) {
    const auto before = held_.find(holder.name);
    const bool is_same =
        before != held_.end() && before->second.xmin == holder.xmin;
    const TimePoint since =
        is_same ? before->second.since : now - milliseconds(holder.age_ms);
    still[holder.name] = {.xmin = holder.xmin, .since = since};
    if (since <= longest) {
      longest = since;
      holder_ = holder.name;
    }
  }
  held_ = std::move(still);
}

void Throttle::decide(const Limits& limits) {
  reasons_.clear();
  decided_for_ = limits;
  if (!failure_.empty()) {
    add(fmt::format("the state of the server cannot be read: {}", failure_));
  } else {
    if (limits.max_lag) {
      judge_standbys(*limits.max_lag);
    }
    judge_load(limits);
    judge_commits();
    if (limits.wait_while_pinned && holder_) {
      add(fmt::format("{} keeps dead rows from being reused", *holder_));
    }
    if (limits.throttle_query) {
      judge_query(*limits.throttle_query, limits.search_path);
    }
  }
  if (limits.throttle_file) {
    judge_file(*limits.throttle_file);
  }
}

void Throttle::judge_standbys(milliseconds max_lag) {
  for (const Standby& standby : sample_.standbys) {
    if (!standby.is_readable) {
      add("the lag of the standbys cannot be read");
      continue;
    }
    const milliseconds lag = std::max(lag_clock_.lag(standby.replayed, now_()),
                                      milliseconds(standby.reported_lag_ms));
    if (lag_gauges_[standby.name].is_over(
            static_cast<double>(lag.count()),
            static_cast<double>(max_lag.count()))) {
      add(fmt::format("standby {} is {} behind", standby.name,
                      human_duration(lag)));
    }
  }
  for (const std::string& slot : sample_.slots_in_danger) {
    add(fmt::format("replication slot {} is about to lose its WAL", slot));
  }
}

void Throttle::judge_load(const Limits& limits) {
  if (limits.max_active &&
      active_gauge_.is_over(static_cast<double>(sample_.active),
                            static_cast<double>(*limits.max_active))) {
    add(fmt::format("{} backends are active", sample_.active));
  }
  if (limits.max_active && sample_.unreadable > 0) {
    add("the active backends cannot be read");
  }
  if (limits.max_wal &&
      wal_gauge_.is_over(wal_per_second_,
                         static_cast<double>(*limits.max_wal))) {
    add(fmt::format("{} of WAL a second",
                    human_size(static_cast<std::int64_t>(wal_per_second_))));
  }
  for (const std::string& table : sample_.tables_waited_for) {
    add(fmt::format("another session waits for a lock on {}", table));
  }
  for (const std::string& table : sample_.wraparound_tables) {
    add(fmt::format("a vacuum of {} prevents wraparound", table));
  }
}

// While we wait there are no new ones: old ones say nothing after a while.
void Throttle::judge_commits() {
  const TimePoint now = now_();
  std::vector<milliseconds> recent;
  for (const Commit& commit : commits_) {
    if (now - commit.at <= commits_last) {
      recent.push_back(commit.took);
    }
  }
  if (recent.size() < commits_kept / 2) {
    commit_gauge_.forget();
    return;
  }
  std::ranges::sort(recent);
  const milliseconds median = recent.at(recent.size() / 2);
  if (commit_gauge_.is_over(static_cast<double>(median.count()),
                            static_cast<double>(slow_commit.count()))) {
    add(fmt::format("a commit takes {}", human_duration(median)));
  }
}

void Throttle::judge_file(const std::string& path) {
  std::error_code problem;
  if (std::filesystem::exists(path, problem)) {
    add(fmt::format("the file {} exists", path));
  } else if (problem) {
    add(fmt::format("the file {} cannot be looked for: {}", path,
                    problem.message()));
  }
}

void Throttle::judge_query(const std::string& query,
                           const std::string& search_path) {
  try {
    if (ask(*monitor_, query, search_path)) {
      add("the throttle query says so");
    }
  } catch (const Error& error) {
    add(fmt::format("the throttle query: {}", error.message()));
    if (!monitor_->is_open()) {
      monitor_.reset();
    }
  }
}

}  // namespace pgexpand::backfill
