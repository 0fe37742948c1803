#include "cli/invocation.hpp"

#include "cli/dsn.hpp"
#include "pgexpand/base/error.hpp"
#include "pgexpand/report/json_reporter.hpp"
#include "pgexpand/report/print.hpp"
#include "pgexpand/report/text_reporter.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <utility>

namespace pgexpand::cli {
namespace {

constexpr const char* config_name = "pgexpand.yaml";

/// The nearest pgexpand.yaml, from `folder` upwards; empty if there is none.
std::filesystem::path find_config(std::filesystem::path folder) {
  for (;;) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(folder / config_name, ignored)) {
      return folder / config_name;
    }
    const auto parent = folder.parent_path();
    if (parent.empty() || parent == folder) {
      return {};
    }
    folder = parent;
  }
}

std::string plural(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

std::optional<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return std::nullopt;
  }
  std::ostringstream text;
  text << file.rdbuf();
  return file.bad() ? std::nullopt : std::optional(text.str());
}

report::Style Invocation::style(bool is_terminal) const {
  const auto choice = report::color_choice_from_name(globals.color)
                          .value_or(report::ColorChoice::automatic);
  return {report::wants_color(choice, environment_.variable("NO_COLOR"),
                              environment_.variable("FORCE_COLOR"),
                              is_terminal)};
}

report::Style Invocation::out_style() const {
  return style(environment_.out_is_terminal);
}

report::Style Invocation::err_style() const {
  return style(environment_.err_is_terminal);
}

const spec::ConfigFile& Invocation::config() {
  if (!config_) {
    read_config();
  }
  return *config_;
}

void Invocation::read_config() {
  const std::filesystem::path path = globals.config.empty()
                                         ? find_config(environment_.folder)
                                         : environment_.folder / globals.config;
  if (path.empty()) {
    config_ = spec::ConfigFile{};
    return;
  }
  const auto text = read_file(path);
  if (!text) {
    throw Error(
        ErrorKind::usage, "config.unreadable",
        fmt::format("cannot read the configuration file {}", path.string()))
        .hint("check the path after --config");
  }
  Diagnostics findings;
  auto config = spec::parse_config(*text, path.string(), findings);
  show(findings);
  if (findings.blocks()) {
    throw Error(
        ErrorKind::usage, "config.findings",
        fmt::format("{} in {}", plural(findings.all().size(), "finding"),
                    path.string()))
        .hint("correct the file; nothing ran");
  }
  config.path = path.string();
  config_ = std::move(config);
}

std::string Invocation::chosen_environment() const {
  return globals.environment.empty()
             ? environment_.variable("PGEXPAND_ENV").value_or("")
             : globals.environment;
}

spec::SettingLayers Invocation::layers() {
  const spec::ConfigFile& file = config();
  spec::SettingLayers layers;
  layers.flags = globals.settings;
  layers.defaults = file.defaults;
  for (const spec::SettingName& name : spec::setting_names()) {
    const std::string variable(name.variable);
    const auto text =
        variable.empty() ? std::nullopt : environment_.variable(variable);
    if (text) {
      layers.variables[std::string(name.key)] = {*text, variable};
    }
  }
  const std::string chosen = chosen_environment();
  if (chosen.empty()) {
    return layers;
  }
  const auto found = file.environments.find(chosen);
  if (found != file.environments.end()) {
    layers.environment = found->second;
    return layers;
  }
  if (file.environment_dsn.contains(chosen)) {
    return layers;
  }
  std::vector<std::string> names;
  for (const auto& [name, values] : file.environments) {
    names.push_back(name);
  }
  const auto meant = spec::did_you_mean(chosen, names);
  throw Error(ErrorKind::usage, "config.unknown-environment",
              fmt::format("there is no environment \"{}\" in {}", chosen,
                          file.path.empty() ? config_name : file.path))
      .hint(meant ? fmt::format("did you mean \"{}\"?", *meant)
                  : "add it under \"environments\"");
}

const spec::Settings& Invocation::settings() {
  if (!settings_) {
    settings_ = settings_for(nullptr);
  }
  return *settings_;
}

