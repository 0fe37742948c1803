#include "pgexpand/spec/settings.hpp"

#include "pgexpand/base/assert.hpp"
#include "pgexpand/base/units.hpp"
#include "pgexpand/sql/names.hpp"
#include "spec/setting_table.hpp"
#include "spec/source.hpp"

#include <fmt/format.h>

#include <charconv>

namespace pgexpand::spec {
namespace {

constexpr std::string_view off = "off";

std::optional<std::int64_t> parse_count(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, value);
  return failure == std::errc{} && rest == end ? std::optional(value)
                                               : std::nullopt;
}

/// Writes a text into a member; what it returns completes "<key> ...".
class Writer {
 public:
  using Wrong = std::optional<std::string>;

  Writer(Settings& settings, std::string_view text)
      : settings_(settings), text_(text) {}

  Wrong operator()(const TextMember& to) const {
    if (const Wrong wrong = check_text()) {
      return wrong;
    }
    settings_.*to.member = text_;
    return std::nullopt;
  }
  Wrong operator()(const OptionalTextMember& to) const {
    return or_off(
        to, [&] { return check_text(); }, std::string(text_));
  }
  Wrong operator()(const SchemaMember& to) const {
    if (const Wrong wrong = check_alias()) {
      return wrong;
    }
    settings_.*to.member = text_ == off ? std::string_view() : text_;
    return std::nullopt;
  }
  Wrong operator()(const ChoiceMember& to) const {
    if (text_ != to.first && text_ != to.second) {
      return fmt::format("must be {} or {}, not {}", to.first, to.second,
                         shown(text_));
    }
    settings_.*to.member = text_;
    return std::nullopt;
  }
  Wrong operator()(const DurationMember& to) const {
    const auto value = parse_duration(text_);
    if (const Wrong wrong = check_duration(value, to.min, to.max)) {
      return wrong;
    }
    settings_.*to.member = *value;
    return std::nullopt;
  }
  Wrong operator()(const OptionalDurationMember& to) const {
    const auto value = parse_duration(text_);
    return or_off(
        to, [&] { return check_duration(value, to.min, to.max); }, value);
  }
  Wrong operator()(const CountMember& to) const { return write_count(to); }
  Wrong operator()(const LargeCountMember& to) const { return write_count(to); }
  Wrong operator()(const OptionalCountMember& to) const {
    const auto value = parse_count(text_);
    return or_off(
        to, [&] { return check_count(value, to.min, to.max); },
        static_cast<int>(value.value_or(0)));
  }
  Wrong operator()(const OptionalSizeMember& to) const {
    const auto value = parse_size(text_);
    return or_off(
        to, [&] { return check_size(value, to.min); }, value);
  }

 private:
  template <typename To, typename Check, typename Value>
  Wrong or_off(const To& to, const Check& check, const Value& value) const {
    if (text_ == off) {
      settings_.*to.member = std::nullopt;
      return std::nullopt;
    }
    if (const Wrong wrong = check()) {
      return *wrong + ", or off";
    }
    settings_.*to.member = value;
    return std::nullopt;
  }

  template <typename To>
  Wrong write_count(const To& to) const {
    const auto value = parse_count(text_);
    if (const Wrong wrong = check_count(value, to.min, to.max)) {
      return wrong;
    }
    using Target = std::remove_reference_t<decltype(settings_.*to.member)>;
    settings_.*to.member = static_cast<Target>(*value);
    return std::nullopt;
  }

