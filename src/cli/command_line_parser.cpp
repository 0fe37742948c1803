// The one file that knows CLI11: its headers take longer to compile than all of
// a command.
#include "cli/command_line_parser.hpp"

#include "pgexpand/base/assert.hpp"
#include "pgexpand/base/overloaded.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <sstream>

namespace pgexpand::cli {
namespace {

CLI::Option* add_target(CLI::App& app, const Parameter& parameter) {
  const std::string& name = parameter.name;
  const std::string& help = parameter.help;
  return std::visit(
      Overloaded{[&](const ShowHelp&) { return app.set_help_flag(name, help); },
                 [&](const ShowText& shown) {
                   return app.set_version_flag(name, shown.text, help);
                 },
                 [&](bool* flag) { return app.add_flag(name, *flag, help); },
                 [&](std::string* value) {
                   return app.add_option(name, *value, help);
                 },
                 [&](std::vector<std::string>* values) {
                   return app.add_option(name, *values, help);
                 },
                 [&](const std::function<void(const std::string&)>& take) {
                   return app.add_option_function<std::string>(name, take,
                                                               help);
                 }},
      parameter.target);
}

void add(CLI::App& app, const Parameter& parameter) {
  CLI::Option* option = add_target(app, parameter);
  option->required(parameter.required);
  if (!parameter.choices.empty()) {
    option->check(CLI::IsMember(parameter.choices));
  }
  if (!parameter.excludes.empty()) {
    option->excludes(app.get_option(parameter.excludes));
  }
  if (!parameter.group.empty()) {
    option->group(parameter.group);
  }
}

void add(CLI::App& app, const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters) {
    add(app, parameter);
  }
}

const Command* chosen(const CLI::App& app, const Program& program) {
  const auto subcommands = app.get_subcommands();
  if (subcommands.empty()) {
    return nullptr;
  }
  const auto found = std::ranges::find(
      program.commands, subcommands.front()->get_name(), &Command::name);
  PGEXPAND_ASSERT(found != program.commands.end());
  return &*found;
}

Shown shown(const CLI::App& app, const CLI::Success& asked) {
  std::ostringstream text;
  app.exit(asked, text, text);
  return {text.str()};
}

}  // namespace

Reading read_command_line(const Program& program,
                          int argc,
                          const char* const* argv) {
  CLI::App app(program.help, program.name);
  app.fallthrough();
  add(app, program.parameters);
  for (const Command& command : program.commands) {
    add(*app.add_subcommand(command.name, command.help), command.parameters);
  }
  app.require_subcommand(1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return shown(app, asked);
  } catch (const CLI::ParseError& problem) {
    return Misuse{.command = chosen(app, program),
                  .unread = app.remaining(true),
                  .is_incomplete = dynamic_cast<const CLI::RequiredError*>(
                                       &problem) != nullptr,
                  .text = problem.what()};
  }
  return chosen(app, program);
}

}  // namespace pgexpand::cli
