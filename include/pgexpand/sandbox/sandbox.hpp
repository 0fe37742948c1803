#pragma once

#include <memory>
#include <string>
#include <vector>

namespace pgexpand::sandbox {

struct Options {
  std::string bindir;  ///< Empty: found by find_bindir().
  /// Lines for postgresql.conf, e.g. "max_wal_size = '4GB'".
  std::vector<std::string> settings;
  /// fsync off and friends: for tests. The demo and benchmarks keep it on.
  bool fast_and_unsafe = false;
};

/// A private PostgreSQL in a temporary directory, on a Unix socket only.
/// Started by the constructor, stopped and deleted by the destructor. As root
/// it runs as another user (postgres, else nobody). Throws Error(usage) with
/// the package to install when no server binaries are found, Error(database)
/// with the log's end when it does not start.
class Sandbox {
 public:
  explicit Sandbox(const Options& options = {});
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  /// Keyword DSN: host=<socket folder> port=… dbname=postgres user=postgres.
  [[nodiscard]] std::string dsn() const;
  [[nodiscard]] const std::string& folder() const;
  [[nodiscard]] const std::string& bindir() const;
  /// PGHOST=…, PGPORT=…, PGUSER=…, PGDATABASE=…
  [[nodiscard]] std::vector<std::string> environment() const;
  /// Immediate stop and start again, as after a crash of the server.
  void crash_and_restart();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The folder of initdb, postgres and pg_ctl: PGEXPAND_PG_BINDIR, `pg_config
/// --bindir`, PATH, /usr/lib/postgresql/*/bin, newest first. Empty: none.
[[nodiscard]] std::string find_bindir();

/// `pgexpand sandbox -- CMD…`: starts one, runs the command (or an interactive
/// shell) with PG* and PGEXPAND_DSN set, returns its exit code. Signals are
/// passed on to the command; the server is stopped and deleted in every case.
[[nodiscard]] int run_command(const Options& options,
                              const std::vector<std::string>& command);

}  // namespace pgexpand::sandbox
