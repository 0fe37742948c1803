#pragma once

#include "support/test_database.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pgexpand::testing {

/// A release of an application: pgbench on one connection with prepared
/// statements, a `search_path` of its own, and scripts that it runs in random
/// order until it is stopped. The first error ends it.
///
/// Its scripts count what they did in `count`, which they must call once:
/// SELECT nextval(...).
class PgbenchApplication {
 public:
  /// Starts at once. `folder` is where its scripts go. `count` is a sequence
  /// with its schema that only this application counts in.
  PgbenchApplication(TestDatabase& database,
                     const std::string& folder,
                     const std::string& name,
                     const std::string& search_path,
                     const std::vector<std::string>& scripts,
                     const std::string& count);
  ~PgbenchApplication();
  PgbenchApplication(const PgbenchApplication&) = delete;
  PgbenchApplication& operator=(const PgbenchApplication&) = delete;

  /// Waits for that many further transactions. Returns what went wrong, or "".
  std::string await(int transactions);
  /// Ends it, and returns when its connection is gone. Returns its errors.
  std::string stop();

 private:
  [[nodiscard]] long done() const;
  [[nodiscard]] std::string errors();

  TestDatabase& database_;
  std::string name_;
  std::string count_;
  std::optional<Process> process_;
};

}  // namespace pgexpand::testing
