#include "ops/opclass_text.hpp"

#include "pgexpand/sql/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace pgexpand::ops {
namespace {

bool is_word_byte(char byte) {
  const auto each = static_cast<unsigned char>(byte);
  return std::isalnum(each) != 0 || byte == '_' || byte == '.' || byte == '+' ||
         byte == '-';
}

/// Reads what stands between the brackets. Each take_* moves on past what it
/// read, and past blanks.
class OptionReader {
 public:
  explicit OptionReader(std::string_view text) : rest_(text) { skip_blanks(); }

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  bool take(char sign) {
    if (!rest_.starts_with(sign)) {
      return false;
    }
    rest_.remove_prefix(1);
    skip_blanks();
    return true;
  }

  std::optional<std::string> take_word() {
    const auto end = std::ranges::find_if_not(rest_, is_word_byte);
    std::string word(rest_.begin(), end);
    rest_.remove_prefix(word.size());
    skip_blanks();
    return word.empty() ? std::nullopt : std::optional(std::move(word));
  }

  /// A word, or a text in single quotes.
  std::optional<std::string> take_value() {
    if (!rest_.starts_with('\'')) {
      return take_word();
    }
    std::string value;
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      if (rest_[at] != '\'') {
        value += rest_[at];
      } else if (rest_.substr(at + 1).starts_with('\'')) {
        value += rest_[at++];
      } else {
        rest_.remove_prefix(at + 1);
        skip_blanks();
        return value;
      }
    }
    return std::nullopt;
  }

 private:
  void skip_blanks() {
    while (rest_.starts_with(' ')) {
      rest_.remove_prefix(1);
    }
  }

  std::string_view rest_;
};

std::optional<std::string> read_options(std::string_view text) {
  OptionReader reader(text);
  std::string options;
  do {
    const auto name = reader.take_word();
    if (!name || !reader.take('=')) {
      return std::nullopt;
    }
    const auto value = reader.take_value();
    if (!value) {
      return std::nullopt;
    }
    options +=
        fmt::format("{}{} = {}", options.empty() ? "" : ", ",
                    sql::quote_identifier(*name), sql::quote_literal(*value));
  } while (reader.take(','));
  return reader.at_end() ? std::optional(options) : std::nullopt;
}

/// The bracket that is not part of a quoted name.
std::size_t find_bracket(std::string_view text) {
  bool is_quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') {
      is_quoted = !is_quoted;
    } else if (text[at] == '(' && !is_quoted) {
      return at;
    }
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<OpclassText> split_opclass(std::string_view text) {
  const std::size_t bracket = find_bracket(text);
  if (bracket == std::string_view::npos) {
    return OpclassText{std::string(text), {}};
  }
  std::string_view name = text.substr(0, bracket);
  while (name.ends_with(' ')) {
    name.remove_suffix(1);
  }
  if (!text.ends_with(')')) {
    return std::nullopt;
  }
  auto options =
      read_options(text.substr(bracket + 1, text.size() - bracket - 2));
  if (!options) {
    return std::nullopt;
  }
  return OpclassText{std::string(name), *std::move(options)};
}

}  // namespace pgexpand::ops
