#pragma once

#include "cli/command_line.hpp"
#include "support/test_database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace pgexpand::testing {

/// A column that moves with something on it, and what a blocking migration
/// would have run instead.
struct Carried {
  std::string name;
  std::string setup;
  std::string operations;  ///< YAML, each line indented by two.
  std::string plain;
  /// Written by new code; works again and again. `$column` is the column.
  std::string writes = "";
  std::string old_name = "", new_name = "";  ///< Of `$column`.
  int since = 14;  ///< An older major version has no such objects: skipped.
};
inline Carried since(int major_version, Carried carried) {
  carried.since = major_version;
  return carried;
}
inline void PrintTo(const Carried& carried, std::ostream* out) {
  *out << carried.name;
}
inline std::string name_of(const ::testing::TestParamInfo<Carried>& info) {
  return info.param.name;
}

/// An alter_column with a type; `more` are fields, indented by six.
inline std::string alter(const std::string& name,
                         const std::string& column,
                         const std::string& type,
                         const std::string& more = "") {
  return "  - alter_column:\n      table: " + name +
         "\n      column: " + column + "\n      type: " + type + "\n" + more;
}

/// pg_dump's text with columns and entries in alphabetical order: a moved
/// column stands at the end of its table.
[[nodiscard]] std::string sorted_schema(const TestDatabase& database);
/// Every row of every table in schema public, in an order of its own.
[[nodiscard]] std::string all_rows(TestDatabase& database);
/// The file of every table: another one after a rewrite.
[[nodiscard]] std::string files_of(TestDatabase& database);

/// One migration, run in-process on a database of its own.
class CarryTest : public ::testing::Test {
 protected:
  CarryTest();

  void set_up(const std::string& sql) { database_.exec(sql); }
  void write_migration(const std::string& operations) {
    line_.write("migrations/1_move.yaml", "operations:\n" + operations);
  }
  int run(const std::vector<std::string>& words) { return line_.run(words); }
  /// apply --through `phase`, which must work.
  void go_through(const std::string& phase);
  void roll_back();
  [[nodiscard]] std::string one(const std::string& sql) {
    return database_.query_one(sql).value_or("NULL");
  }
  [[nodiscard]] std::string schema() const { return sorted_schema(database_); }

  /// Through switch, back, forward again and to the end: compared with
  /// `plain` on another database.
  void expect_carried(const Carried& carried);

  TestDatabase database_;
  cli::CommandLine line_;
};

}  // namespace pgexpand::testing
