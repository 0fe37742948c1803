#include "support/process.hpp"

#include "places.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

namespace pgexpand::testing {

namespace {

constexpr std::chrono::milliseconds poll_interval{5};

int memory_file(const char* name, const std::string& text = {}) {
  const int file = memfd_create(name, MFD_CLOEXEC);
  if (file < 0 || write(file, text.data(), text.size()) !=
                      static_cast<ssize_t>(text.size())) {
    throw std::runtime_error(std::string("no memory file: ") +
                             std::strerror(errno));
  }
  lseek(file, 0, SEEK_SET);
  return file;
}

/// pread, because the child shares the file's position.
std::string contents(int file) {
  std::string text;
  char buffer[8192];
  while (true) {
    const ssize_t got =
        pread(file, buffer, sizeof buffer, static_cast<off_t>(text.size()));
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

std::vector<char*> pointers(Arguments& strings) {
  std::vector<char*> result;
  for (auto& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::string_view name_of(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

/// Later entries win, as people expect of `NAME=value` lists.
void set_variable(Environment& environment, const std::string& variable) {
  std::erase_if(environment, [&](const std::string& other) {
    return name_of(other) == name_of(variable);
  });
  environment.push_back(variable);
}

Environment inherited() {
  Environment result;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    result.emplace_back(*variable);
  }
  return result;
}

/// The caller's own PG* variables must not reach the program under test.
bool may_reach_pgexpand(std::string_view variable) {
  const auto name = name_of(variable);
  if (name == "PGEXPAND_PG_BINDIR") return true;
  return !name.starts_with("PG") && name != "DATABASE_URL";
}

[[noreturn]] void become(char* const* arguments,
                         char* const* environment,
                         int in,
                         int out,
                         int err) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  execvpe(arguments[0], arguments, environment);
  _exit(127);
}

pid_t start(
    Arguments command, Environment environment, int in, int out, int err) {
  const auto arguments = pointers(command);
  const auto variables = pointers(environment);
  const pid_t pid = fork();
  if (pid == 0) become(arguments.data(), variables.data(), in, out, err);
  close(in);
  if (pid < 0) throw std::runtime_error("cannot fork");
  return pid;
}

Environment with(Environment base, const Environment& additions) {
  for (const auto& variable : additions) set_variable(base, variable);
  return base;
}

}  // namespace

Process::Process(const Arguments& command,
                 const Environment& environment,
                 const std::string& input)
    : out_(memory_file("stdout")), err_(memory_file("stderr")) {
  pid_ = start(command, with(inherited(), environment),
               memory_file("stdin", input), out_, err_);
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      out_(std::exchange(other.out_, -1)),
      err_(std::exchange(other.err_, -1)),
      is_reaped_(std::exchange(other.is_reaped_, true)),
      exit_code_(other.exit_code_) {}

Process::~Process() {
  if (!is_reaped_) {
    ::kill(pid_, SIGKILL);
    reap(0);
  }
  if (out_ >= 0) close(out_);
  if (err_ >= 0) close(err_);
}

bool Process::reap(int flags) {
  if (is_reaped_) return true;
  int status = 0;
  if (waitpid(pid_, &status, flags) != pid_) return false;
  is_reaped_ = true;
  exit_code_ =
      WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return true;
}

bool Process::is_running() { return !reap(WNOHANG); }

void Process::send_signal(int signal) {
  if (!is_reaped_) ::kill(pid_, signal);
}

std::string Process::out() const { return contents(out_); }

std::string Process::err() const { return contents(err_); }

ProcessResult Process::wait(std::chrono::seconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!reap(WNOHANG)) {
    if (std::chrono::steady_clock::now() > deadline) {
      kill();
      throw std::runtime_error("the process did not end; stdout: " + out() +
                               "; stderr: " + err());
    }
    std::this_thread::sleep_for(poll_interval);
  }
  return {exit_code_, out(), err()};
}

ProcessResult Process::kill() {
  send_signal(SIGKILL);
  reap(0);
  return {exit_code_, out(), err()};
}

ProcessResult run_process(const Arguments& command,
                          const Environment& environment,
                          const std::string& input) {
  return Process(command, environment, input).wait();
}

Process spawn_build(const std::string& program,
                    const Arguments& arguments,
                    const Environment& environment) {
  Arguments command{"env"};
  for (const auto& variable : inherited()) {
    if (!may_reach_pgexpand(variable)) {
      command.insert(command.end(), {"-u", std::string(name_of(variable))});
    }
  }
  command.insert(command.end(), environment.begin(), environment.end());
  command.push_back(program);
  command.insert(command.end(), arguments.begin(), arguments.end());
  return Process(command);
}

Process spawn_pgexpand(const Arguments& arguments,
                       const Environment& environment) {
  return spawn_build(shipped_program(), arguments, environment);
}

ProcessResult run_pgexpand(const Arguments& arguments,
                           const Environment& environment) {
  return spawn_pgexpand(arguments, environment).wait();
}

}  // namespace pgexpand::testing
