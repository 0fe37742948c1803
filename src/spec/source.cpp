#include "spec/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace pgexpand::spec {
namespace {

constexpr std::size_t max_line_bytes_shown = 400;
constexpr std::size_t max_text_bytes_shown = 60;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

struct Character {
  char32_t code = 0;
  std::size_t bytes = 0;  // 0: not UTF-8
};

// Strict: no overlong forms, no surrogates, nothing above U+10FFFF.
Character decode(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) {
    return {first, 1};
  }
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < bytes) {
    return {};
  }
  char32_t code = first & (0xFFU >> (bytes + 1));
  for (const char c : text.substr(1, bytes - 1)) {
    if (!is_continuation(c)) {
      return {};
    }
    code = (code << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  }
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < smallest[bytes] || code > 0x10FFFF || is_surrogate) {
    return {};
  }
  return {code, bytes};
}

bool is_control(char32_t code) {
  const bool is_white = code == '\t' || code == '\n';
  return (code < 0x20 && !is_white) || (code >= 0x7F && code < 0xA0);
}

// A carriage return alone is left in, and found as a control character.
std::string with_line_feeds(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
      continue;
    }
    result += text[i];
  }
  return result;
}

// The finding for the first character that may not stand in a spec. The line
// itself is not shown: a terminal or a JSON reader might choke on it.
bool check_characters(std::string_view text,
                      const std::string& file,
                      Diagnostics& findings) {
  Location where{file, 1, 1, {}};
  for (std::size_t at = 0; at < text.size();) {
    const auto [code, bytes] = decode(text.substr(at));
    if (bytes == 0) {
      findings.error(where, "spec.invalid-utf8",
                     fmt::format("byte 0x{:02x} is not valid UTF-8",
                                 static_cast<unsigned char>(text[at])),
                     "save the file as UTF-8");
      return false;
    }
    if (code == 0) {
      findings.error(where, "spec.nul", "the file contains a NUL character",
                     "save the file as UTF-8 text without it");
      return false;
    }
    if (is_control(code)) {
      findings.error(where, "spec.control-character",
                     fmt::format("the file contains the control character "
                                 "U+{:04X}",
                                 static_cast<std::uint32_t>(code)),
                     "remove it, or write it as an escape in double quotes");
      return false;
    }
    at += bytes;
    where.column = code == '\n' ? 1 : where.column + 1;
    where.line += code == '\n' ? 1 : 0;
  }
  return true;
}

}  // namespace

std::string mend_escapes(std::string_view scalar) {
  std::string result;
  result.reserve(scalar.size());
  while (!scalar.empty()) {
    const std::size_t bytes = decode(scalar).bytes;
    result += bytes == 0 ? "\xC2" : "";
    const std::size_t taken = std::max<std::size_t>(bytes, 1);
    result += scalar.substr(0, taken);
    scalar.remove_prefix(taken);
  }
  return result;
}

std::optional<Source> Source::check(std::string_view text,
                                    const std::string& file,
                                    Diagnostics& findings) {
  if (text.size() > max_file_bytes) {
    findings.error(
        {file, 0, 0, {}}, "spec.too-large",
        fmt::format("the file is larger than 1 MiB ({} bytes)", text.size()),
        "split it into several migrations");
    return std::nullopt;
  }
  if (text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  std::string clean = with_line_feeds(text);
  if (!check_characters(clean, file, findings)) {
    return std::nullopt;
  }
  return Source(std::move(clean), file);
}

Source::Source(std::string text, std::string file)
    : text_(std::move(text)), file_(std::move(file)), line_starts_{0} {
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') {
      line_starts_.push_back(i + 1);
    }
  }
}

std::string_view Source::line_at(std::size_t line) const {
  const std::size_t start = line_starts_[line];
  const std::size_t end = line + 1 < line_starts_.size()
                              ? line_starts_[line + 1] - 1
                              : text_.size();
  return std::string_view(text_).substr(start, end - start);
}

Location Source::at(std::size_t line, std::size_t column) {
  line = std::min(line, line_starts_.size() - 1);
  const std::string_view content = line_at(line);
  column = std::min(column, content.size());
  if (line != last_line_ || column < last_column_) {
    last_line_ = line;
    last_column_ = 0;
    last_characters_ = 0;
  }
  for (; last_column_ < column; ++last_column_) {
    last_characters_ += is_continuation(content[last_column_]) ? 0 : 1;
  }
  const bool is_short = content.size() <= max_line_bytes_shown;
  return {file_, static_cast<int>(line) + 1, last_characters_ + 1,
          is_short ? std::string(content) : std::string()};
}

Location Source::at_offset(std::size_t offset) {
  const auto next =
      std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const auto line = static_cast<std::size_t>(next - line_starts_.begin()) - 1;
  return at(line, offset - line_starts_[line]);
}

char Source::byte(std::size_t line, std::size_t column) const {
  if (line >= line_starts_.size() || column >= line_at(line).size()) {
    return '\0';
  }
  return line_at(line)[column];
}

std::size_t Source::offset(std::size_t line, std::size_t column) const {
  line = std::min(line, line_starts_.size() - 1);
  return line_starts_[line] + std::min(column, line_at(line).size());
}

std::string shown(std::string_view text) {
  const bool is_long = text.size() > max_text_bytes_shown;
  std::size_t end = is_long ? max_text_bytes_shown : text.size();
  while (is_long && end > 0 && is_continuation(text[end])) {
    --end;
  }
  std::string result = "\"";
  for (const char c : text.substr(0, end)) {
    const auto byte = static_cast<unsigned char>(c);
    result += byte < 0x20 || byte == 0x7F ? '?' : c;
  }
  return result + (is_long ? "…\"" : "\"");
}

}  // namespace pgexpand::spec
