#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::sql {

/// A word of SQL or PL/pgSQL text.
struct Word {
  enum class Kind {
    name,    ///< Folded as the server does; a keyword too.
    quoted,  ///< A name in double quotes: never a keyword.
    string,  ///< What is between the quotes or dollars of a literal.
    symbol,  ///< An operator's character, or `:=`, `=>`, `::`.
  };
  Kind kind = Kind::symbol;
  std::string text;

  /// A name, or one in quotes that says the same.
  [[nodiscard]] bool names(std::string_view name) const {
    return (kind == Kind::name || kind == Kind::quoted) && text == name;
  }
  [[nodiscard]] bool is_name() const {
    return kind == Kind::name || kind == Kind::quoted;
  }
  [[nodiscard]] bool is_keyword(std::string_view word) const {
    return kind == Kind::name && text == word;
  }
  [[nodiscard]] bool is_symbol(std::string_view symbol) const {
    return kind == Kind::symbol && text == symbol;
  }

  friend bool operator==(const Word&, const Word&) = default;
};

/// The words of a text, without comments and numbers. Takes any text: what is
/// not closed goes on to the end.
[[nodiscard]] std::vector<Word> words_of(std::string_view text);

}  // namespace pgexpand::sql
