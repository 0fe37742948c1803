#include "support/server_user.hpp"

#include <unistd.h>

#include <stdexcept>

namespace pgexpand::testing {

Arguments as_server_user(Arguments command) {
  if (geteuid() == 0) {
    // A change of the user clears the signal that Process asked for.
    const Arguments prefix{"setpriv", "--reuid=postgres", "--regid=postgres",
                           "--init-groups", "--pdeathsig=KILL"};
    command.insert(command.begin(), prefix.begin(), prefix.end());
  }
  return command;
}

void run_as_server_user(const Arguments& command, const std::string& input) {
  const auto result = run_process(as_server_user(command), {}, input);
  if (result.exit_code != 0) {
    throw std::runtime_error(result.err);
  }
}

}  // namespace pgexpand::testing
