#pragma once

#include "pgexpand/sandbox/sandbox.hpp"
#include "sandbox/process.hpp"

#include <sys/types.h>

#include <optional>
#include <string>

namespace pgexpand::sandbox {

/// One server's files and its main process, inside a folder that exists.
class Server {
 public:
  /// Runs initdb and writes the settings. Does not start it.
  Server(const std::string& folder,
         const std::string& bindir,
         const std::optional<User>& user,
         const Options& options);
  /// Stops it.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Returns once it accepts connections. Throws Error(database) with the end
  /// of the log when it ends before that, or takes more than a minute.
  void start();
  /// Disconnects everybody, and waits for the end; rougher after 10 s.
  void stop() noexcept;
  /// As if it had crashed: no checkpoint. Waits for the end.
  void crash();

 private:
  void initialize();
  void configure(const Options& options) const;
  [[nodiscard]] Spawn spawn_of(std::vector<std::string> command) const;
  [[nodiscard]] bool is_ready() const;
  [[nodiscard]] std::string log_end() const;

  std::string folder_;
  std::string bindir_;
  std::optional<User> user_;
  pid_t process_ = -1;
};

}  // namespace pgexpand::sandbox
