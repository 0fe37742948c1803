// pgexpand.yaml: settings, environments and connections.
#include "pgexpand/spec/settings.hpp"
#include "spec/setting_nodes.hpp"
#include "spec/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace pgexpand::spec {
namespace {

const std::vector<std::string> top_level_keys{"dsn", "environments"};
const std::vector<std::string> environment_keys{"dsn"};

std::map<std::string, SettingValue> with_sources(
    const LocatedSettings& settings) {
  std::map<std::string, SettingValue> result;
  for (const auto& [key, value] : settings) {
    const auto& [text, where] = value;
    const auto name = std::filesystem::path(where.file).filename().string();
    result[key] = {text, fmt::format("{}:{}", name, where.line)};
  }
  return result;
}

void read_environments(Fields& top, ConfigFile& config, Diagnostics& findings) {
  auto environments = top.optional_fields("environments", findings);
  if (!environments) {
    return;
  }
  for (const std::string& name : environments->keys()) {
    auto fields = environments->optional_fields(name, findings);
    if (!fields) {
      continue;
    }
    config.environments[name] = with_sources(read_settings(
        fields->node(), SettingScope::config, environment_keys, findings));
    if (auto dsn = fields->optional("dsn", findings)) {
      config.environment_dsn[name] = *std::move(dsn);
    }
  }
}

// A connection string may hold a password, so its line is never shown.
bool may_hold_secret(std::string_view line) {
  constexpr std::array<std::string_view, 5> signs{"dsn", "pass", "://", "@",
                                                  "="};
  return std::ranges::any_of(signs, [&](std::string_view sign) {
    return line.find(sign) != std::string_view::npos;
  });
}

void append_without_secrets(const Diagnostics& local, Diagnostics& findings) {
  for (Diagnostic finding : local.all()) {
    if (may_hold_secret(finding.where.line_text)) {
      finding.where.line_text.clear();
    }
    findings.add(std::move(finding));
  }
}

void read_config(const std::shared_ptr<const Node>& root,
                 ConfigFile& config,
                 Diagnostics& findings) {
  if (root->map() == nullptr) {
    findings.error(root->where, "spec.wrong-type",
                   "the configuration must be a mapping",
                   "write settings as: backfill: {pause: 50ms}");
    return;
  }
  Fields top(root, "the configuration");
  config.dsn = top.optional("dsn", findings);
  config.defaults = with_sources(
      read_settings(*root, SettingScope::config, top_level_keys, findings));
  read_environments(top, config, findings);
}

}  // namespace

ConfigFile parse_config(std::string_view text,
                        const std::string& file,
                        Diagnostics& findings) {
  ConfigFile config;
  config.path = file;
  Diagnostics local;
  const std::shared_ptr<const Node> root = parse_yaml(text, file, local);
  if (root != nullptr && !root->is_null()) {
    read_config(root, config, local);
  }
  append_without_secrets(local, findings);
  return config;
}

}  // namespace pgexpand::spec
