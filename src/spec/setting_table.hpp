#pragma once

#include "pgexpand/spec/settings.hpp"

#include <variant>

namespace pgexpand::spec {

// Where a setting's value is kept, and what it may be. Limits are inclusive.

struct TextMember {
  std::string Settings::*member;
};
struct OptionalTextMember {
  std::optional<std::string> Settings::*member;
};
/// A schema's name, or empty for "off".
struct SchemaMember {
  std::string Settings::*member;
};
struct ChoiceMember {
  std::string Settings::*member;
  std::string_view first;
  std::string_view second;
};
struct DurationMember {
  milliseconds Settings::*member;
  milliseconds min;
  milliseconds max;
};
struct OptionalDurationMember {
  std::optional<milliseconds> Settings::*member;
  milliseconds min;
  milliseconds max;
};
struct CountMember {
  int Settings::*member;
  int min;
  int max;
};
struct LargeCountMember {
  std::int64_t Settings::*member;
  std::int64_t min;
  std::int64_t max;
};
struct OptionalCountMember {
  std::optional<int> Settings::*member;
  int min;
  int max;
};
struct OptionalSizeMember {
  std::optional<std::int64_t> Settings::*member;
  std::int64_t min;
};

using Member = std::variant<TextMember,
                            OptionalTextMember,
                            SchemaMember,
                            ChoiceMember,
                            DurationMember,
                            OptionalDurationMember,
                            CountMember,
                            LargeCountMember,
                            OptionalCountMember,
                            OptionalSizeMember>;

struct Setting {
  SettingName name;
  Member member;
};

/// Every setting, in the order of the manual.
[[nodiscard]] const std::vector<Setting>& setting_table();

/// Null if there is no such setting.
[[nodiscard]] const Setting* find_setting(std::string_view key);

}  // namespace pgexpand::spec
