#pragma once

#include "cli/command.hpp"
#include "cli/invocation.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::cli {

/// What a shell's script says instead of a command, followed by the words of
/// the line up to the cursor.
inline constexpr std::string_view completion_request = "__complete";

/// A word that may stand at the cursor, and what it means.
struct Candidate {
  std::string word;
  std::string help;  ///< May be empty.
};

/// What may stand in place of the last of `words`, as far as that was typed;
/// the program's own name is not among them. Migrations are the files of the
/// spec folder: no database is asked. Empty: a path, or nothing that we know.
[[nodiscard]] std::vector<Candidate> complete(
    const Program& program,
    Invocation& invocation,
    const std::vector<std::string>& words);

}  // namespace pgexpand::cli
