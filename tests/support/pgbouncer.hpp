#pragma once

#include "support/process.hpp"

#include <optional>
#include <string>

namespace pgexpand::testing {

/// A pgbouncer in front of the shared server, on a Unix socket of its own.
/// Stopped and deleted with the object.
class PgBouncer {
 public:
  /// `mode` is `transaction` or `session`. It has one connection to the server
  /// for each database, unless `settings`, lines of its [pgbouncer] section,
  /// say otherwise. Throws std::runtime_error when it does not answer within
  /// ten seconds.
  explicit PgBouncer(const std::string& mode, const std::string& settings = {});
  ~PgBouncer();
  PgBouncer(const PgBouncer&) = delete;
  PgBouncer& operator=(const PgBouncer&) = delete;

  [[nodiscard]] std::string dsn(const std::string& database) const;
  /// Kills it, so that all connections through it break, and starts it again.
  void restart();

 private:
  void start();
  [[nodiscard]] bool answers() const;

  std::string folder_;
  std::optional<Process> process_;
};

}  // namespace pgexpand::testing
