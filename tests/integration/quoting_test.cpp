// Names and texts that we quote are to the server what they were to us, and
// nothing besides. The names are drawn from fixed seeds.
#include "pgexpand/sql/names.hpp"
#include "pgexpand/sql/statement.hpp"
#include "support/test_database.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

namespace pgexpand::testing {
namespace {

constexpr std::size_t name_count = 10'000;
constexpr std::size_t names_at_once = 500;

/// What names are put together from: what quoting, scanners, format strings
/// and other encodings trip over.
constexpr std::array<std::string_view, 40> pieces{"a",
                                                  "b",
                                                  "Z",
                                                  "_",
                                                  "0",
                                                  "\"",
                                                  "\"\"",
                                                  "'",
                                                  "''",
                                                  "\\",
                                                  "\\'",
                                                  "\\\\",
                                                  ";",
                                                  "--",
                                                  "/*",
                                                  "*/",
                                                  "$",
                                                  "$$",
                                                  "$tag$",
                                                  "\n",
                                                  "\t",
                                                  "\r",
                                                  " ",
                                                  ".",
                                                  "{}",
                                                  "%s",
                                                  "%I",
                                                  "E'",
                                                  "U&\"",
                                                  "::text",
                                                  "select",
                                                  "User",
                                                  "ORDER",
                                                  "nul",
                                                  "\xC3\xA9",
                                                  "\xC3\x9F",
                                                  "\xE2\x82\xAC",
                                                  "\xE6\x97\xA5",
                                                  "\xF0\x9F\x90\x98",
                                                  "\x01"};

constexpr std::array<std::string_view, 16> keywords{
    "select", "table",   "user",   "order",        "end", "default",
    "all",    "between", "column", "current_date", "row", "values",
    "null",   "int",     "window", "array"};

bool is_start(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

/// The longest beginning of at most `bytes` with whole characters only.
std::string cut(std::string text, std::size_t bytes) {
  if (text.size() > bytes) {
    while (!is_start(text[bytes])) {
      --bytes;
    }
    text.resize(bytes);
  }
  return text;
}

std::vector<std::string> draw_names() {
  std::mt19937 random(20'261'121);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  std::vector<std::string> names(keywords.begin(), keywords.end());
  while (names.size() < name_count) {
    std::string name;
    // Every fifth one is as long as a name can be.
    const bool is_long = below(5) == 0;
    for (auto left = is_long ? 63 : 1 + below(8); left > 0; --left) {
      name += pieces.at(below(pieces.size()));
    }
    names.push_back(cut(std::move(name), sql::max_name_bytes));
  }
  return names;
}

/// What quote_ident() leaves bare may be quoted, too.
std::string always_quoted(const std::string& by_server) {
  return by_server.starts_with('"') ? by_server : '"' + by_server + '"';
}

class Quoting : public ::testing::Test {
 protected:
  /// Asks `question`, made of each name, of the server, many at a time.
  template <typename Question, typename Look>
  void for_each_name(const Question& question, const Look& look) {
    const auto session = database_.session();
    for (std::size_t first = 0; first < names_.size(); first += names_at_once) {
      std::vector<std::string> rows;
      for (std::size_t n = first; n < first + names_at_once; ++n) {
        rows.push_back(question(names_.at(n)));
      }
      const auto found = session->run(sql::Statement::verbatim(
          fmt::format("VALUES {}", fmt::join(rows, ", "))));
      ASSERT_EQ(found.rows.size(), names_at_once);
      for (std::size_t n = 0; n < names_at_once; ++n) {
        look(names_.at(first + n), found.rows.at(n));
      }
    }
  }

  TestDatabase database_;
  std::vector<std::string> names_ = draw_names();
};

/// The text as a literal that no quoting of ours has touched.
std::string by_bytes(const std::string& text) {
  std::string hex;
  for (const char byte : text) {
    hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return fmt::format("convert_from(decode('{}', 'hex'), 'UTF8')", hex);
}

TEST_F(Quoting, OfNamesIsTheServers) {
  for_each_name(
      [](const std::string& name) {
        return fmt::format("(quote_ident({}))", by_bytes(name));
      },
      [](const std::string& name, const pg::Row& row) {
        EXPECT_EQ(sql::quote_identifier(name), always_quoted(*row.at(0)));
      });
}

TEST_F(Quoting, OfTextsIsTheServers) {
  for_each_name(
      [](const std::string& name) {
        return fmt::format("(quote_literal({0}), {1} = {0})", by_bytes(name),
                           sql::quote_literal(name));
      },
      [](const std::string& name, const pg::Row& row) {
        // A blank keeps our E from the word before it.
        const auto ours = sql::quote_literal(name);
        EXPECT_EQ(ours.substr(ours.starts_with(' ') ? 1 : 0), *row.at(0));
        EXPECT_EQ(row.at(1), "t") << name;
      });
}

TEST_F(Quoting, OfTextsHoldsWhateverStringsConform) {
  const auto session = database_.session();
  for (const char* setting : {"on", "off"}) {
    session->run(sql::Statement::verbatim(
        fmt::format("SET standard_conforming_strings = {}", setting)));
    for (std::size_t n = 0; n < names_at_once; ++n) {
      const auto& name = names_.at(n);
      const auto same = session->run(sql::Statement::verbatim(fmt::format(
          "SELECT {} = {}", sql::quote_literal(name), by_bytes(name))));
      EXPECT_EQ(same.single(), "t") << setting << ": " << name;
    }
  }
}

TEST_F(Quoting, NamesOfColumnsAreWhatTheServerStores) {
  const auto session = database_.session();
  for (std::size_t first = 0; first < names_.size(); first += names_at_once) {
    std::vector<std::string> columns;
    for (std::size_t n = first; n < first + names_at_once; ++n) {
      columns.push_back("1 AS " + sql::quote_identifier(names_.at(n)));
    }
    const auto found = session->run(sql::Statement::verbatim(
        fmt::format("SELECT {}", fmt::join(columns, ", "))));
    for (std::size_t n = 0; n < names_at_once; ++n) {
      EXPECT_EQ(found.columns.at(n), names_.at(first + n));
    }
  }
}

TEST_F(Quoting, AShortenedNameIsKeptAsItIs) {
  const auto session = database_.session();
  std::vector<std::string> wanted;
  std::vector<std::string> columns;
  for (std::size_t n = 0; n < names_at_once; ++n) {
    wanted.push_back(
        sql::shorten_name("pgexpand_new_" + names_.at(n) + names_.at(n + 1)));
    columns.push_back("1 AS " + sql::quote_identifier(wanted.back()));
  }
  const auto found = session->run(sql::Statement::verbatim(
      fmt::format("SELECT {}", fmt::join(columns, ", "))));
  for (std::size_t n = 0; n < names_at_once; ++n) {
    EXPECT_EQ(found.columns.at(n), wanted.at(n));
  }
  EXPECT_TRUE(session->take_notices().empty());
}

}  // namespace
}  // namespace pgexpand::testing
