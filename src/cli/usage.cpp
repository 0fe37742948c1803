#include "cli/usage.hpp"

#include "pgexpand/spec/migration_spec.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

namespace pgexpand::cli {
namespace {

std::string help_hint(const Command* command) {
  return command == nullptr
             ? std::string("run `pgexpand --help`")
             : fmt::format("run `pgexpand {} --help`", command->name);
}

std::string hint_for(const std::optional<std::string>& meant,
                     const Command* command) {
  return meant ? fmt::format("did you mean `{}`?", *meant) : help_hint(command);
}

Error unknown_command(const Program& program, const std::string& word) {
  std::vector<std::string> names;
  for (const Command& command : program.commands) {
    names.push_back(command.name);
  }
  return Error(ErrorKind::usage, "cli.unknown-command",
               fmt::format("there is no command \"{}\"", word))
      .hint(hint_for(spec::did_you_mean(word, names), nullptr));
}

void add_options(const std::vector<Parameter>& parameters,
                 std::vector<std::string>& names) {
  for (const Parameter& parameter : parameters) {
    if (!parameter.is_argument()) {
      names.push_back(fmt::format("--{}", parameter.long_name()));
    }
  }
}

Error unknown_option(const Program& program,
                     const Command* command,
                     const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string> names;
  add_options(program.parameters, names);
  if (command != nullptr) {
    add_options(command->parameters, names);
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

Error usage_error(const Program& program, const Misuse& misuse) {
  const Command* command = misuse.command;
  const std::string word = misuse.unread.empty() ? "" : misuse.unread.front();
  if (word.starts_with("-")) {
    return unknown_option(program, command, word);
  }
  if (!misuse.unread.empty() && command == nullptr) {
    return unknown_command(program, word);
  }
  if (!misuse.unread.empty()) {
    return Error(ErrorKind::usage, "cli.extra-argument",
                 fmt::format("{} does not take the argument \"{}\"",
                             command->name, word))
        .hint(help_hint(command));
  }
  if (command == nullptr && misuse.is_incomplete) {
    return Error(ErrorKind::usage, "cli.no-command", "no command was given")
        .hint(help_hint(nullptr));
  }
  return Error(ErrorKind::usage, "cli.bad-argument", reworded(misuse.text))
      .hint(help_hint(command));
}

}  // namespace pgexpand::cli
