#include "cli/command_line.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace pgexpand::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Usage : public ::testing::Test {
 protected:
  CommandLine line_;
};

TEST_F(Usage, AnUnknownCommandNamesTheNearestOne) {
  EXPECT_EQ(line_.run({"aply", "20261120_a"}), 2);
  EXPECT_EQ(line_.err,
            "error[cli.unknown-command]: there is no command \"aply\"\n"
            "  HINT:  did you mean `apply`?\n");
  EXPECT_THAT(line_.out, IsEmpty());
}

TEST_F(Usage, AnUnknownOptionNamesTheNearestOneOfTheCommand) {
  EXPECT_EQ(line_.run({"apply", "--throuh", "switch"}), 2);
  EXPECT_EQ(line_.err,
            "error[cli.unknown-option]: there is no option --throuh\n"
            "  HINT:  did you mean `--through`?\n");
}

TEST_F(Usage, AnUnknownOptionNamesTheNearestGlobalOne) {
  EXPECT_EQ(line_.run({"config", "--batch-row=5"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("did you mean `--batch-rows`?"));
}

TEST_F(Usage, NoCommandAtAllPointsToHelp) {
  EXPECT_EQ(line_.run({}), 2);
  EXPECT_EQ(line_.err,
            "error[cli.no-command]: no command was given\n"
            "  HINT:  run `pgexpand --help`\n");
}

TEST_F(Usage, AMissingArgumentPointsToTheCommandsHelp) {
  EXPECT_EQ(line_.run({"rollback"}), 2);
  EXPECT_EQ(line_.err,
            "error[cli.bad-argument]: id is required\n"
            "  HINT:  run `pgexpand rollback --help`\n");
}

TEST_F(Usage, AnArgumentTooManyIsNamed) {
  EXPECT_EQ(line_.run({"rollback", "1_a", "2_b"}), 2);
  EXPECT_THAT(line_.err,
              HasSubstr("rollback does not take the argument \"2_b\""));
  EXPECT_EQ(line_.run({"switch", "1_a", "2_b"}), 2);
  EXPECT_THAT(line_.err,
              HasSubstr("switch does not take the argument \"2_b\""));
}

TEST_F(Usage, APhaseThatDoesNotExistIsRefused) {
  EXPECT_EQ(line_.run({"apply", "--through", "shrink"}), 2);
  EXPECT_THAT(line_.err, StartsWith("error[cli.bad-argument]: "));
}

TEST_F(Usage, HelpAndVersionGoToStdout) {
  EXPECT_EQ(line_.run({"--version"}), 0);
  EXPECT_EQ(line_.out,
            fmt::format("pgexpand {} (SQL grammar of PostgreSQL {})\n",
                        PGEXPAND_VERSION, sql::grammar_version()));
  EXPECT_EQ(line_.run({"apply", "--help"}), 0);
  EXPECT_THAT(line_.out, HasSubstr("--through"));
  EXPECT_THAT(line_.err, IsEmpty());
}

TEST_F(Usage, AskedForJsonABadCommandLineAnswersInJson) {
  EXPECT_EQ(line_.run({"aply", "-o", "json"}), 2);
  const auto answer = nlohmann::json::parse(line_.out);
  EXPECT_EQ(answer.at("schema"), 1);
  EXPECT_EQ(answer.at("ok"), false);
  EXPECT_EQ(answer.at("exit_code"), 2);
  EXPECT_EQ(answer.at("error").at("code"), "cli.unknown-command");
  EXPECT_THAT(line_.err, IsEmpty());
}

}  // namespace
}  // namespace pgexpand::cli
