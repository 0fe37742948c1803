#pragma once

#include "support/process.hpp"

#include <optional>
#include <string>

namespace pgexpand::testing {

/// A streaming standby of the shared server, named `name`. Stopped and deleted
/// with the object. `settings` are lines of postgresql.conf. Throws
/// std::runtime_error when it does not stream within half a minute.
class Standby {
 public:
  explicit Standby(const std::string& name, const std::string& settings = {});
  ~Standby();
  Standby(const Standby&) = delete;
  Standby& operator=(const Standby&) = delete;

  /// Keyword DSN of a database that it has by now.
  [[nodiscard]] std::string dsn(const std::string& database) const;

  /// SIGSTOP to all its processes: it keeps its connection and does nothing.
  void freeze();
  void thaw();

 private:
  void signal_all(const std::string& signal) const;

  std::string folder_;
  std::optional<Process> server_;
};

}  // namespace pgexpand::testing
