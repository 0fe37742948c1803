#include "pgexpand/sandbox/sandbox.hpp"

#include "cli/commands.hpp"

#include <memory>

namespace pgexpand::cli {

Command sandbox_command(Invocation& /*invocation*/) {
  auto words = std::make_shared<std::vector<std::string>>();
  return {
      .name = "sandbox",
      .help = "Run a command, or a shell, beside a throwaway PostgreSQL",
      .parameters = {{"command", "-- CMD...; default a shell", words.get()}},
      .action = [words] { return sandbox::run_command({}, *words); }};
}

}  // namespace pgexpand::cli
