#include "pgexpand/sql/search_path.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::sql {
namespace {

constexpr const char* name = "search_path";

}  // namespace

const std::string* path_in(const Settings& settings) {
  const auto found = std::ranges::find(settings, name, &Setting::name);
  return found == settings.end() ? nullptr : &found->value;
}

Settings without_path(Settings settings) {
  std::erase_if(settings,
                [](const Setting& setting) { return setting.name == name; });
  return settings;
}

Settings with_path(Settings settings, const std::vector<std::string>& schemas) {
  settings = without_path(std::move(settings));
  settings.push_back({name, fmt::format("{}", fmt::join(schemas, ", "))});
  return settings;
}

}  // namespace pgexpand::sql
