#include "places.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace pgexpand {
namespace {

namespace fs = std::filesystem;
using Modules = std::set<std::string>;

/// What a module may include of others, all of it: as pgexpand_module() in
/// CMakeLists.txt links it.
const std::map<std::string, Modules> allowed = {
    {"base", {}},
    {"sql", {"base"}},
    {"spec", {"base", "sql"}},
    {"catalog", {"base", "sql"}},
    {"plan", {"base", "sql"}},
    {"ops", {"base", "sql", "spec", "catalog", "plan"}},
    {"planner", {"base", "sql", "spec", "catalog", "plan", "ops"}},
    {"report", {"base", "sql", "plan"}},
    {"pg", {"base", "sql", "catalog"}},
    {"state", {"base", "sql", "catalog", "plan", "pg"}},
    {"backfill", {"base", "sql", "catalog", "plan", "pg", "state", "report"}},
    {"exec",
     {"base", "sql", "catalog", "plan", "pg", "state", "report", "backfill"}},
    {"campaign",
     {"base", "sql", "spec", "catalog", "plan", "ops", "planner", "report",
      "pg", "state", "backfill", "exec"}},
    {"sandbox", {"base"}},
    {"cli",
     {"base", "sql", "spec", "catalog", "plan", "ops", "planner", "report",
      "pg", "state", "backfill", "exec", "campaign", "sandbox"}},
};

/// How the headers of a library begin, and the one module that wraps it.
const std::map<std::string, std::string> owners = {
    {"pqxx/", "pg"},       {"libpq", "pg"},  // libpq-fe.h, libpq-events.h
    {"yaml-cpp/", "spec"}, {"CLI/", "cli"},
    {"pg_query", "sql"},   {"spdlog/", "base"},
};

/// Libraries whose headers take so long to compile that one file has them.
const std::map<std::string, std::string> only_in = {
    {"CLI/", "src/cli/command_line_parser.cpp"},
};

/// Modules that neither read nor write anything outside themselves. Not spec:
/// it reads the folder of specs.
const Modules pure = {"sql", "catalog", "plan", "ops", "planner"};
const Modules effects = {"iostream", "fstream",      "cstdio",
                         "unistd.h", "sys/socket.h", "thread"};

constexpr long longest_file = 400;

struct Source {
  std::string path;    ///< Below the project, for messages.
  std::string module;  ///< Empty outside src and include.
  std::vector<std::string> includes;
  long lines = 0;
};

std::string module_of(const std::string& path) {
  static const std::regex pattern("^(src|include/pgexpand)/([a-z]+)/.*");
  std::smatch match;
  return std::regex_match(path, match, pattern) ? match[2].str() : "";
}

Source read(const fs::path& file, const fs::path& root) {
  static const std::regex include(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"].*)");
  Source source;
  source.path = fs::relative(file, root).string();
  source.module = module_of(source.path);
  std::ifstream text(file);
  std::smatch match;
  for (std::string line; std::getline(text, line); ++source.lines) {
    if (std::regex_match(line, match, include)) {
      source.includes.push_back(match[1]);
    }
  }
  return source;
}

std::vector<Source> sources_of(const std::vector<std::string>& folders) {
  const fs::path root = testing::source_folder();
  std::vector<Source> result;
  for (const auto& folder : folders) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const auto kind = entry.path().extension();
      if (kind == ".cpp" || kind == ".hpp") {
        result.push_back(read(entry.path(), root));
      }
    }
  }
  return result;
}

const std::vector<Source>& our_code() {
  static const auto sources = sources_of({"src", "include"});
  return sources;
}

bool may_include(const std::string& module, const std::string& other) {
  return module == other || allowed.at(module).contains(other);
}

/// Empty: anybody may include it.
std::string owner_of(const std::string& include) {
  for (const auto& [beginning, module] : owners) {
    if (include.starts_with(beginning)) return module;
  }
  return {};
}

TEST(Layering, EveryFolderIsAModuleOfTheTable) {
  ASSERT_FALSE(our_code().empty());
  for (const auto& source : our_code()) {
    EXPECT_TRUE(allowed.contains(source.module)) << source.path;
  }
}

TEST(Layering, AModuleSeesOnlyTheModulesBelowIt) {
  static const std::regex ours("^pgexpand/([a-z]+)/.*");
  std::smatch match;
  for (const auto& source : our_code()) {
    for (const auto& include : source.includes) {
      if (!std::regex_match(include, match, ours)) continue;
      EXPECT_TRUE(may_include(source.module, match[1]))
          << source.path << " includes " << include;
    }
  }
}

TEST(Layering, APrivateHeaderStaysInItsFolder) {
  const fs::path src = testing::source_folder() / "src";
  for (const auto& source : our_code()) {
    for (const auto& include : source.includes) {
      if (!fs::exists(src / include)) continue;
      EXPECT_TRUE(include.starts_with(source.module + "/") &&
                  source.path.starts_with("src/"))
          << source.path << " includes " << include;
    }
  }
}

TEST(Layering, ALibraryIsSeenByOneModule) {
  for (const auto& source : our_code()) {
    for (const auto& include : source.includes) {
      const auto owner = owner_of(include);
      EXPECT_TRUE(owner.empty() || owner == source.module)
          << source.path << " includes " << include;
    }
  }
}

TEST(Layering, ALibraryThatIsSlowToCompileIsSeenByOneFile) {
  for (const auto& source : our_code()) {
    for (const auto& include : source.includes) {
      for (const auto& [beginning, path] : only_in) {
        EXPECT_TRUE(!include.starts_with(beginning) || source.path == path)
            << source.path << " includes " << include;
      }
    }
  }
}

TEST(Layering, TheMiddleDoesNoInputAndOutput) {
  for (const auto& source : our_code()) {
    if (!pure.contains(source.module)) continue;
    for (const auto& include : source.includes) {
      EXPECT_FALSE(effects.contains(include))
          << source.path << " includes " << include;
    }
  }
}

TEST(Layering, NoFileIsTooLong) {
  for (const auto& source : sources_of({"src", "include", "tests"})) {
    EXPECT_LE(source.lines, longest_file) << source.path;
  }
}

}  // namespace
}  // namespace pgexpand
