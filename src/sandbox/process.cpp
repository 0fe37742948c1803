#include "sandbox/process.hpp"

#include "pgexpand/base/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>

namespace pgexpand::sandbox {

namespace {

constexpr std::chrono::milliseconds poll_interval{10};

bool become(const User& user) {
  return initgroups(user.name.c_str(), user.gid) == 0 &&
         setgid(user.gid) == 0 && setuid(user.uid) == 0;
}

bool redirect_to(const std::string& log) {
  const int in = open("/dev/null", O_RDONLY);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  return in >= 0 && out >= 0 && dup2(in, STDIN_FILENO) >= 0 &&
         dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0;
}

/// True unless the parent is gone already, before it could be asked for.
bool tie_to(pid_t parent, int death_signal) {
  if (death_signal == 0) return true;
  return prctl(PR_SET_PDEATHSIG, death_signal) == 0 && getppid() == parent;
}

[[noreturn]] void run_child(const Spawn& spawn,
                            pid_t parent,
                            char* const* arguments) {
  setsid();
  reset_signals();
  umask(077);
  const bool ready = (!spawn.user || become(*spawn.user)) &&
                     redirect_to(spawn.log) &&
                     chdir(spawn.folder.c_str()) == 0 &&
                     // Changing the user clears it, so it comes last.
                     tie_to(parent, spawn.death_signal);
  if (ready) execv(arguments[0], arguments);
  const char* reason = std::strerror(errno);
  // Best effort: the log is where the parent looks.
  std::fprintf(stderr, "%s: %s\n", arguments[0], reason);
  _exit(127);
}

}  // namespace

std::optional<User> server_user() {
  if (geteuid() != 0) return std::nullopt;
  for (const char* name : {"postgres", "nobody"}) {
    if (const passwd* entry = getpwnam(name)) {
      return User{name, entry->pw_uid, entry->pw_gid};
    }
  }
  throw Error(ErrorKind::usage, "sandbox.no-user",
              "PostgreSQL refuses to run as root, and neither user postgres "
              "nor nobody exists")
      .hint("run pgexpand as an ordinary user");
}

pid_t spawn(const Spawn& spawn) {
  auto command = spawn.command;
  std::vector<char*> arguments;
  for (auto& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) run_child(spawn, parent, arguments.data());
  if (child < 0) {
    throw Error(ErrorKind::database, "sandbox.no-process",
                fmt::format("no new process for {}: {}", command.front(),
                            std::strerror(errno)));
  }
  return child;
}

void reset_signals() {
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) {
    std::signal(signal, SIG_DFL);
  }
}

int exit_code_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status)
                                  : WEXITSTATUS(wait_status);
}

std::optional<int> wait_for(pid_t child, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() >= deadline) return std::nullopt;
    std::this_thread::sleep_for(poll_interval);
  }
  return exit_code_of(status);
}

}  // namespace pgexpand::sandbox
