#include "spec/setting_nodes.hpp"

#include "spec/source.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::spec {
namespace {

/// The part of a key before its dot; empty for a key without one.
std::string_view group_of(std::string_view key) {
  const auto dot = key.find('.');
  return dot == std::string_view::npos ? std::string_view()
                                       : key.substr(0, dot);
}

class SettingReader {
 public:
  SettingReader(SettingScope scope,
                const std::vector<std::string>& others,
                Diagnostics& findings)
      : scope_(scope), others_(others), findings_(findings) {}

  void read_all(const Node::Map& map) {
    for (const Entry& entry : map) {
      if (std::ranges::find(others_, entry.key) != others_.end()) {
        continue;
      }
      if (is_group(entry.key)) {
        read_group(entry);
      } else if (entry.key.find('.') != std::string::npos) {
        findings_.error(entry.where, "spec.unknown-setting",
                        fmt::format("there is no setting {} at this level",
                                    shown(entry.key)),
                        "write the part after the dot below the part before "
                        "it, as in: backfill: {pause: 50ms}");
      } else {
        read_value(entry.key, entry);
      }
    }
  }

  [[nodiscard]] LocatedSettings take() { return std::move(settings_); }

 private:
  [[nodiscard]] bool allows(const SettingName& name) const {
    return scope_ == SettingScope::config || name.in_spec;
  }

  static bool is_group(std::string_view key) {
    return std::ranges::any_of(setting_names(), [&](const SettingName& name) {
      return !key.empty() && group_of(name.key) == key;
    });
  }

  void read_group(const Entry& group) {
    if (group.value->reported) {
      return;
    }
    const Node::Map* map = group.value->map();
    if (map == nullptr) {
      findings_.error(group.value->where, "spec.wrong-type",
                      fmt::format("\"{}\" must be a mapping", group.key),
                      "write its settings below it, indented");
      return;
    }
    for (const Entry& entry : *map) {
      read_value(fmt::format("{}.{}", group.key, entry.key), entry);
    }
  }

  void read_value(const std::string& key, const Entry& entry) {
    const auto name =
        std::ranges::find(setting_names(), key, &SettingName::key);
    if (name == setting_names().end() || !allows(*name)) {
      report_unknown(key, entry, name != setting_names().end());
      return;
    }
    if (entry.value->reported) {
      return;
    }
    const Node::Scalar* scalar = entry.value->scalar();
    if (scalar == nullptr) {
      findings_.error(entry.value->where, "spec.wrong-type",
                      fmt::format("setting {} must have one plain value", key),
                      "write one value");
      return;
    }
    Settings scratch;
    if (const auto wrong = set_setting(scratch, key, scalar->text)) {
      findings_.error(entry.value->where, "spec.bad-setting", *wrong);
      return;
    }
    settings_.emplace(key, std::pair(scalar->text, entry.value->where));
  }

  void report_unknown(const std::string& key,
                      const Entry& entry,
                      bool is_elsewhere) {
    if (is_elsewhere) {
      findings_.error(entry.where, "spec.unknown-setting",
                      fmt::format("{} cannot be set in a spec", key),
                      "set it in pgexpand.yaml");
      return;
    }
    std::vector<std::string> choices = others_;
    for (const SettingName& name : setting_names()) {
      if (allows(name)) {
        choices.emplace_back(name.key);
        choices.emplace_back(group_of(name.key));
      }
    }
    const auto nearest = did_you_mean(key, choices);
    findings_.error(entry.where, "spec.unknown-setting",
                    fmt::format("there is no setting {}", shown(key)),
                    nearest ? fmt::format("did you mean \"{}\"?", *nearest)
                            : "run pgexpand config to see all settings");
  }

  SettingScope scope_;
  const std::vector<std::string>& others_;
  Diagnostics& findings_;
  LocatedSettings settings_;
};

}  // namespace

LocatedSettings read_settings(const Node& map,
                              SettingScope scope,
                              const std::vector<std::string>& others,
                              Diagnostics& findings) {
  SettingReader reader(scope, others, findings);
  if (map.map() != nullptr) {
    reader.read_all(*map.map());
  }
  return reader.take();
}

}  // namespace pgexpand::spec
