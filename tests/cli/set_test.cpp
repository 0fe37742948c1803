#include "cli/command_line.hpp"
#include "pgexpand/campaign/pace.hpp"
#include "places.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgexpand::cli {
namespace {

using ::testing::HasSubstr;

TEST(Set, ItsPageAndItsHintNameEverySettingItTakes) {
  std::ostringstream page;
  page << std::ifstream(testing::source_folder() / "docs/commands/set.md")
              .rdbuf();
  CommandLine line;
  EXPECT_EQ(line.run({"set", "1_a", "zzzzzzzzzzzz=1"}), 2);
  for (const std::string& key : campaign::live_keys()) {
    EXPECT_THAT(page.str(), HasSubstr("`" + key + "`"));
    EXPECT_THAT(line.err, HasSubstr(key));
  }
}

}  // namespace
}  // namespace pgexpand::cli
