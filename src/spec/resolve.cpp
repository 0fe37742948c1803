// Which of a setting's several values wins, and where it came from.
#include "pgexpand/spec/settings.hpp"

#include <fmt/format.h>

namespace pgexpand::spec {
namespace {

struct Choice {
  SettingValue value;
  Location where;  ///< Empty unless it stands in a spec.
};

std::optional<Choice> find_in(const std::map<std::string, SettingValue>& layer,
                              const std::string& key) {
  const auto found = layer.find(key);
  return found == layer.end() ? std::nullopt
                              : std::optional<Choice>({found->second, {}});
}

std::optional<Choice> find_in(const MigrationSpec* spec,
                              const std::string& key) {
  if (spec == nullptr || !spec->settings.contains(key)) {
    return std::nullopt;
  }
  const auto& [text, where] = spec->settings.at(key);
  return Choice{{text, fmt::format("{}:{}", where.file, where.line)}, where};
}

std::optional<Choice> choose(const SettingLayers& layers,
                             const MigrationSpec* spec,
                             const std::string& key) {
  auto choice = find_in(layers.flags, key);
  if (!choice) {
    choice = find_in(layers.variables, key);
  }
  if (!choice) {
    choice = find_in(spec, key);
  }
  if (!choice) {
    choice = find_in(layers.environment, key);
  }
  if (!choice) {
    choice = find_in(layers.defaults, key);
  }
  return choice;
}

}  // namespace

Settings resolve(const SettingLayers& layers,
                 const MigrationSpec* spec,
                 Diagnostics& findings,
                 std::map<std::string, SettingValue>* sources) {
  Settings settings;
  for (const SettingName& name : setting_names()) {
    const std::string key(name.key);
    std::string source = "built-in";
    if (const auto choice = choose(layers, spec, key)) {
      source = choice->value.source;
      if (const auto wrong = set_setting(settings, key, choice->value.text)) {
        findings.error(choice->where, "spec.bad-setting",
                       fmt::format("{} (from {})", *wrong, source));
      }
    }
    if (sources != nullptr) {
      (*sources)[key] = {get_setting(settings, key), std::move(source)};
    }
  }
  return settings;
}

}  // namespace pgexpand::spec
