#pragma once

#include "cli/command_line_parser.hpp"
#include "pgexpand/base/error.hpp"

namespace pgexpand::cli {

/// What is wrong with a command line, in our words, with did-you-mean for
/// commands and options.
[[nodiscard]] Error usage_error(const Program& program, const Misuse& misuse);

}  // namespace pgexpand::cli
