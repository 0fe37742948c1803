#pragma once

#include "chaos/scenario.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace pgexpand::chaos {

using std::chrono::milliseconds;

enum class Fault {
  kill_tool,        ///< SIGKILL.
  stop_tool,        ///< SIGSTOP, and SIGCONT after `lasts`.
  interrupt_tool,   ///< SIGINT.
  replace_tool,     ///< SIGSTOP, its backends ended, a rival; then SIGCONT.
  end_tool,         ///< pg_terminate_backend of all its backends.
  end_one_of_tool,  ///< Of one of them.
  end_writers,      ///< Of all the application's backends.
  crash_server,     ///< Immediate shutdown, and start.
  promote_standby,  ///< The primary crashes for good.
  start_rival,      ///< The same command once more, at the same time.
  look_on,          ///< status, plan or verify at the same time.
  restart_pooler,   ///< SIGKILL, and start.
  hog_table,        ///< Somebody locks the table for `lasts`.
  hog_rows,         ///< Somebody locks rows for `lasts`.
  long_snapshot,    ///< REPEATABLE READ, for `lasts`.
};

[[nodiscard]] std::string_view name(Fault fault);

struct Strike {
  milliseconds at{};  ///< Since the writers' and the tool's start.
  Fault fault = Fault::kill_tool;
  milliseconds lasts{};
  int choice = 0;  ///< Which of several ways; any number from 0 to 99.
};

/// Everything that follows from a seed.
struct Schedule {
  Scenario scenario;
  bool has_standby = false;
  bool has_pooler = false;  ///< The writers go through it.
  bool force_contract = false;
  std::vector<Strike> strikes;  ///< In the order of time.
  std::vector<int> choices;     ///< From 0 to 99: for who runs the migrations.
};

/// Faults between now and `duration`. `poolable`: there is a pgbouncer.
[[nodiscard]] Schedule draw_schedule(std::uint64_t seed,
                                     milliseconds duration,
                                     bool poolable);

[[nodiscard]] std::string describe(const Schedule& schedule);

}  // namespace pgexpand::chaos
