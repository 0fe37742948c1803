#include "cli/command_line.hpp"
#include "pgexpand/campaign/pace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>

namespace pgexpand::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class Completion : public ::testing::Test {
 protected:
  /// What is offered for the last of the words, without what it means.
  std::vector<std::string> offered(const std::vector<std::string>& words) {
    std::vector<std::string> request{"__complete"};
    request.insert(request.end(), words.begin(), words.end());
    EXPECT_EQ(line_.run(request), 0) << line_.err;
    std::vector<std::string> found;
    std::istringstream lines(line_.out);
    for (std::string line; std::getline(lines, line);) {
      found.push_back(line.substr(0, line.find('\t')));
    }
    return found;
  }

  CommandLine line_;
};

TEST_F(Completion, OffersCommandsWithWhatTheyDo) {
  EXPECT_THAT(offered({"re"}), ElementsAre("resume"));
  EXPECT_EQ(line_.out, "resume\tContinue an interrupted or paused migration\n");
  EXPECT_THAT(offered({""}), Contains("apply"));
  EXPECT_THAT(offered({}), Contains("apply"));
}

TEST_F(Completion, OffersTheMigrationsOfTheFolder) {
  line_.write("migrations/20261120_a.yaml", "");
  line_.write("migrations/20261121_b.yaml", "");
  line_.write("migrations/notes.txt", "");
  EXPECT_THAT(offered({"plan", ""}), ElementsAre("20261120_a", "20261121_b"));
  EXPECT_THAT(offered({"apply", "20261120_a", "20261121"}),
              ElementsAre("20261121_b"));
  EXPECT_THAT(offered({"-o", "json", "rollback", "--lock-timeout=1s", "2"}),
              ElementsAre("20261120_a", "20261121_b"));
  EXPECT_THAT(offered({"rollback", "20261120_a", ""}), IsEmpty());
}

TEST_F(Completion, LooksWhereTheLineSaysThatTheSpecsAre) {
  line_.write("elsewhere/1_c.yaml", "");
  EXPECT_THAT(offered({"--dir", "elsewhere", "apply", ""}), ElementsAre("1_c"));
  EXPECT_THAT(offered({"apply", "--dir=elsewhere", ""}), ElementsAre("1_c"));
  EXPECT_THAT(offered({"apply", ""}), IsEmpty());
}

TEST_F(Completion, OffersOptionsOfTheCommandAndOfAll) {
  EXPECT_THAT(offered({"apply", "--through"}), ElementsAre("--through"));
  EXPECT_THAT(offered({"apply", "--"}), Contains("--batch-rows"));
  EXPECT_THAT(offered({"--"}), Not(Contains("--through")));
}

TEST_F(Completion, OffersTheValuesOfAnOption) {
  EXPECT_THAT(offered({"apply", "--through", "s"}), ElementsAre("switch"));
  EXPECT_THAT(offered({"apply", "--through=s"}),
              ElementsAre("--through=switch"));
  EXPECT_THAT(offered({"-o", ""}), ElementsAre("text", "json"));
  EXPECT_THAT(offered({"--dsn", ""}), IsEmpty());
}

TEST_F(Completion, TakesAnEqualsSignForAWordOfItsOwnAsBashDoes) {
  EXPECT_THAT(offered({"apply", "--through", "=", "s"}), ElementsAre("switch"));
  EXPECT_THAT(offered({"wait", "--for", "="}), Contains("backfill"));
}

TEST_F(Completion, OffersWhatSetCanChangeAndTheCodesOfExplain) {
  EXPECT_THAT(offered({"set", "1_a", "pause=50ms", "batch_r"}),
              ElementsAre("batch_rows="));
  std::vector<std::string> changes;
  for (const std::string& key : campaign::live_keys()) {
    changes.push_back(key + "=");
  }
  EXPECT_EQ(offered({"set", "1_a", ""}), changes);
  EXPECT_THAT(offered({"explain", "cli.unknown-o"}),
              ElementsAre("cli.unknown-option"));
}

TEST_F(Completion, OffersNothingAfterACommandThatDoesNotExist) {
  EXPECT_THAT(offered({"aply", ""}), IsEmpty());
}

TEST_F(Completion, HasAScriptForEachShell) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    EXPECT_EQ(line_.run({"completion", shell}), 0);
    EXPECT_THAT(line_.out, HasSubstr("__complete"));
  }
  EXPECT_EQ(line_.run({"completion", "bash", "-ojson"}), 0);
  EXPECT_THAT(nlohmann::json::parse(line_.out).at("script").get<std::string>(),
              StartsWith("_pgexpand()"));
  EXPECT_EQ(line_.run({"completion", "tcsh"}), 2);
}

}  // namespace
}  // namespace pgexpand::cli
