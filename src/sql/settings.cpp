#include "pgexpand/sql/settings.hpp"

#include "pgexpand/sql/search_path.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::sql {
namespace {

std::string call(const Setting& setting, bool is_local) {
  return fmt::format("pg_catalog.set_config({}, {}, {})",
                     quote_literal(setting.name), quote_literal(setting.value),
                     is_local);
}

}  // namespace

const Settings& own_syntax() {
  static const Settings settings{{"standard_conforming_strings", "on"},
                                 {"transform_null_equals", "off"},
                                 {"array_nulls", "on"}};
  return settings;
}

const Settings& own_spelling() {
  static const Settings settings{{"DateStyle", "ISO, MDY"},
                                 {"IntervalStyle", "postgres"},
                                 {"extra_float_digits", "1"},
                                 {"bytea_output", "hex"},
                                 {"standard_conforming_strings", "on"}};
  return settings;
}

Settings only_values(const Settings& settings) {
  Settings values = settings;
  std::erase_if(values, [](const Setting& setting) {
    return std::ranges::find(value_settings, setting.name) ==
           value_settings.end();
  });
  return values;
}

Expression making(const Settings& settings) {
  std::string text;
  for (const Setting& setting : settings) {
    text += ", " + call(setting, true);
  }
  return {text};
}

Statement make(const Settings& settings, bool is_local) {
  std::string text;
  for (const Setting& setting : settings) {
    text += (text.empty() ? "" : ", ") + call(setting, is_local);
  }
  return Statement::of("SELECT {}", Expression{text});
}

Expression pinning(const Settings& settings) {
  const std::string* path = path_in(settings);
  // A list of names, not one text.
  std::string text =
      fmt::format(" SET search_path = {}", path == nullptr ? own_path : *path);
  for (const Setting& setting : without_path(settings)) {
    text += fmt::format(" SET {} TO {}", quote_identifier(setting.name),
                        quote_literal(setting.value));
  }
  return {text};
}

}  // namespace pgexpand::sql
