// The list of commands, and the one place that catches.
#include "cli/command.hpp"
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

namespace pgexpand::cli {
namespace {

constexpr auto commands = {
    add_new_command,      add_lint_command,     add_plan_command,
    add_init_command,     add_apply_command,    add_switch_command,
    add_contract_command, add_rollback_command, add_pause_command,
    add_resume_command,   add_set_command,      add_status_command,
    add_history_command,  add_verify_command,   add_wait_command,
    add_doctor_command,   add_explain_command,  add_config_command,
    add_version_command,  add_sandbox_command,  add_completion_command};

void add_globals(CLI::App& app, Globals& globals) {
  app.add_option("--dsn", globals.dsn,
                 "Connection: postgresql://... or host=... dbname=...");
  app.add_option("--env", globals.environment,
                 "Environment of pgexpand.yaml (PGEXPAND_ENV)");
  app.add_option("--config", globals.config,
                 "Configuration file instead of the nearest pgexpand.yaml");
  app.add_option("-o,--output", globals.output, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_option("--color", globals.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  app.add_flag("--verbose", globals.verbose, "Log what happens on stderr");
  app.add_flag("--show-data", globals.show_data,
               "Allow contents of rows in error messages");
}

void add_settings(CLI::App& app, Globals& globals) {
  for (const spec::SettingName& name : spec::setting_names()) {
    if (name.flag.empty()) {
      continue;
    }
    const std::string flag(name.flag);
    app.add_option_function<std::string>(
           flag,
           [&globals, flag,
            key = std::string(name.key)](const std::string& text) {
             globals.settings[key] = {text, flag};
           },
           std::string(name.help))
        ->group("Settings");
  }
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

int act(Invocation& invocation) {
  set_verbose(invocation.globals.verbose);
  const int code =
      code_after_signals(invocation.environment().stop, invocation.action());
  if (invocation.json()) {
    answer(invocation, code, nullptr);
  }
  invocation.out() << std::flush;
  return code;
}

int show_candidates(const CLI::App& app,
                    Invocation& invocation,
                    const std::vector<std::string>& words) {
  for (const auto& [word, help] : complete(app, invocation, words)) {
    invocation.out() << word << (help.empty() ? "" : "\t") << help << '\n';
  }
  return 0;
}

int parse_and_act(int argc, const char* const* argv, Invocation& invocation) {
  CLI::App app(
      "Changes the schema of a PostgreSQL database under load, by "
      "expand and contract",
      "pgexpand");
  app.set_version_flag("--version",
                       fmt::format("pgexpand {} (SQL grammar of PostgreSQL {})",
                                   PGEXPAND_VERSION, sql::grammar_version()));
  app.fallthrough();
  add_globals(app, invocation.globals);
  add_settings(app, invocation.globals);
  for (const auto add_command : commands) {
    add_command(app, invocation);
  }
  app.require_subcommand(1);
  if (argc > 1 && argv[1] == completion_request) {
    return show_candidates(app, invocation, {argv + 2, argv + argc});
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked, invocation.out(), invocation.err());
  } catch (const CLI::ParseError& problem) {
    invocation.globals.output = asks_for_json(argc, argv) ? "json" : "text";
    throw usage_error(app, problem);
  }
  return act(invocation);
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
