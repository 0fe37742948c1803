#pragma once

#include "pgexpand/base/error.hpp"

#include <fmt/format.h>

#include <string>

namespace pgexpand::state {

/// The error of a runner whose epoch is gone: another one took over.
[[nodiscard]] inline Error fenced(const std::string& migration) {
  return Error(
             ErrorKind::busy, "runner.fenced",
             fmt::format("another pgexpand took over migration {}", migration))
      .hint("run pgexpand status to see who is at work");
}

}  // namespace pgexpand::state
