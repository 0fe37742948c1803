#include "cli/environment.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>

namespace {

// A signal handler can reach nothing but a global.
pgexpand::exec::StopRequest stop;

void on_signal(int signal) {
  stop.last_signal = signal;
  ++stop.signals;
}

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (const int signal : std::array{SIGINT, SIGTERM, SIGHUP}) {
    sigaction(signal, &action, nullptr);
  }
  // A closed stdout must not end a run half-way.
  std::signal(SIGPIPE, SIG_IGN);
}

int terminal_width() {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0;
  return known && size.ws_col > 20 ? size.ws_col : 80;
}

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

int main(int argc, char** argv) {
  catch_signals();
  std::error_code ignored;
  pgexpand::cli::Environment environment{
      .out = std::cout,
      .err = std::cerr,
      .out_is_terminal = isatty(STDOUT_FILENO) == 1,
      .err_is_terminal = isatty(STDERR_FILENO) == 1,
      .width = terminal_width(),
      .folder = std::filesystem::current_path(ignored),
      .variable = variable,
      .now = std::chrono::system_clock::now,
      .stop = stop};
  return pgexpand::cli::run(argc, argv, environment);
}
