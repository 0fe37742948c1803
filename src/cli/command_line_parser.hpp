#pragma once

#include "cli/command.hpp"

#include <string>
#include <variant>
#include <vector>

namespace pgexpand::cli {

/// What --help or --version prints.
struct Shown {
  std::string text;
};

/// Why a command line cannot be read.
struct Misuse {
  const Command* command = nullptr;  ///< The chosen one, if there is one.
  std::vector<std::string> unread;   ///< Words that nobody takes, in order.
  bool is_incomplete = false;        ///< Something required is missing.
  std::string text;                  ///< One sentence of the library's.
};

/// The command to run is never null.
using Reading = std::variant<const Command*, Shown, Misuse>;

/// Reads `argv` and puts values where the parameters want them; runs nothing.
/// What it returns points into `program`.
[[nodiscard]] Reading read_command_line(const Program& program,
                                        int argc,
                                        const char* const* argv);

}  // namespace pgexpand::cli
