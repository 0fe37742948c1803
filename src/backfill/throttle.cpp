#include "backfill/throttle.hpp"

#include "backfill/cells.hpp"
#include "backfill/coarse.hpp"
#include "backfill/throttle_query.hpp"
#include "pgexpand/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace pgexpand::backfill {
namespace {

using sql::Identifier;
using sql::Statement;

constexpr milliseconds between_looks{1'000};
/// While a standby's lag is not known yet: a sound one shows it with the next
/// few bytes it replays.
constexpr milliseconds look_again_soon{200};
/// Ours do not wait for the flush: one that takes so long says that the disk
/// has more to do than it can.
constexpr milliseconds slow_commit{250};

Error hidden(const std::string& code,
             const std::string& what,
             const std::string& role,
             const std::string& otherwise) {
  return Error(ErrorKind::refused, code,
               fmt::format("the role {} may not see {}", role, what))
      .hint(fmt::format("GRANT pg_monitor TO {}, or {}",
                        Identifier(role).quoted(), otherwise));
}

std::string why_unread(const Error& error) {
  return error.code() == "pg.connection-lost"
             ? "the monitoring connection is lost"
             : "the load of the server cannot be read: " + error.message();
}

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
  open_monitor();
  sample();
  refuse_unreadable(limits);
  if (limits.throttle_query) {
    try {
      static_cast<void>(ask(limits));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::refused || !monitor_->is_open()) {
        throw;
      }  // else it may pass, and is a reason as long as it does not
    }
  }
}

// The tables' owner, as whom the work is done, may see less than the role that
// logged in.
void Throttle::open_monitor() {
  monitor_ = open_();
  const pg::Row roles =
      monitor_
          ->run(Statement::of(
              "SELECT session_user, current_user, current_user <> session_user"
              " AND NOT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')"
              " AND pg_has_role(session_user, 'pg_read_all_stats', 'USAGE')"))
          .rows.at(0);
  const bool sees_more_as_itself = roles.at(2) == "t";
  looks_as_ = text(roles.at(sees_more_as_itself ? 0 : 1));
  query_role_.clear();
  if (sees_more_as_itself) {
    query_role_ = text(roles.at(1));
    monitor_->run(Statement::of("SET ROLE NONE"));
  }
}

void Throttle::refuse_unreadable(const Limits& limits) const {
  const bool is_lag_hidden =
      limits.max_lag &&
      std::ranges::any_of(sample_.standbys, std::logical_not<>(),
                          &Standby::is_readable);
  if (is_lag_hidden) {
    throw hidden("throttle.hidden-replication",
                 "how far behind the standbys are", looks_as_,
                 "pass --max-lag off");
  }
  if (limits.max_active && sample_.unreadable > 0) {
    throw hidden("throttle.hidden-activity", "which backends are active",
                 looks_as_, "leave backfill.max_active out");
  }
}

std::vector<std::string> Throttle::reasons(const Limits& limits) {
  const std::scoped_lock lock(mutex_);
  const bool looks = is_due(limits);
  if (looks) {
    look();
  }
  if (looks || decided_for_ != limits) {
    decide(limits);
  }
  return reasons_;
}

bool Throttle::is_due(const Limits& limits) const {
  const bool soon =
      failure_.empty() && limits.max_lag && replicas_.is_unsettled();
  return !looked_at_ ||
         now_() - *looked_at_ >= (soon ? look_again_soon : between_looks);
}

std::optional<std::string> Throttle::horizon_holder() {
  const std::scoped_lock lock(mutex_);
  return horizon_.holder();
}

void Throttle::record_commit(milliseconds took) {
  const std::scoped_lock lock(mutex_);
  commits_.record(now_(), took);
}

// The connection is opened again with the next look.
void Throttle::look() {
  try {
    if (!monitor_) {
      open_monitor();
    }
    sample();
    return;
  } catch (const Error& error) {
    failure_ = why_unread(error);
  } catch (const std::exception& error) {
    failure_ = error.what();
  }
  looked_at_ = now_();
  wal_rate_.forget();
  monitor_.reset();
}

void Throttle::sample() {
  const TimePoint now = now_();
  sample_ = read_load(*monitor_, workplace_);
  looked_at_ = now;
  failure_.clear();
  wal_rate_.record(now, sample_.lsn);
  replicas_.follow(now, sample_.lsn, sample_.standbys);
  horizon_.follow(now, sample_.holders);
}

void Throttle::decide(const Limits& limits) {
  reasons_.clear();
  decided_for_ = limits;
  if (!failure_.empty()) {
    add(failure_);
  } else {
    if (limits.max_lag) {
      judge_replication(*limits.max_lag);
    }
    judge_load(limits);
    judge_table();
    judge_commits();
    if (const auto& holder = horizon_.holder_now();
        limits.wait_while_pinned && holder) {
      add(fmt::format("{} keeps dead rows from being reused", *holder));
    }
    if (limits.throttle_query) {
      judge_query(limits);
    }
  }
  if (limits.throttle_file) {
    judge_file(*limits.throttle_file);
  }
}

void Throttle::judge_replication(milliseconds max_lag) {
  for (std::string& reason : replicas_.reasons(max_lag)) {
    add(std::move(reason));
  }
  for (const std::string& slot : sample_.slots_in_danger) {
    add(fmt::format("replication slot {} is about to lose its WAL", slot));
  }
}

void Throttle::judge_load(const Limits& limits) {
  if (limits.max_active && sample_.unreadable > 0) {
    add("the active backends cannot be read");
  } else if (limits.max_active &&
             active_gauge_.is_over(static_cast<double>(sample_.active),
                                   static_cast<double>(*limits.max_active))) {
    add(fmt::format("more than {} backends are active",
                    static_cast<std::int64_t>(active_gauge_.threshold())));
  }
  if (limits.max_wal &&
      wal_gauge_.is_over(wal_rate_.bytes_per_second(),
                         static_cast<double>(*limits.max_wal))) {
    add(fmt::format(
        "more than {} of WAL a second",
        human_size(static_cast<std::int64_t>(wal_gauge_.threshold()))));
  }
}

void Throttle::judge_table() {
  if (const auto& waiter = sample_.waiter) {
    add(waiter->table
            ? fmt::format("{} waits for a lock on {}", waiter->name,
                          *waiter->table)
            : fmt::format("{} waits for a batch of ours", waiter->name));
  }
  for (const std::string& table : sample_.wraparound_tables) {
    add(fmt::format("a vacuum of {} prevents wraparound", table));
  }
}

void Throttle::judge_commits() {
  const milliseconds median = commits_.median(now_()).value_or(milliseconds(0));
  if (commit_gauge_.is_over(static_cast<double>(median.count()),
                            static_cast<double>(slow_commit.count()))) {
    add(fmt::format("commits take more than {}", coarse(median)));
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

std::string Throttle::ask(const Limits& limits) const {
  const ThrottleQuery query{.query = *limits.throttle_query,
                            .search_path = limits.search_path,
                            .role = query_role_};
  return query.reason(*monitor_);
}

void Throttle::judge_query(const Limits& limits) {
  try {
    std::string reason =
        monitor_ ? ask(limits) : "the monitoring connection is lost";
    if (!reason.empty()) {
      add(std::move(reason));
    }
  } catch (const Error& error) {
    add(error.kind() == ErrorKind::refused
            ? error.message()
            : fmt::format("the throttle query fails: {}", error.message()));
    if (!monitor_->is_open()) {
      monitor_.reset();
    }
  }
}

}  // namespace pgexpand::backfill
