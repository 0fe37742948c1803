// Runs a command with the server farther away:
//
//   pgexpand sandbox -- far_away 30 COMMAND...
//
// PGEXPAND_DSN then leads through a proxy that takes so many milliseconds there
// and back; PGHOST and the like still lead to the server itself.
#include "support/fault_proxy.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  const char* folder = std::getenv("PGHOST");
  const char* database = std::getenv("PGDATABASE");
  if (argc < 3 || folder == nullptr) {
    std::cerr
        << "usage: pgexpand sandbox -- far_away MILLISECONDS COMMAND...\n";
    return 2;
  }
  const pgexpand::testing::FaultProxy proxy(
      folder, {}, pgexpand::testing::FaultProxy::Transport::unix_socket,
      std::chrono::milliseconds(std::stoi(argv[1])));
  const pid_t child = fork();
  if (child == 0) {
    setenv("PGEXPAND_DSN",
           proxy.dsn(database == nullptr ? "postgres" : database).c_str(), 1);
    execvp(argv[2], argv + 2);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
