#pragma once

#include "cli/command_line.hpp"
#include "support/test_database.hpp"

#include <map>
#include <string>
#include <vector>

namespace pgexpand::testing {

struct ExampleOptions {
  int rows = 3000;     ///< Of its largest table.
  std::string config;  ///< pgexpand.yaml; empty: none.
  /// Added to the settings named below.
  std::map<std::string, std::string> variables;
  /// The database is a copy of this example's; null: its tables as at first.
  class Example* original = nullptr;
};

/// One operation's example of migrations-examples/: its tables in a database
/// of their own, its file in a folder of its own. Batches are of 500
/// rows, without a pause.
class Example {
 public:
  explicit Example(const std::string& operation,
                   const ExampleOptions& options = {});

  /// Runs a command in-process. Returns the exit code.
  int run(const std::vector<std::string>& words);
  int apply(const std::string& through = "switch");
  int contract();
  int roll_back();
  /// Starts the real program with `words`.
  [[nodiscard]] Process spawn(const std::vector<std::string>& words) const;
  /// Starts another build of it, with further variables.
  [[nodiscard]] Process spawn_build(const std::string& program,
                                    std::vector<std::string> words,
                                    Environment environment) const;
  /// What the last run() wrote, stderr first.
  [[nodiscard]] std::string said() const { return line_.err + line_.out; }

  /// The schema without our state, as text.
  [[nodiscard]] std::string schema() const;
  /// Row count and checksum of every table, last value of every sequence.
  [[nodiscard]] std::string data();
  /// What of ours is still there outside the state schema, sync functions, and
  /// invalid indexes; a line each.
  [[nodiscard]] std::string leftovers();
  /// True from the end of switch on.
  [[nodiscard]] bool is_switched();
  /// True if the stored plan says that rollback does not undo all of it.
  [[nodiscard]] bool keeps_data_after_rollback();

  [[nodiscard]] TestDatabase& database() { return database_; }
  [[nodiscard]] const std::string& id() const { return id_; }

 private:
  std::string id_;
  TestDatabase database_;
  cli::CommandLine line_;
};

}  // namespace pgexpand::testing
