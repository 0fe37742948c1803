// Commands about files: new, lint.
#include "cli/command_line.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace pgexpand::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* good_spec =
    "operations:\n"
    "  - add_column:\n"
    "      table: orders\n"
    "      column: note\n"
    "      type: text\n";

class Files : public ::testing::Test {
 protected:
  CommandLine line_;
};

TEST_F(Files, NewWritesASpecThatLintAccepts) {
  EXPECT_EQ(line_.run({"new", "Orders-status"}), 0);
  EXPECT_EQ(line_.out, "migrations/20261120140300_orders_status.yaml\n");
  EXPECT_THAT(line_.read("migrations/20261120140300_orders_status.yaml"),
              HasSubstr("operations:\n  - add_column:\n"));
  EXPECT_EQ(line_.run({"lint"}), 0) << line_.err;
  EXPECT_EQ(line_.out, "1 spec, no error\n");
}

TEST_F(Files, NewNamesTheEditorsSchemaOnlyIfItIsThere) {
  const std::string file = "migrations/20261120140300_a.yaml";
  EXPECT_EQ(line_.run({"new", "a"}), 0);
  EXPECT_THAT(line_.read(file), Not(HasSubstr("yaml-language-server")));
  line_.remove(file);
  line_.write("migrations/pgexpand.schema.json", "{}");
  EXPECT_EQ(line_.run({"new", "a"}), 0);
  EXPECT_THAT(line_.read(file), HasSubstr("# yaml-language-server: "
                                          "$schema=pgexpand.schema.json\n"));
}

TEST_F(Files, NewNeverOverwrites) {
  line_.write("migrations/20261120140300_a.yaml", "mine");
  EXPECT_EQ(line_.run({"new", "a"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("error[new.exists]"));
  EXPECT_EQ(line_.read("migrations/20261120140300_a.yaml"), "mine");
}

TEST_F(Files, NewRefusesANameThatCannotBeAnId) {
  EXPECT_EQ(line_.run({"new", "a/b"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("error[new.bad-name]"));
  EXPECT_EQ(line_.run({"new", std::string(26, 'a')}), 2);
  EXPECT_THAT(line_.err, HasSubstr("error[new.long-name]"));
}

TEST_F(Files, LintShowsEveryFindingWithItsLineAndACaret) {
  line_.write("migrations/1_a.yaml",
              "operations:\n"
              "  - add_column:\n"
              "      table: orders\n"
              "      colum: note\n"
              "      type: text\n");
  EXPECT_EQ(line_.run({"lint"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("  --> migrations/1_a.yaml:4:7\n"
                                   "   |\n"
                                   " 4 |       colum: note\n"
                                   "   |       ^\n"));
  EXPECT_THAT(line_.err, HasSubstr("error[spec.unknown-field]"));
  EXPECT_THAT(line_.err, HasSubstr("error[spec.missing-field]"));
  EXPECT_THAT(line_.err, HasSubstr("error[spec.findings]: 2 errors"));
}

TEST_F(Files, LintTakesSingleFiles) {
  line_.write("elsewhere/1_a.yaml", good_spec);
  EXPECT_EQ(line_.run({"lint", "elsewhere/1_a.yaml"}), 0) << line_.err;
  EXPECT_EQ(line_.run({"lint", "elsewhere/2_b.yaml"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("error[spec.no-folder]"));
}

TEST_F(Files, LintAnswersInJsonWithAllFindings) {
  line_.write("migrations/1_a.yaml", "operations: []\n");
  EXPECT_EQ(line_.run({"lint", "-o", "json"}), 2);
  const auto answer = nlohmann::json::parse(line_.out);
  EXPECT_EQ(answer.at("error").at("kind"), "invalid_spec");
  EXPECT_EQ(answer.at("findings").at(0).at("line"), 1);
  EXPECT_THAT(line_.err, IsEmpty());
}

TEST_F(Files, LintReadsAThousandSpecs) {
  for (int i = 0; i < 1'000; ++i) {
    line_.write(fmt::format("migrations/{:04}_a.yaml", i), good_spec);
  }
  EXPECT_EQ(line_.run({"lint"}), 0);
  EXPECT_EQ(line_.out, "1000 specs, no error\n");
}

TEST_F(Files, AMissingFolderIsSaidBeforeAnyConnection) {
  EXPECT_EQ(line_.run({"lint"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("error[spec.no-folder]"));
}

TEST_F(Files, InitPrintsItsStatementsWithoutAServer) {
  EXPECT_EQ(line_.run({"init", "--print-sql", "--state-schema", "deploy"}), 0);
  EXPECT_THAT(line_.out, HasSubstr("CREATE TABLE \"deploy\".migration"));
}

}  // namespace
}  // namespace pgexpand::cli
