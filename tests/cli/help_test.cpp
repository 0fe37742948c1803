// All that --help says, as one golden file.
#include "cli/command_line.hpp"
#include "places.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace pgexpand::cli {
namespace {

/// The words after "Subcommands:", one a line.
std::vector<std::string> commands_in(const std::string& help) {
  std::vector<std::string> names;
  std::istringstream lines(help);
  bool is_list = false;
  for (std::string line; std::getline(lines, line);) {
    if (is_list && line.starts_with("  ")) {
      names.push_back(line.substr(2, line.find(' ', 2) - 2));
    }
    is_list = is_list || line == "Subcommands:";
  }
  return names;
}

std::string all_help() {
  CommandLine line;
  EXPECT_EQ(line.run({"--help"}), 0);
  std::string all = "$ pgexpand --help\n" + line.out;
  for (const std::string& name : commands_in(line.out)) {
    EXPECT_EQ(line.run({name, "--help"}), 0);
    all += "$ pgexpand " + name + " --help\n" + line.out;
  }
  return all;
}

TEST(Help, OfEveryCommandIsTheGoldenOne) {
  const auto file = testing::source_folder() / "tests/golden/help.txt";
  const std::string now = all_help();
  if (std::getenv("PGEXPAND_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(file) << now;
  }
  std::ostringstream expected;
  expected << std::ifstream(file).rdbuf();
  EXPECT_EQ(now, expected.str());
}

}  // namespace
}  // namespace pgexpand::cli
