#include "pgexpand/sql/words.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace pgexpand::sql {
namespace {

using Kind = Word::Kind;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool goes_on(char c) { return is_start(c) || is_digit(c) || c == '$'; }
bool is_blank(char c) {
  return std::string_view(" \t\r\n\f\v").find(c) != std::string_view::npos;
}
char folded(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::vector<Word> operator()() {
    while (at_ < text_.size()) {
      take_one();
    }
    return std::move(words_);
  }

 private:
  [[nodiscard]] bool sees(std::string_view what) const {
    return text_.substr(at_).starts_with(what);
  }

  void take_one() {
    const char c = text_[at_];
    if (is_blank(c)) {
      ++at_;
    } else if (sees("--")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (sees("/*")) {
      skip_comment();
    } else if (c == '\'') {
      take_quoted('\'', Kind::string, false);
    } else if (c == '"') {
      take_quoted('"', Kind::quoted, false);
    } else if (c == '$' && take_dollars()) {
      return;
    } else if (is_start(c)) {
      take_name();
    } else if (is_digit(c)) {
      while (at_ < text_.size() && goes_on(text_[at_])) {
        ++at_;
      }
    } else {
      take_symbol();
    }
  }

  // They nest.
  void skip_comment() {
    int depth = 0;
    do {
      if (sees("/*")) {
        ++depth;
        at_ += 2;
      } else if (sees("*/")) {
        --depth;
        at_ += 2;
      } else {
        ++at_;
      }
    } while (depth > 0 && at_ < text_.size());
  }

  void take_quoted(char quote, Kind kind, bool has_escapes) {
    std::string content;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (has_escapes && c == '\\' && at_ + 1 < text_.size()) {
        content += text_[++at_];
      } else if (c != quote) {
        content += c;
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == quote) {
        content += text_[++at_];
      } else {
        ++at_;
        break;
      }
    }
    words_.push_back({kind, std::move(content)});
  }

  bool take_dollars() {
    auto end = at_ + 1;
    while (end < text_.size() && text_[end] != '$' && goes_on(text_[end])) {
      ++end;
    }
    const bool is_tag =
        end < text_.size() && text_[end] == '$' && !is_digit(text_[at_ + 1]);
    if (!is_tag) {
      return false;
    }
    const auto tag = text_.substr(at_, end + 1 - at_);
    const auto from = end + 1;
    const auto close = std::min(text_.find(tag, from), text_.size());
    words_.push_back(
        {Kind::string, std::string(text_.substr(from, close - from))});
    at_ = std::min(close + tag.size(), text_.size());
    return true;
  }

  void take_name() {
    const auto from = at_;
    while (at_ < text_.size() && goes_on(text_[at_])) {
      ++at_;
    }
    std::string name(text_.substr(from, at_ - from));
    std::ranges::transform(name, name.begin(), folded);
    constexpr std::array prefixes{"e", "b", "x", "n"};
    if (sees("'") && std::ranges::find(prefixes, name) != std::end(prefixes)) {
      take_quoted('\'', Kind::string, name == "e");
    } else {
      words_.push_back({Kind::name, std::move(name)});
    }
  }

  void take_symbol() {
    constexpr std::array<std::string_view, 3> pairs{":=", "=>", "::"};
    const auto* pair = std::ranges::find_if(
        pairs, [this](std::string_view each) { return sees(each); });
    const std::size_t length = pair == pairs.end() ? 1 : 2;
    words_.push_back({Kind::symbol, std::string(text_.substr(at_, length))});
    at_ += length;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Word> words_;
};

}  // namespace

std::vector<Word> words_of(std::string_view text) { return Scanner(text)(); }

}  // namespace pgexpand::sql
