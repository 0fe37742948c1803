#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::sandbox {

/// Who the server runs as. PostgreSQL refuses to be root.
struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

/// Nobody to become, unless we are root: then postgres, else nobody. Throws
/// Error(usage) when root has neither.
[[nodiscard]] std::optional<User> server_user();

struct Spawn {
  std::vector<std::string> command;  ///< First: full path of the program.
  std::string folder;                ///< Working directory of the child.
  std::string log;                   ///< Gets stdout and stderr, appended.
  std::optional<User> user;          ///< Becomes this user first.
  int death_signal = 0;              ///< Sent to the child when we die.
};

/// Starts a child in a session of its own, away from the terminal's signals.
/// The death signal also comes when the thread that called this ends. Throws
/// Error(database) when there can be no new process; a program that cannot be
/// executed ends with 127.
[[nodiscard]] pid_t spawn(const Spawn& spawn);

/// In a child: undoes what the caller of ours may have blocked or ignored.
void reset_signals();

/// A child's end, as a shell tells it: exit code, or 128 + n for signal n.
[[nodiscard]] int exit_code_of(int wait_status);

/// Waits for the end of `child`; nullopt if it still runs after `limit`.
[[nodiscard]] std::optional<int> wait_for(pid_t child,
                                          std::chrono::milliseconds limit);

}  // namespace pgexpand::sandbox
