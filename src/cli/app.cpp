// The list of commands, and the one place that catches.
#include "cli/command_line_parser.hpp"
#include "cli/commands.hpp"
#include "cli/completion.hpp"
#include "cli/dsn.hpp"
#include "cli/usage.hpp"
#include "pgexpand/base/error.hpp"
#include "pgexpand/base/log.hpp"
#include "pgexpand/report/print.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>

#include <ostream>
#include <string_view>
#include <variant>
#include <vector>

namespace pgexpand::cli {
namespace {

constexpr auto commands = {
    new_command,       lint_command,   plan_command,     init_command,
    apply_command,     switch_command, contract_command, rollback_command,
    pause_command,     resume_command, set_command,      status_command,
    history_command,   verify_command, wait_command,     doctor_command,
    explain_command,   config_command, version_command,  sandbox_command,
    completion_command};

Parameter help_flag() {
  return {"-h,--help", "Print this help message and exit", ShowHelp{}};
}

std::vector<Parameter> globals_of(Globals& globals) {
  return {
      help_flag(),
      {"--version", "Display program version information and exit",
       ShowText{fmt::format("pgexpand {} (SQL grammar of PostgreSQL {})",
                            PGEXPAND_VERSION, sql::grammar_version())}},
      {"--dsn", "Connection: postgresql://... or host=... dbname=...",
       &globals.dsn},
      {"--env", "Environment of pgexpand.yaml (PGEXPAND_ENV)",
       &globals.environment},
      {"--config", "Configuration file instead of the nearest pgexpand.yaml",
       &globals.config},
      {"-o,--output", "text or json", &globals.output, {"text", "json"}},
      {"--color",
       "auto, always or never",
       &globals.color,
       {"auto", "always", "never"}},
      {"--verbose", "Log what happens on stderr", &globals.verbose},
      {"--show-data", "Allow contents of rows in error messages",
       &globals.show_data}};
}

void add_settings(std::vector<Parameter>& parameters, Globals& globals) {
  for (const spec::SettingName& name : spec::setting_names()) {
    if (name.flag.empty()) {
      continue;
    }
    const std::string flag(name.flag);
    const auto keep = [&globals, flag,
                       key = std::string(name.key)](const std::string& text) {
      globals.settings[key] = {text, flag};
    };
    parameters.push_back({.name = flag,
                          .help = std::string(name.help),
                          .target = keep,
                          .group = "Settings"});
  }
}

Program program_for(Invocation& invocation) {
  Program program{.name = "pgexpand",
                  .help =
                      "Changes the schema of a PostgreSQL database under load, "
                      "by expand and contract",
                  .parameters = globals_of(invocation.globals)};
  add_settings(program.parameters, invocation.globals);
  for (const auto make_command : commands) {
    Command command = make_command(invocation);
    command.parameters.insert(command.parameters.begin(), help_flag());
    program.commands.push_back(std::move(command));
  }
  return program;
}

/// Errors of the command line come before `-o` was read.
bool asks_for_json(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--output=json" || word == "-ojson") {
      return true;
    }
    const bool is_option = word == "-o" || word == "--output";
    if (is_option && i + 1 < argc && argv[i + 1] == std::string_view("json")) {
      return true;
    }
  }
  return false;
}

/// Writes the last, or only, JSON object of a command.
void answer(Invocation& invocation, int exit_code, const Error* error) {
  report::Json json;
  if (invocation.is_stream) {
    json["type"] = "result";
    json["at"] = report::rfc3339(invocation.environment().now());
  }
  json["schema"] = report::json_schema;
  json["ok"] = exit_code == 0;
  json["exit_code"] = exit_code;
  json["error"] =
      error == nullptr ? report::Json(nullptr) : report::to_json(*error);
  json["findings"] = report::to_json(invocation.shown());
  json.update(invocation.body);
  invocation.out() << report::to_line(json) << '\n' << std::flush;
}

/// A second signal left in a hurry: the shell must see which one.
int code_after_signals(const exec::StopRequest& stop, int code) {
  return stop.signals >= 2 ? 128 + stop.last_signal : code;
}

Error scrubbed(const Error& error) {
  return Error(error.kind(), error.code(),
               without_connection_strings(error.message()))
      .detail(without_connection_strings(error.detail()))
      .hint(without_connection_strings(error.hint()))
      .sqlstate(error.sqlstate());
}

int fail(Invocation& invocation, const Error& problem) {
  const Error error = scrubbed(problem);
  const int code = code_after_signals(invocation.environment().stop,
                                      exit_code(error.kind()));
  if (invocation.json()) {
    answer(invocation, code, &error);
  } else {
    report::print(error, invocation.err(), invocation.err_style());
  }
  return code;
}

int act(Invocation& invocation, const Command& command) {
  set_verbose(invocation.globals.verbose);
  const int code =
      code_after_signals(invocation.environment().stop, command.action());
  if (invocation.json()) {
    answer(invocation, code, nullptr);
  }
  invocation.out() << std::flush;
  return code;
}

int show_candidates(const Program& program,
                    Invocation& invocation,
                    const std::vector<std::string>& words) {
  for (const auto& [word, help] : complete(program, invocation, words)) {
    invocation.out() << word << (help.empty() ? "" : "\t") << help << '\n';
  }
  return 0;
}

int parse_and_act(int argc, const char* const* argv, Invocation& invocation) {
  const Program program = program_for(invocation);
  if (argc > 1 && argv[1] == completion_request) {
    return show_candidates(program, invocation, {argv + 2, argv + argc});
  }
  const Reading reading = read_command_line(program, argc, argv);
  if (const auto* shown = std::get_if<Shown>(&reading)) {
    invocation.out() << shown->text << std::flush;
    return 0;
  }
  if (const auto* misuse = std::get_if<Misuse>(&reading)) {
    invocation.globals.output = asks_for_json(argc, argv) ? "json" : "text";
    throw usage_error(program, *misuse);
  }
  return act(invocation, *std::get<const Command*>(reading));
}

}  // namespace

int run(int argc, const char* const* argv, Environment& environment) {
  Invocation invocation(environment);
  try {
    return parse_and_act(argc, argv, invocation);
  } catch (const Error& error) {
    return fail(invocation, error);
  } catch (const std::exception& problem) {
    return fail(invocation,
                Error(ErrorKind::internal, "internal.unexpected",
                      fmt::format("unexpected: {}", problem.what()))
                    .hint("run the command again; it continues from where it "
                          "was"));
  }
}

}  // namespace pgexpand::cli