spec::Settings Invocation::settings_for(const spec::MigrationSpec* spec) {
  Diagnostics findings;
  const spec::Settings settings = spec::resolve(layers(), spec, findings);
  show_bad_settings(findings);
  return settings;
}

void Invocation::show_bad_settings(const Diagnostics& findings) {
  show(findings);
  if (findings.blocks()) {
    throw Error(ErrorKind::usage, "config.bad-setting",
                plural(findings.all().size(), "setting") + " cannot be used")
        .hint("each finding above says what the setting takes");
  }
}

std::map<std::string, spec::SettingValue> Invocation::sources() {
  Diagnostics findings;
  std::map<std::string, spec::SettingValue> sources;
  static_cast<void>(spec::resolve(layers(), nullptr, findings, &sources));
  show_bad_settings(findings);
  return sources;
}

Dsn Invocation::dsn() {
  if (!globals.dsn.empty()) {
    return {globals.dsn, "--dsn"};
  }
  if (const auto text = environment_.variable("PGEXPAND_DSN");
      text && !text->empty()) {
    return {*text, "PGEXPAND_DSN"};
  }
  const spec::ConfigFile& file = config();
  const auto found = file.environment_dsn.find(chosen_environment());
  if (found != file.environment_dsn.end()) {
    return {found->second,
            fmt::format("{}, environment {}", file.path, found->first)};
  }
  if (file.dsn) {
    return {*file.dsn, file.path};
  }
  if (const auto text = environment_.variable("DATABASE_URL");
      text && !text->empty()) {
    return {*text, "DATABASE_URL"};
  }
  return {"", "libpq defaults"};
}

pg::ConnectOptions Invocation::connect_options(bool read_only) {
  // A bad setting is said before anything is connected.
  static_cast<void>(settings());
  pg::ConnectOptions options;
  options.dsn = dsn().text;
  options.read_only = read_only;
  options.show_data = globals.show_data;
  // Nothing that a command asks for on its own may take longer; a runner sets
  // its own limit.
  options.answer_limit = std::chrono::seconds{20};
  return options;
}

std::filesystem::path Invocation::spec_folder() {
  const std::string& folder = settings().dir;
  const bool is_typed = globals.settings.contains("dir") ||
                        environment_.variable("PGEXPAND_DIR").has_value();
  if (is_typed || config().path.empty()) {
    return environment_.folder / folder;
  }
  return std::filesystem::path(config().path).parent_path() / folder;
}

std::string Invocation::spec_folder_shown() { return as_typed(spec_folder()); }

std::string Invocation::as_typed(const std::filesystem::path& path) const {
  const auto relative = path.lexically_relative(environment_.folder);
  const bool is_below = !relative.empty() && *relative.begin() != "..";
  return (is_below ? relative : path).string();
}

void Invocation::warn_of_connection(const std::vector<std::string>& warnings) {
  if (std::exchange(has_warned_, true)) {
    return;
  }
  Diagnostics findings;
  for (const std::string& warning : warnings) {
    findings.warn({}, "target.unverified", warning, "");
  }
  show(findings);
}

void Invocation::show(const Diagnostics& findings) {
  Diagnostics relative;
  for (Diagnostic finding : findings.all()) {
    if (!finding.where.file.empty()) {
      finding.where.file = as_typed(finding.where.file);
    }
    finding.message = without_connection_strings(finding.message);
    finding.hint = without_connection_strings(finding.hint);
    relative.add(std::move(finding));
  }
  shown_.append(relative);
  if (!json()) {
    report::print(relative, err(), err_style());
  }
}

std::unique_ptr<report::Reporter> Invocation::begin_run() {
  is_stream = true;
  body["migrations"] = report::Json::array();
  if (json()) {
    return std::make_unique<report::JsonReporter>(out(), environment_.now);
  }
  return std::make_unique<report::TextReporter>(
      err(), report::TextOptions{.is_terminal = environment_.err_is_terminal,
                                 .width = environment_.width,
                                 .style = err_style(),
                                 .clock = std::chrono::steady_clock::now});
}

}  // namespace pgexpand::cli
