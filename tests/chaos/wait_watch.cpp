#include "chaos/wait_watch.hpp"

#include "chaos/link.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::chaos {
namespace {

using namespace std::chrono_literals;

constexpr auto between_samples = 15ms;
constexpr long usual_gap_ms = 25;
constexpr long place_in_queue_ms = 300 + 50;  ///< lock.timeout, and 50.
constexpr long lock_held_ms = 500 + 50;       ///< lock.hold, and as much.

/// A blocker that waits itself only keeps its place in a queue.
constexpr const char* query = R"(
SELECT w.pid || ' ' || w.query_start,
       bool_and(coalesce(b.wait_event_type, '') = 'Lock'),
       min((extract(epoch FROM clock_timestamp()) * 1000)::bigint),
       min(w.query || '; behind ' || b.application_name || ' '
           || coalesce(b.state, '') || ': ' || b.query)
FROM pg_stat_activity AS w, unnest(pg_blocking_pids(w.pid)) AS p(pid)
JOIN pg_stat_activity AS b ON b.pid = p.pid
WHERE w.application_name LIKE 'chaos writer%' AND w.wait_event_type = 'Lock'
  AND b.application_name LIKE 'pgexpand%'
  AND coalesce(b.wait_event, '') <> 'SyncRep'
GROUP BY w.pid, w.query_start)";

}  // namespace

WaitWatch::WaitWatch(std::string dsn, Journal& journal)
    : dsn_(std::move(dsn)),
      journal_(journal),
      thread_([this](const std::stop_token& stop) { loop(stop); }) {}

void WaitWatch::loop(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      Link link(dsn_, "chaos watch");
      last_sample_ms_ = 0;
      waits_.clear();
      while (!stop.stop_requested()) {
        sample(link);
        std::this_thread::sleep_for(between_samples);
      }
    } catch (const LinkLost&) {
      std::this_thread::sleep_for(between_samples);
    }
  }
}

void WaitWatch::sample(Link& link) {
  ++sample_;
  const auto rows = link.run(query);
  const long now_ms = std::stol(link.single(
      "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"));
  gap_ms_ = last_sample_ms_ == 0 ? 0 : now_ms - last_sample_ms_;
  last_sample_ms_ = now_ms;
  for (const Line& row : rows) {
    see(row.at(0).value(), row.at(1) == "t", std::stol(row.at(2).value()),
        row.at(3).value_or(""));
  }
  // What is not seen now is over: if it comes again, that is another wait.
  std::erase_if(waits_, [&](const auto& wait) {
    return wait.second.last_sample != sample_;
  });
}

void WaitWatch::see(const std::string& statement,
                    bool is_queued,
                    long now_ms,
                    const std::string& what) {
  const auto [at, is_new] = waits_.try_emplace({statement, is_queued});
  Wait& wait = at->second;
  if (is_new) {
    wait.first_ms = now_ms;
  }
  wait.last_ms = now_ms;
  wait.last_sample = sample_;
  wait.longest_gap_ms = std::max(wait.longest_gap_ms, gap_ms_);
  const long lasted = wait.last_ms - wait.first_ms;
  const long noise = std::max(0L, wait.longest_gap_ms - usual_gap_ms);
  longest_ = std::max(longest_.load(), lasted);
  const long limit = is_queued ? place_in_queue_ms : lock_held_ms;
  if (lasted - noise > limit && !wait.is_told) {
    wait.is_told = true;
    journal_.violation(fmt::format(
        "an application waits {} ms behind pgexpand ({}; noise {} ms): {}",
        lasted, is_queued ? "queued" : "holding", noise, what));
  }
}

}  // namespace pgexpand::chaos
