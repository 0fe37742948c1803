#include "pgexpand/report/style.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::report {
namespace {

std::string painted(bool color, const char* code, std::string_view text) {
  return color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text)
               : std::string(text);
}

bool is_set(const std::optional<std::string>& variable) {
  return variable && !variable->empty();
}

}  // namespace

std::optional<ColorChoice> color_choice_from_name(std::string_view text) {
  if (text == "auto") {
    return ColorChoice::automatic;
  }
  if (text == "always") {
    return ColorChoice::always;
  }
  if (text == "never") {
    return ColorChoice::never;
  }
  return std::nullopt;
}

bool wants_color(ColorChoice choice,
                 const std::optional<std::string>& no_color,
                 const std::optional<std::string>& force_color,
                 bool is_terminal) {
  if (choice != ColorChoice::automatic) {
    return choice == ColorChoice::always;
  }
  if (is_set(force_color)) {
    return true;
  }
  return is_terminal && !is_set(no_color);
}

std::string Style::bold(std::string_view text) const {
  return painted(color, "1", text);
}
std::string Style::red(std::string_view text) const {
  return painted(color, "1;31", text);
}
std::string Style::yellow(std::string_view text) const {
  return painted(color, "1;33", text);
}
std::string Style::green(std::string_view text) const {
  return painted(color, "32", text);
}
std::string Style::dim(std::string_view text) const {
  return painted(color, "2", text);
}

std::size_t text_width(std::string_view text) {
  const auto starts_character = [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  };
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), starts_character));
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t taken = text_width(text);
  return std::string(text) +
         std::string(taken < width ? width - taken : 0, ' ');
}

}  // namespace pgexpand::report
