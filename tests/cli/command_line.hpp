#pragma once

#include "cli/environment.hpp"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace pgexpand::cli {

/// Runs commands in-process, in a folder of its own, with made variables, a
/// made clock, and streams to look at. The folder goes with the object.
class CommandLine {
 public:
  CommandLine() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "pgexpand_cli_XXXXXX")
            .string();
    folder_ = mkdtemp(pattern.data());
  }
  ~CommandLine() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// Returns the exit code; `out` and `err` hold what this command wrote.
  int run(const std::vector<std::string>& words) {
    std::vector<const char*> argv{"pgexpand"};
    for (const std::string& word : words) {
      argv.push_back(word.c_str());
    }
    std::ostringstream out_stream;
    std::ostringstream err_stream;
    Environment environment{
        .out = out_stream,
        .err = err_stream,
        .folder = (subfolder.empty() ? folder_ : folder_ / subfolder),
        .variable =
            [this](const std::string& name) -> std::optional<std::string> {
          const auto found = variables.find(name);
          return found == variables.end() ? std::nullopt
                                          : std::optional(found->second);
        },
        .now = [this] { return now; },
        .stop = stop};
    const int code =
        cli::run(static_cast<int>(argv.size()), argv.data(), environment);
    out = out_stream.str();
    err = err_stream.str();
    return code;
  }

  void write(const std::string& name, const std::string& text) const {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  void remove(const std::string& name) const {
    std::filesystem::remove(folder_ / name);
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(folder_ / name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

  std::map<std::string, std::string> variables;
  /// 2026-11-20 14:03:00 UTC.
  std::chrono::system_clock::time_point now{std::chrono::seconds(1795183380)};
  exec::StopRequest stop;
  std::string subfolder;  ///< Where the next command is run, below folder().
  std::string out, err;

 private:
  std::filesystem::path folder_;
};

}  // namespace pgexpand::cli
