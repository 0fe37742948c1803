#include "pgexpand/sandbox/sandbox.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace pgexpand::sandbox {

namespace {

namespace fs = std::filesystem;

bool holds_a_server(const std::string& folder) {
  return access((folder + "/initdb").c_str(), X_OK) == 0 &&
         access((folder + "/postgres").c_str(), X_OK) == 0;
}

std::string told_by_pg_config() {
  const std::unique_ptr<FILE, int (*)(FILE*)> output(
      popen("pg_config --bindir 2>/dev/null", "r"), pclose);
  char line[4096];
  if (!output || std::fgets(line, sizeof line, output.get()) == nullptr) {
    return {};
  }
  std::string folder = line;
  return folder.substr(0, folder.find('\n'));
}

std::vector<std::string> on_path() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  std::vector<std::string> result;
  for (std::string folder; std::getline(folders, folder, ':');) {
    // An empty or relative entry would change with the working directory.
    if (folder.starts_with('/')) result.push_back(folder);
  }
  return result;
}

/// Debian keeps one folder per major version; newest first, as numbers.
std::vector<std::string> of_debian() {
  std::vector<std::pair<int, std::string>> versions;
  std::error_code ignored;
  for (const auto& entry :
       fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int version = std::atoi(entry.path().filename().c_str());
    versions.emplace_back(version, entry.path() / "bin");
  }
  std::ranges::sort(versions, std::greater{});
  std::vector<std::string> result;
  for (auto& [version, folder] : versions) result.push_back(std::move(folder));
  return result;
}

}  // namespace

std::string find_bindir() {
  const char* asked_for = std::getenv("PGEXPAND_PG_BINDIR");
  if (asked_for != nullptr && *asked_for != '\0') {
    // Who names one must not get another by surprise.
    return holds_a_server(asked_for) ? asked_for : "";
  }
  std::vector<std::string> candidates{told_by_pg_config()};
  for (const auto& more : {on_path(), of_debian()}) {
    candidates.insert(candidates.end(), more.begin(), more.end());
  }
  const auto found = std::ranges::find_if(candidates, holds_a_server);
  return found == candidates.end() ? std::string() : *found;
}

}  // namespace pgexpand::sandbox
