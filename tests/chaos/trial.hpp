#pragma once

#include "chaos/journal.hpp"
#include "chaos/schedule.hpp"

#include <string>

namespace pgexpand::chaos {

struct Outcome {
  int faults = 0;
  long operations = 0;
  long longest_wait_ms = 0;  ///< Of the application, behind pgexpand.
  std::vector<std::string> violations;
  std::string story;  ///< Everything, for who looks for the reason.
};

/// Servers, writers, migrations and faults, from beginning to end.
/// `program` is the pgexpand to run.
[[nodiscard]] Outcome run_trial(const Schedule& schedule,
                                std::uint64_t seed,
                                const std::string& program);

}  // namespace pgexpand::chaos
