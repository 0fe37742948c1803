#include "cli/command.hpp"

#include <algorithm>

namespace pgexpand::cli {

bool Parameter::takes_value() const {
  return !std::holds_alternative<ShowHelp>(target) &&
         !std::holds_alternative<ShowText>(target) &&
         !std::holds_alternative<bool*>(target);
}

bool Parameter::takes_many() const {
  return std::holds_alternative<std::vector<std::string>*>(target);
}

std::string_view Parameter::long_name() const {
  const std::string_view all = name;
  const auto dashes = all.find("--");
  return dashes == std::string_view::npos ? all : all.substr(dashes + 2);
}

bool Parameter::is_called(std::string_view word) const {
  const std::string_view all = name;
  const auto comma = all.find(',');
  return !is_argument() &&
         (word == all.substr(0, comma) ||
          (comma != std::string_view::npos && word == all.substr(comma + 1)));
}

const Parameter* find_option(const std::vector<Parameter>& parameters,
                             std::string_view word) {
  const auto found = std::ranges::find_if(
      parameters,
      [&](const Parameter& parameter) { return parameter.is_called(word); });
  return found == parameters.end() ? nullptr : &*found;
}

}  // namespace pgexpand::cli
