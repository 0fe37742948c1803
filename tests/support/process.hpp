#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace pgexpand::testing {

using Arguments = std::vector<std::string>;
using Environment = std::vector<std::string>;  ///< "NAME=value"

struct ProcessResult {
  int exit_code = 0;  ///< 128 + n after signal n, as in a shell.
  std::string out;
  std::string err;
};

/// A child process whose output goes to temporary files. Killed with SIGKILL
/// and reaped if it still runs when the object goes out of scope.
class Process {
 public:
  /// Starts `command` (found through PATH); `environment` is added to ours.
  /// `input` becomes its stdin. Throws std::runtime_error if it cannot start.
  explicit Process(const Arguments& command,
                   const Environment& environment = {},
                   const std::string& input = {});
  ~Process();
  Process(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool is_running();
  void send_signal(int signal);
  /// What it has written so far; usable while it runs.
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;
  /// Waits for the end. Throws std::runtime_error after `limit`, with the
  /// process killed.
  ProcessResult wait(std::chrono::seconds limit = std::chrono::seconds{120});
  /// kill -9, then wait().
  ProcessResult kill();

 private:
  bool reap(int flags);

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  bool is_reaped_ = false;
  int exit_code_ = 0;
};

/// Runs `command` to its end.
ProcessResult run_process(const Arguments& command,
                          const Environment& environment = {},
                          const std::string& input = {});

/// Starts the real program. It sees no PG* and PGEXPAND_* variable of ours
/// (but PGEXPAND_PG_BINDIR), only those in `environment`. The pid is the
/// program's own, so it may be sent signals.
Process spawn_pgexpand(const Arguments& arguments,
                       const Environment& environment = {});
ProcessResult run_pgexpand(const Arguments& arguments,
                           const Environment& environment = {});
/// spawn_pgexpand for another build of the program.
Process spawn_build(const std::string& program,
                    const Arguments& arguments,
                    const Environment& environment = {});

}  // namespace pgexpand::testing
