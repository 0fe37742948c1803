#include "pgexpand/sandbox/sandbox.hpp"

#include "cli/command.hpp"

#include <memory>

namespace pgexpand::cli {

void add_sandbox_command(CLI::App& app, Invocation& invocation) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app.add_subcommand(
      "sandbox", "Run a command, or a shell, beside a throwaway PostgreSQL");
  command->add_option("command", *words, "-- CMD...; default a shell");
  on_chosen(*command, invocation,
            [words] { return sandbox::run_command({}, *words); });
}

}  // namespace pgexpand::cli
