#pragma once

#include "pgexpand/pg/session.hpp"
#include "pgexpand/sandbox/sandbox.hpp"
#include "support/process.hpp"

#include <memory>
#include <string>

namespace pgexpand::testing {

/// The one server that all tests of this process share. Started by the first
/// call, stopped after the last test (tests/integration/main.cpp). Throws
/// Error when there are no server binaries: a failure, not a skip.
/// max_connections 200, max_prepared_transactions 10, fsync off.
sandbox::Sandbox& shared_server();
/// Stops it, if it ever started.
void stop_shared_server();

/// A program of the server's version, psql or pg_dump, with its folder.
[[nodiscard]] std::string server_program(const std::string& name);

/// A database of its own on the shared server, dropped WITH (FORCE) with the
/// object; kept, and named on stderr, with PGEXPAND_KEEP_TEST_DATABASE=1.
class TestDatabase {
 public:
  /// A copy of database `original`, to which nobody may be connected then.
  explicit TestDatabase(const std::string& original = "template1");
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string dsn() const;

  /// A new connection as pgexpand opens it, with its settings.
  [[nodiscard]] pg::Connection connect() const;
  [[nodiscard]] std::unique_ptr<pg::Session> session() const;
  /// A new connection as an application has it: RESET ALL after the above, so
  /// search_path is "$user", public and nothing times out.
  [[nodiscard]] std::unique_ptr<pg::Session> application() const;

  /// Runs a script of any number of statements with psql, each by itself.
  /// Throws std::runtime_error with psql's message at the first error.
  void exec(const std::string& sql) const;
  /// Runs one statement on a kept application() connection, reopened when it
  /// broke. Throws Error as Session does.
  pg::Result query(const std::string& sql);
  /// query() for one row with one value; nullopt is SQL NULL.
  pg::Value query_one(const std::string& sql);
  /// Closes the kept connection, so that the database may be copied.
  void disconnect() { session_.reset(); }

  /// spawn_pgexpand and run_pgexpand with PGEXPAND_DSN set to dsn().
  [[nodiscard]] Process spawn_pgexpand(const Arguments& arguments,
                                       Environment environment = {}) const;
  [[nodiscard]] ProcessResult run_pgexpand(const Arguments& arguments,
                                           Environment environment = {}) const;

 private:
  std::string name_;
  std::unique_ptr<pg::Session> session_;
};

/// What pg_dump --schema-only says of the database, without the lines that
/// differ from run to run and without schema `without` (our state).
[[nodiscard]] std::string schema_dump(const std::string& dsn,
                                      const std::string& without = "pgexpand");

}  // namespace pgexpand::testing
