#pragma once

#include "pgexpand/exec/executor.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

namespace pgexpand::cli {

/// The world a command sees. main() passes the real one, tests a made one.
struct Environment {
  std::ostream& out;  ///< The result.
  std::ostream& err;  ///< Everything else.
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  int width = 80;                ///< Of the terminal.
  std::filesystem::path folder;  ///< Relative paths start here.
  std::function<std::optional<std::string>(const std::string&)> variable;
  std::function<std::chrono::system_clock::time_point()> now;
  exec::StopRequest& stop;
};

/// Runs one command line and returns its exit code. Never throws.
[[nodiscard]] int run(int argc,
                      const char* const* argv,
                      Environment& environment);

}  // namespace pgexpand::cli
