#pragma once

#include "pgexpand/base/diagnostics.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::spec {

/// The largest file that is read, in bytes.
inline constexpr std::size_t max_file_bytes = 1 << 20;

/// A file's text, checked: UTF-8, no NUL, no control characters, lines end in
/// a line feed, no byte order mark.
class Source {
 public:
  /// nullopt with a finding if `text` may not be given to the YAML parser.
  [[nodiscard]] static std::optional<Source> check(std::string_view text,
                                                   const std::string& file,
                                                   Diagnostics& findings);

  [[nodiscard]] const std::string& text() const { return text_; }
  /// The place of byte `column` in `line`, both counted from 0. Fast when
  /// asked in the order of the text. Very long lines are left out of it.
  [[nodiscard]] Location at(std::size_t line, std::size_t column);
  /// The place of the byte `offset` of text().
  [[nodiscard]] Location at_offset(std::size_t offset);
  /// The byte at that place, or NUL past the end of its line.
  [[nodiscard]] char byte(std::size_t line, std::size_t column) const;
  [[nodiscard]] std::size_t offset(std::size_t line, std::size_t column) const;

 private:
  Source(std::string text, std::string file);
  [[nodiscard]] std::string_view line_at(std::size_t line) const;

  std::string text_;
  std::string file_;
  std::vector<std::size_t> line_starts_;
  // Where the last at() ended, so that a line is counted through only once.
  std::size_t last_line_ = 0;
  std::size_t last_column_ = 0;
  int last_characters_ = 0;
};

/// `text` in double quotes for a message: short, without control characters.
[[nodiscard]] std::string shown(std::string_view text);

/// A scalar of a checked source, as YAML means it: yaml-cpp 0.7 reads the
/// escapes `\N` and `\_` (U+0085, U+00A0) as one bare byte.
[[nodiscard]] std::string mend_escapes(std::string_view scalar);

}  // namespace pgexpand::spec
