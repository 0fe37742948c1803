#pragma once

#include <memory>
#include <string>
#include <vector>

namespace pgexpand::sandbox {

struct Options {
  std::string bindir;  ///< Empty: found by find_bindir().
  /// Lines for postgresql.conf, e.g. "max_wal_size = '4GB'".
  std::vector<std::string> settings;
  /// fsync and full_page_writes off: for tests. What was committed survives a
  /// crash of the server, not of the machine. Benchmarks leave this false.
  bool fast_and_unsafe = false;
};

/// A private PostgreSQL in a temporary directory, on a Unix socket only.
/// Started by the constructor, stopped and deleted by the destructor. As root
/// it runs as another user (postgres, else nobody). When our process dies in
/// any way, SIGKILL included, the server ends and the folder is deleted. The
/// thread that starts the server must live as long as the object. Throws
/// Error(usage) with the package to install when no server binaries are found,
/// Error(database) with the log's end when it does not start.
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
  /// PGHOST=…, PGPORT=…, PGUSER=…, PGDATABASE=…, PGEXPAND_DSN=…, and PATH with
  /// bindir() first.
  [[nodiscard]] std::vector<std::string> environment() const;
  /// Immediate stop and start again, as after a crash of the server.
  void crash_and_restart();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The folder of initdb and postgres: PGEXPAND_PG_BINDIR alone if it is set,
/// else `pg_config --bindir`, PATH, /usr/lib/postgresql/*/bin newest first.
/// Empty: none.
[[nodiscard]] std::string find_bindir();

/// `pgexpand sandbox -- CMD…`: starts one, runs the command (or an interactive
/// shell) with PG* and PGEXPAND_DSN set, returns its exit code, 128 + n after
/// signal n. SIGINT, SIGTERM and SIGHUP are passed on to the command; the
/// server is stopped and deleted in every case. Throws Error(usage) for a
/// command that cannot be run. No other thread may be
/// running: signals would reach it instead.
[[nodiscard]] int run_command(const Options& options,
                              const std::vector<std::string>& command);

}  // namespace pgexpand::sandbox
