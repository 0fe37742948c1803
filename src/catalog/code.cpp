// What a text names can only be guessed: `status` may be a column of any table
// of the statement, or a variable. Guessed is in doubt for a use, but not where
// the text says whose it is.
#include "pgexpand/catalog/code.hpp"

#include "pgexpand/sql/words.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <set>
#include <string_view>

namespace pgexpand::catalog {
namespace {

using sql::Word;
using Words = std::vector<Word>;

bool is_any(const Word& word, const auto& keywords) {
  return std::ranges::any_of(
      keywords, [&](std::string_view each) { return word.is_keyword(each); });
}

/// What may follow a table's name and is no alias.
constexpr std::array<std::string_view, 29> no_aliases{
    "where",   "on",          "set",    "join",    "left",   "right",
    "inner",   "cross",       "full",   "natural", "group",  "order",
    "limit",   "loop",        "union",  "values",  "select", "using",
    "default", "returning",   "for",    "having",  "window", "fetch",
    "offset",  "tablesample", "except", "do",      "into"};

class Reading {
 public:
  Reading(const Code& code, const std::string& column)
      : code_(code), column_(column), words_(sql::words_of(code.body)) {
    find_relations();
  }

  [[nodiscard]] Mention operator()() const {
    Mention found = Mention::none;
    for (std::size_t at = 0; at < words_.size(); ++at) {
      if (words_[at].names(column_) && is_column(at)) {
        return Mention::by_name;
      }
      if (words_[at].kind == Word::Kind::string && is_in(words_[at].text)) {
        found = Mention::in_string;
      }
    }
    return found;
  }

 private:
  // Past the ends there is a symbol of nothing.
  [[nodiscard]] const Word& word(std::size_t at, int distance = 0) const {
    static const Word nothing{};
    const auto place = static_cast<std::ptrdiff_t>(at) + distance;
    const auto end = static_cast<std::ptrdiff_t>(words_.size());
    return place < 0 || place >= end ? nothing
                                     : words_[static_cast<std::size_t>(place)];
  }

  [[nodiscard]] bool is_ours(const Word& name) const {
    return name.names(code_.table.name.name()) ||
           std::ranges::any_of(code_.family, [&](const auto& each) {
             return name.names(each.name());
           });
  }

  /// Does a relation's name follow this word?
  [[nodiscard]] bool introduces(std::size_t at) const {
    const Word& before = word(at, -1);
    if (words_[at].is_keyword("from")) {
      return !before.is_keyword("distinct") &&
             !word(at, -3).is_keyword("extract");
    }
    if (words_[at].is_keyword("into")) {
      return before.is_keyword("insert") || before.is_keyword("merge");
    }
    if (words_[at].is_keyword("update")) {
      return !before.is_keyword("for") && !before.is_keyword("do");
    }
    return words_[at].is_keyword("join");
  }

  void find_relations() {
    for (std::size_t at = 0; at < words_.size(); ++at) {
      if (introduces(at)) {
        bool is_list = words_[at].is_keyword("from");
        for (auto next = at + 1; next != 0;) {
          next = take_relation(next);
          next =
              is_list && next != 0 && word(next).is_symbol(",") ? next + 1 : 0;
        }
      }
      if (is_ours(words_[at]) && is_in_our_schema(at)) {
        is_named_ = true;
      }
    }
  }

  [[nodiscard]] bool is_in_our_schema(std::size_t at) const {
    return !word(at, -1).is_symbol(".") ||
           word(at, -2).names(code_.table.schema.name());
  }

  /// Notes `[ONLY] [schema.]name [[AS] alias]`; returns where it ends, 0 if it
  /// is none.
  std::size_t take_relation(std::size_t at) {
    at += word(at).is_keyword("only") ? 1 : 0;
    if (!word(at).is_name() || is_any(word(at), no_aliases)) {
      return 0;
    }
    if (word(at, 1).is_symbol(".") && word(at, 2).is_name()) {
      at += 2;
    }
    relations_.insert(at);
    const bool ours = is_ours(word(at)) && is_in_our_schema(at);
    stands_for_ours_[word(at).text] |= ours;
    ++at;
    at += word(at).is_keyword("as") ? 1 : 0;
    if (word(at).is_name() && !is_any(word(at), no_aliases)) {
      aliases_.insert(at);
      stands_for_ours_[word(at).text] |= ours;
      ++at;
    }
    return at;
  }

