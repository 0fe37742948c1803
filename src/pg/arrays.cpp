#include "pg/arrays.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pgexpand::pg {

std::string array_literal(const std::vector<std::string>& items) {
  std::string text = "{";
  for (const auto& item : items) {
    text += text.size() > 1 ? ",\"" : "\"";
    for (const char c : item) {
      if (c == '"' || c == '\\') {
        text += '\\';
      }
      text += c;
    }
    text += '"';
  }
  return text + "}";
}

std::string array_literal(const std::vector<std::uint32_t>& items) {
  return fmt::format("{{{}}}", fmt::join(items, ","));
}

std::string unquote_identifier(const std::string& quoted) {
  std::string name;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    name += quoted[i];
    if (quoted[i] == '"') {
      ++i;  // the second one of a doubled quote
    }
  }
  return name;
}

}  // namespace pgexpand::pg
