#include "cli/command_line.hpp"
#include "cli/explanations.hpp"
#include "pgexpand/spec/settings.hpp"
#include "places.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>

namespace pgexpand::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

bool is_setting(const std::string& word) {
  return std::ranges::any_of(
      spec::setting_names(),
      [&word](const spec::SettingName& name) { return name.key == word; });
}

/// Every `module.what-is-wrong` between quotes in the source.
std::set<std::string> codes_in_source() {
  // Dotted words that are no codes.
  const std::set<std::string> others{"pgexpand.yaml", "i.indnullsnotdistinct",
                                     "k.confdelsetcols", "k.conenforced"};
  const std::regex pattern("\"([a-z]+\\.[a-z0-9]+(?:-[a-z0-9]+)*)\"");
  std::set<std::string> codes;
  const std::filesystem::path source = testing::source_folder() / "src";
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(source)) {
    if (!file.is_regular_file() ||
        file.path().filename().string().starts_with("explanations")) {
      continue;
    }
    std::ifstream stream(file.path());
    for (std::string line; std::getline(stream, line);) {
      for (std::sregex_iterator at(line.begin(), line.end(), pattern), end;
           at != end; ++at) {
        codes.insert((*at)[1]);
      }
    }
  }
  std::erase_if(codes, [&others](const std::string& code) {
    return others.contains(code) || is_setting(code);
  });
  return codes;
}

TEST(Explain, EveryCodeInTheSourceHasItsText) {
  std::vector<std::string> missing;
  const auto codes = codes_in_source();
  ASSERT_GT(codes.size(), 50U);
  for (const std::string& code : codes) {
    if (!explanation_of(code)) {
      missing.push_back(code);
    }
  }
  EXPECT_THAT(missing, IsEmpty());
}

TEST(Explain, NoTextIsThereTwice) {
  std::set<std::string_view> seen;
  for (const Explanation& one : explanations()) {
    EXPECT_TRUE(seen.insert(one.code).second) << one.code;
  }
}

TEST(Explain, PrintsTheTextOfACode) {
  CommandLine line;
  EXPECT_EQ(line.run({"explain", "apply.paused"}), 0);
  EXPECT_THAT(line.out, HasSubstr("apply.paused\n\nSomebody ran `pgexpand "
                                  "pause` for this migration."));
}

TEST(Explain, AnUnknownCodeNamesTheNearestOne) {
  CommandLine line;
  EXPECT_EQ(line.run({"explain", "spec.unknown-feld"}), 2);
  EXPECT_THAT(line.err, HasSubstr("did you mean spec.unknown-field?"));
}

}  // namespace
}  // namespace pgexpand::cli
