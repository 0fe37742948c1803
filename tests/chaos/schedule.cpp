#include "chaos/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pgexpand::chaos {
namespace {

struct Kind {
  Fault fault;
  int weight;
  std::string_view name;
};

constexpr std::array kinds{
    Kind{Fault::kill_tool, 20, "kill the tool"},
    Kind{Fault::stop_tool, 8, "stop the tool"},
    Kind{Fault::interrupt_tool, 8, "interrupt the tool"},
    Kind{Fault::replace_tool, 6, "replace the stopped tool"},
    Kind{Fault::end_tool, 8, "end the tool's backends"},
    Kind{Fault::end_one_of_tool, 10, "end a backend of the tool"},
    Kind{Fault::end_writers, 8, "end the writers' backends"},
    Kind{Fault::crash_server, 12, "crash the server"},
    Kind{Fault::promote_standby, 0, "promote the standby"},
    Kind{Fault::start_rival, 8, "start a rival"},
    Kind{Fault::look_on, 6, "look on"},
    Kind{Fault::restart_pooler, 0, "restart pgbouncer"},
    Kind{Fault::hog_table, 10, "hog the table"},
    Kind{Fault::hog_rows, 6, "hog rows"},
    Kind{Fault::long_snapshot, 6, "hold a snapshot"},
};

Fault draw_fault(Random& random) {
  int sum = 0;
  for (const Kind& kind : kinds) {
    sum += kind.weight;
  }
  int left = random.between(1, sum);
  for (const Kind& kind : kinds) {
    left -= kind.weight;
    if (left <= 0) {
      return kind.fault;
    }
  }
  return Fault::kill_tool;
}

Strike draw_strike(Random& random, milliseconds duration, Fault fault) {
  constexpr int shortest_ms = 200;
  constexpr int longest_ms = 1'800;
  return {.at = milliseconds(
              random.between(shortest_ms, static_cast<int>(duration.count()))),
          .fault = fault,
          .lasts = milliseconds(random.between(shortest_ms, longest_ms)),
          .choice = random.between(0, 99)};
}

}  // namespace

std::string_view name(Fault fault) {
  return std::ranges::find(kinds, fault, &Kind::fault)->name;
}

Schedule draw_schedule(std::uint64_t seed,
                       milliseconds duration,
                       bool poolable) {
  constexpr int standby_percent = 15;
  constexpr int pooler_percent = 25;
  constexpr int faults_per_second = 2;
  constexpr int choice_count = 40;
  Random random(seed);
  Schedule schedule;
  schedule.scenario = draw_scenario(random);
  schedule.has_standby = random.chance(standby_percent);
  // Drawn in any case: what follows must not depend on the machine.
  schedule.has_pooler = random.chance(pooler_percent) && poolable;
  schedule.force_contract = random.chance(50);
  const int seconds = static_cast<int>(duration.count() / 1'000);
  const int count =
      random.between(5, 5 + std::max(1, seconds * faults_per_second / 2));
  for (int i = 0; i < count; ++i) {
    schedule.strikes.push_back(
        draw_strike(random, duration, draw_fault(random)));
  }
  const auto promote = draw_strike(random, duration, Fault::promote_standby);
  const auto restart = draw_strike(random, duration, Fault::restart_pooler);
  for (int i = 0; i < choice_count; ++i) {
    schedule.choices.push_back(random.between(0, 99));
  }
  if (schedule.has_standby) {
    schedule.strikes.push_back(promote);
  }
  if (schedule.has_pooler) {
    schedule.strikes.push_back(restart);
  }
  std::ranges::stable_sort(schedule.strikes, {}, &Strike::at);
  return schedule;
}

std::string describe(const Schedule& schedule) {
  std::string text = describe(schedule.scenario);
  text += schedule.has_standby ? "; a standby" : "";
  text += schedule.has_pooler ? "; pgbouncer" : "";
  text += "\n";
  for (const Migration& migration : schedule.scenario.migrations) {
    text += migration.id + ".yaml:\n" + migration.yaml;
  }
  for (const Strike& strike : schedule.strikes) {
    text +=
        fmt::format("at {:>5} ms: {} ({} ms, {})\n", strike.at.count(),
                    name(strike.fault), strike.lasts.count(), strike.choice);
  }
  return text;
}

}  // namespace pgexpand::chaos