  [[nodiscard]] Wrong check_text() const {
    return text_.empty() ? Wrong("must not be empty") : std::nullopt;
  }
  [[nodiscard]] Wrong check_alias() const {
    if (text_.empty() || text_.size() > sql::max_name_bytes) {
      return fmt::format("must be a name of 1 to {} bytes, or off",
                         sql::max_name_bytes);
    }
    // PostgreSQL keeps the one for itself, and pgexpand the other.
    return text_.starts_with("pg_") || text_.starts_with("pgexpand")
               ? Wrong("must not begin with pg_ or pgexpand")
               : std::nullopt;
  }
  [[nodiscard]] Wrong check_duration(std::optional<milliseconds> value,
                                     milliseconds min,
                                     milliseconds max) const {
    if (!value) {
      return fmt::format(
          "must be a duration with its unit, such as 250ms, 5s or 1h, not {}",
          shown(text_));
    }
    return check_range(*value >= min && *value <= max, format_duration(min),
                       format_duration(max));
  }
  [[nodiscard]] Wrong check_count(std::optional<std::int64_t> value,
                                  std::int64_t min,
                                  std::int64_t max) const {
    if (!value) {
      return fmt::format("must be a whole number, not {}", shown(text_));
    }
    return check_range(*value >= min && *value <= max, fmt::format("{}", min),
                       fmt::format("{}", max));
  }
  [[nodiscard]] Wrong check_size(std::optional<std::int64_t> value,
                                 std::int64_t min) const {
    if (!value) {
      return fmt::format("must be a size with its unit, such as 50MB, not {}",
                         shown(text_));
    }
    return *value >= min
               ? std::nullopt
               : Wrong(fmt::format("must be at least {}", format_size(min)));
  }
  [[nodiscard]] Wrong check_range(bool is_inside,
                                  const std::string& min,
                                  const std::string& max) const {
    return is_inside ? std::nullopt
                     : Wrong(fmt::format("must be between {} and {}, not {}",
                                         min, max, shown(text_)));
  }

  Settings& settings_;
  std::string_view text_;
};

std::string written(const std::string& value) { return value; }
std::string written(milliseconds value) { return format_duration(value); }
std::string written(std::int64_t value) { return fmt::format("{}", value); }

struct Reader {
  const Settings& settings;

  template <typename From>
  std::string operator()(const From& from) const {
    return written(settings.*from.member);
  }
  std::string operator()(const SchemaMember& from) const {
    const std::string& name = settings.*from.member;
    return name.empty() ? std::string(off) : name;
  }
  std::string operator()(const OptionalSizeMember& from) const {
    const auto& value = settings.*from.member;
    return value ? format_size(*value) : std::string(off);
  }

 private:
  template <typename Value>
  static std::string written(const std::optional<Value>& value) {
    return value ? spec::written(*value) : std::string(off);
  }
  template <typename Value>
  static std::string written(const Value& value) {
    return spec::written(value);
  }
};

// Our schema becomes part of every statement we send.
std::optional<std::string> check_schema(std::string_view name) {
  if (name.size() > sql::max_name_bytes) {
    return fmt::format("must have at most {} bytes", sql::max_name_bytes);
  }
  if (name.starts_with("pg_")) {
    return "must not begin with pg_, which PostgreSQL keeps for itself";
  }
  return std::nullopt;
}

std::string unknown_setting(std::string_view key) {
  std::vector<std::string> keys;
  for (const Setting& setting : setting_table()) {
    keys.emplace_back(setting.name.key);
  }
  const auto nearest = did_you_mean(key, keys);
  return nearest ? fmt::format("there is no setting {}; did you mean \"{}\"?",
                               shown(key), *nearest)
                 : fmt::format("there is no setting {}", shown(key));
}

}  // namespace

const std::vector<SettingName>& setting_names() {
  static const std::vector<SettingName> names = [] {
    std::vector<SettingName> result;
    for (const Setting& setting : setting_table()) {
      result.push_back(setting.name);
    }
    return result;
  }();
  return names;
}

std::optional<std::string> set_setting(Settings& settings,
                                       std::string_view key,
                                       std::string_view text) {
  const Setting* setting = find_setting(key);
  if (setting == nullptr) {
    return unknown_setting(key);
  }
  std::optional<std::string> wrong;
  if (key == "state_schema") {
    wrong = check_schema(text);
  }
  if (!wrong) {
    wrong = std::visit(Writer(settings, text), setting->member);
  }
  return wrong ? std::optional(fmt::format("{} {}", key, *wrong))
               : std::nullopt;
}

std::string get_setting(const Settings& settings, std::string_view key) {
  const Setting* setting = find_setting(key);
  PGEXPAND_ASSERT(setting != nullptr);
  return std::visit(Reader{settings}, setting->member);
}

}  // namespace pgexpand::spec