  [[nodiscard]] bool is_column(std::size_t at) const {
    if (word(at, -1).is_symbol(".")) {
      return is_column_of(at);
    }
    const bool is_something_else =
        relations_.contains(at) || aliases_.contains(at) ||
        word(at, -1).is_keyword("as") || word(at, 1).is_symbol("(") ||
        word(at, 1).is_symbol(".") || word(at, 1).is_symbol(":=") ||
        word(at, 1).is_symbol("=>");
    return !is_something_else && is_near(at) && !is_inserted_elsewhere(at);
  }

  /// `qualifier.column`, `(qualifier).column`.
  [[nodiscard]] bool is_column_of(std::size_t at) const {
    const Word& qualifier =
        word(at, -2).is_symbol(")") ? word(at, -3) : word(at, -2);
    if (code_.has_rows &&
        (qualifier.is_keyword("new") || qualifier.is_keyword("old"))) {
      return true;
    }
    if (relations_.contains(at)) {
      return false;  // schema.column is a table
    }
    const auto found = stands_for_ours_.find(qualifier.text);
    if (found != stands_for_ours_.end()) {
      return found->second;
    }
    return code_.has_rows || is_named_;
  }

  /// Is the table named in the same statement?
  [[nodiscard]] bool is_near(std::size_t at) const {
    auto from = at;
    while (from > 0 && !words_[from - 1].is_symbol(";")) {
      --from;
    }
    for (; from < words_.size() && !words_[from].is_symbol(";"); ++from) {
      if (from != at && is_ours(words_[from]) && is_in_our_schema(from)) {
        return true;
      }
    }
    return false;
  }

  /// In the list of `INSERT INTO another_table (…)`?
  [[nodiscard]] bool is_inserted_elsewhere(std::size_t at) const {
    auto open = at;
    while (open > 0 &&
           (words_[open].is_name() || words_[open].is_symbol(","))) {
      --open;
    }
    if (!words_[open].is_symbol("(") || open == 0) {
      return false;
    }
    auto relation = open - 1;
    if (aliases_.contains(relation)) {
      relation -= word(relation, -1).is_keyword("as") ? 2 : 1;
    }
    return relations_.contains(relation) && !is_ours(words_[relation]);
  }

  /// A string that is the name, as a key of JSON is; or that has it, where text
  /// is run.
  [[nodiscard]] bool is_in(const std::string& text) const {
    if (!code_.has_rows && !is_named_ && !has_table_in_string()) {
      return false;
    }
    if (text == column_) {
      return true;
    }
    const bool runs_text = std::ranges::any_of(
        words_, [](const Word& each) { return each.is_keyword("execute"); });
    return runs_text &&
           std::ranges::any_of(sql::words_of(text), [this](const Word& each) {
             return each.names(column_);
           });
  }

  [[nodiscard]] bool has_table_in_string() const {
    return std::ranges::any_of(words_, [this](const Word& each) {
      return each.kind == Word::Kind::string &&
             std::ranges::any_of(
                 sql::words_of(each.text),
                 [this](const Word& inner) { return is_ours(inner); });
    });
  }

  const Code& code_;
  const std::string& column_;
  Words words_;
  std::set<std::size_t> relations_, aliases_;  ///< Places of their names.
  /// Tables and aliases: ours, or surely another.
  std::map<std::string, bool> stands_for_ours_;
  bool is_named_ = false;
};

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool has_word(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || !is_word_character(text[at - 1])) &&
        (end == text.size() || !is_word_character(text[end]))) {
      return true;
    }
  }
  return false;
}

bool has_argument(const Code& code, const std::string& column) {
  const auto words = sql::words_of(code.body);
  return std::ranges::any_of(words, [&](const Word& word) {
    return word.kind == Word::Kind::string && word.text == column;
  });
}

}  // namespace

std::string display(const Code& code) {
  return code.run_by.empty() ? code.what
                             : code.what + ", run by " + code.run_by;
}

Mention mention(const Code& code, const sql::Identifier& column) {
  const auto certain = [](bool is) {
    return is ? Mention::by_name : Mention::none;
  };
  switch (code.form) {
    case Code::Form::arguments:
      return certain(has_argument(code, column.name()));
    case Code::Form::other:
      return certain(
          has_word(code.body, column.name()) &&
          (code.has_rows || has_word(code.body, code.table.name.name())));
    case Code::Form::sql:
      break;
  }
  return Reading(code, column.name())();
}

}  // namespace pgexpand::catalog
