#pragma once

#include "sandbox/process.hpp"

#include <sys/types.h>

#include <optional>
#include <string>

namespace pgexpand::sandbox {

/// A private temporary folder that never outlives us: a guard process, away
/// from our signals, deletes it when the object is destroyed or when we die in
/// any way, SIGKILL included, and then first stops a server left in it.
class Folder {
 public:
  /// Short, because a Unix socket's path may have 107 bytes. Owned by `user`
  /// and closed to everyone else but root. Throws Error(database).
  explicit Folder(const std::optional<User>& user);
  /// Deletes it, and waits until that is done.
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  void start_guard();

  std::string path_;
  int lifeline_ = -1;  ///< The guard acts when this end of a pipe closes.
  pid_t guard_ = -1;
};

}  // namespace pgexpand::sandbox
