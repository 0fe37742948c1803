#pragma once

#include "cli/command_line.hpp"
#include "support/test_database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pgexpand::testing {

/// The program against a database of its own: commands in-process, specs in a
/// folder of their own.
class Flow : public ::testing::Test {
 protected:
  Flow() {
    line_.variables["PGEXPAND_DSN"] = database_.dsn();
    line_.write("pgexpand.yaml", "column_order: free\n");
  }

  /// One operation as migration `id`; `fields` are lines `key: value`.
  void write_spec(const std::string& id,
                  const std::string& operation,
                  const std::vector<std::string>& fields) const {
    std::string text = "operations:\n  - " + operation + ":\n";
    for (const std::string& field : fields) {
      text += "      " + field + "\n";
    }
    line_.write("migrations/" + id + ".yaml", text);
  }

  /// Exit code; what it wrote is in line_.out and line_.err.
  int run(std::vector<std::string> words) {
    words.insert(words.end(), {"--pause", "0ms"});
    return line_.run(words);
  }

  std::string one(const std::string& query) {
    return database_.query_one(query).value_or("NULL");
  }
  [[nodiscard]] std::string dump() const {
    return schema_dump(database_.dsn());
  }

  TestDatabase database_;
  cli::CommandLine line_;
};

/// A text in YAML's single quotes.
inline std::string yaml_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char byte : text) {
    quoted += byte == '\'' ? "''" : std::string(1, byte);
  }
  return quoted + "'";
}

}  // namespace pgexpand::testing
