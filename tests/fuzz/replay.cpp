// Feeds files, or all files below folders, to a target without libFuzzer.
#include "fuzz/target.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

std::vector<std::string> files_below(const std::string& path) {
  if (!std::filesystem::is_directory(path)) {
    return {path};
  }
  std::vector<std::string> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) {
      files.push_back(entry.path().string());
    }
  }
  std::ranges::sort(files);
  return files;
}

std::string read_file(const std::string& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t examined = 0;
  for (int n = 1; n < count; ++n) {
    for (const auto& file : files_below(arguments[n])) {
      std::printf("%s\n", file.c_str());
      std::fflush(stdout);  // names the culprit if this one stops us
      try {
        pgexpand::fuzz::examine(read_file(file));
      } catch (const std::exception& error) {
        std::printf("thrown: %s\n", error.what());
        return 1;
      }
      ++examined;
    }
  }
  std::printf("%zu inputs examined\n", examined);
  return examined == 0 ? 1 : 0;
}
