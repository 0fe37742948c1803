#include "cli/usage.hpp"

#include "pgexpand/spec/migration_spec.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace pgexpand::cli {
namespace {

const CLI::App* chosen_command(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? nullptr : chosen.front();
}

std::string help_hint(const CLI::App* command) {
  return command == nullptr
             ? std::string("run `pgexpand --help`")
             : fmt::format("run `pgexpand {} --help`", command->get_name());
}

std::string hint_for(const std::optional<std::string>& meant,
                     const CLI::App* command) {
  return meant ? fmt::format("did you mean `{}`?", *meant) : help_hint(command);
}

Error unknown_command(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* command : every_command(app)) {
    names.push_back(command->get_name());
  }
  return Error(ErrorKind::usage, "cli.unknown-command",
               fmt::format("there is no command \"{}\"", word))
      .hint(hint_for(spec::did_you_mean(word, names), nullptr));
}

void add_options(const CLI::App& app, std::vector<std::string>& names) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
}

Error unknown_option(const CLI::App& app, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string> names;
  add_options(app, names);
  const CLI::App* command = chosen_command(app);
  if (command != nullptr) {
    add_options(*command, names);
  }
  return Error(ErrorKind::usage, "cli.unknown-option",
               fmt::format("there is no option {}", name))
      .hint(hint_for(spec::did_you_mean(name, names), command));
}

/// The library's text in our wording: lower case, no full stop, one line.
std::string reworded(std::string text) {
  while (text.ends_with('.') || text.ends_with('\n')) {
    text.pop_back();
  }
  const bool is_word = text.size() > 1 && text[1] >= 'a' && text[1] <= 'z';
  if (is_word && text[0] >= 'A' && text[0] <= 'Z') {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return text;
}

}  // namespace

std::vector<const CLI::App*> every_command(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

Error usage_error(const CLI::App& app, const CLI::ParseError& problem) {
  const auto extras = app.remaining(true);
  const CLI::App* command = chosen_command(app);
  if (!extras.empty() && extras.front().starts_with("-")) {
    return unknown_option(app, extras.front());
  }
  if (!extras.empty() && command == nullptr) {
    return unknown_command(app, extras.front());
  }
  if (!extras.empty()) {
    return Error(ErrorKind::usage, "cli.extra-argument",
                 fmt::format("{} does not take the argument \"{}\"",
                             command->get_name(), extras.front()))
        .hint(help_hint(command));
  }
  if (command == nullptr) {
    const bool is_missing =
        dynamic_cast<const CLI::RequiredError*>(&problem) != nullptr;
    if (is_missing) {
      return Error(ErrorKind::usage, "cli.no-command", "no command was given")
          .hint(help_hint(nullptr));
    }
  }
  return Error(ErrorKind::usage, "cli.bad-argument", reworded(problem.what()))
      .hint(help_hint(command));
}

}  // namespace pgexpand::cli
