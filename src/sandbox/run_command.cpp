#include "pgexpand/base/error.hpp"
#include "pgexpand/sandbox/sandbox.hpp"
#include "sandbox/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace pgexpand::sandbox {

namespace {

/// What people and service managers send to end a program.
constexpr std::array ending{SIGINT, SIGTERM, SIGHUP};

/// Those signals, and the one of a child's end, wait until we ask for them,
/// whoever handled them before. Given back when the object goes out of scope.
class HeldSignals {
 public:
  HeldSignals() {
    sigemptyset(&held_);
    sigaddset(&held_, SIGCHLD);
    for (const int signal : ending) sigaddset(&held_, signal);
    pthread_sigmask(SIG_BLOCK, &held_, &before_);
  }
  ~HeldSignals() {
    // What came while we cleaned up has had its effect: we end.
    const timespec now{};
    while (sigtimedwait(&held_, nullptr, &now) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  [[nodiscard]] siginfo_t next() const {
    siginfo_t info{};
    while (sigwaitinfo(&held_, &info) < 0 && errno == EINTR) {
    }
    return info;
  }
  /// In the child, for exec keeps the mask. A handler of ours must not catch
  /// what is meant for the command, so it goes first.
  void let_go() const {
    std::signal(SIGPIPE, SIG_DFL);
    for (const int signal : ending) {
      struct sigaction action {};
      sigaction(signal, nullptr, &action);
      if (action.sa_handler != SIG_IGN) std::signal(signal, SIG_DFL);
    }
    pthread_sigmask(SIG_UNBLOCK, &held_, nullptr);
  }

 private:
  sigset_t held_{};
  sigset_t before_{};
};

std::vector<std::string> or_shell(const std::vector<std::string>& command) {
  if (!command.empty()) return command;
  const char* shell = std::getenv("SHELL");
  return {shell == nullptr || *shell == '\0' ? "/bin/sh" : shell};
}

/// Libpq variables of the caller that are not set anew, a PGSERVICE say, would
/// lead the command to another server.
bool leads_elsewhere(std::string_view variable) {
  return variable.starts_with("DATABASE_URL=") ||
         (variable.starts_with("PG") && !variable.starts_with("PGEXPAND_"));
}

std::vector<std::string> environment_for(const Sandbox& sandbox) {
  // Of two equal names the first counts.
  auto result = sandbox.environment();
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const auto name = text.substr(0, text.find('=') + 1);
    bool is_set = false;
    for (const auto& ours : result) is_set = is_set || ours.starts_with(name);
    if (!is_set && !leads_elsewhere(text)) result.emplace_back(text);
  }
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (auto& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

struct Pipe {
  Pipe() {
    if (pipe2(ends, O_CLOEXEC) != 0) ends[0] = ends[1] = -1;
  }
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int ends[2];
};

[[noreturn]] void become(char* const* arguments,
                         char* const* environment,
                         const HeldSignals& signals,
                         int errors) {
  signals.let_go();
  execvpe(arguments[0], arguments, environment);
  const int reason = errno;
  const auto written = write(errors, &reason, sizeof reason);
  _exit(written > 0 ? 127 : 126);
}

/// Throws Error(usage) when there is no such command.
pid_t start(std::vector<std::string> command,
            const Sandbox& sandbox,
            const HeldSignals& signals) {
  auto variables = environment_for(sandbox);
  const auto environment = pointers(variables);
  const auto arguments = pointers(command);
  Pipe errors;
  const pid_t child = fork();
  if (child == 0) {
    become(arguments.data(), environment.data(), signals, errors.ends[1]);
  }
  int reason = child < 0 ? errno : 0;
  close(std::exchange(errors.ends[1], -1));
  // A successful exec closes the pipe, and the read finds nothing.
  const bool failed =
      child < 0 || read(errors.ends[0], &reason, sizeof reason) > 0;
  if (!failed) return child;
  if (child > 0) waitpid(child, nullptr, 0);
  throw Error(
      ErrorKind::usage, "sandbox.no-command",
      fmt::format("cannot run {}: {}", command.front(), std::strerror(reason)));
}

int follow(pid_t child, const HeldSignals& signals) {
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    const siginfo_t info = signals.next();
    // The terminal sends its Ctrl-C to the command too: once is enough.
    const bool came_from_terminal = info.si_code == SI_KERNEL;
    if (info.si_signo != SIGCHLD && !came_from_terminal) {
      ::kill(child, info.si_signo);
    }
  }
  return exit_code_of(status);
}

}  // namespace

int run_command(const Options& options,
                const std::vector<std::string>& command) {
  // A signal while the server starts or stops waits: the command gets the
  // former, and the latter changes nothing.
  const HeldSignals signals;
  const Sandbox sandbox(options);
  return follow(start(or_shell(command), sandbox, signals), signals);
}

}  // namespace pgexpand::sandbox
