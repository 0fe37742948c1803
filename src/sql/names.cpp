#include "pgexpand/sql/names.hpp"

#include <algorithm>
#include <cstdint>

namespace pgexpand::sql {
namespace {

std::string doubled(std::string_view text, char quote) {
  std::string result;
  result.reserve(text.size() + 2);
  for (const char c : text) {
    result += c;
    if (c == quote) {
      result += c;
    }
  }
  return result;
}

// FNV-1a, 32 bits: only has to tell apart names that share a beginning.
std::uint32_t hash_of(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  }
  return hash;
}

bool is_bare(std::string_view name) {
  const auto is_start = [](char c) {
    return (c >= 'a' && c <= 'z') || c == '_' || (c & 0x80) != 0;
  };
  const auto is_part = [&](char c) {
    return is_start(c) || (c >= '0' && c <= '9');
  };
  return !name.empty() && is_start(name.front()) &&
         std::ranges::all_of(name, is_part);
}

std::string displayed(const Identifier& part) {
  return is_bare(part.name()) ? part.name() : part.quoted();
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  return '"' + doubled(name, '"') + '"';
}

std::string quote_literal(std::string_view text) {
  const std::string body = doubled(text, '\'');
  if (body.find('\\') == std::string::npos) {
    return '\'' + body + '\'';
  }
  return " E'" + doubled(body, '\\') + '\'';
}

std::string shorten_name(std::string_view name) {
  if (name.size() <= max_name_bytes) {
    return std::string(name);
  }
  constexpr std::size_t suffix_bytes = 9;  // "_" and 8 hex digits
  std::size_t end = max_name_bytes - suffix_bytes;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) {
    --end;  // never cut a UTF-8 sequence in two
  }
  return fmt::format("{}_{:08x}", name.substr(0, end), hash_of(name));
}

std::string TableName::quoted() const {
  return schema.empty() ? name.quoted() : schema.quoted() + '.' + name.quoted();
}

std::string TableName::display() const {
  return schema.empty() ? displayed(name)
                        : displayed(schema) + '.' + displayed(name);
}

}  // namespace pgexpand::sql
