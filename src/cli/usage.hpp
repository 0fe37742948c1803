#pragma once

#include "pgexpand/base/error.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <vector>

namespace pgexpand::cli {

[[nodiscard]] std::vector<const CLI::App*> every_command(const CLI::App& app);

/// What is wrong with a command line, in our words, with did-you-mean for
/// commands and options. `app` is the one that threw `problem`.
[[nodiscard]] Error usage_error(const CLI::App& app,
                                const CLI::ParseError& problem);

}  // namespace pgexpand::cli
