#include "pgexpand/sql/words.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pgexpand::sql {
namespace {

/// Each word with its kind's first letter: `n:new y:. n:status`.
std::string shown(std::string_view text) {
  constexpr std::string_view letters = "nqsy";
  std::string all;
  for (const Word& word : words_of(text)) {
    all += fmt::format("{}{}:{}", all.empty() ? "" : " ",
                       letters[static_cast<std::size_t>(word.kind)], word.text);
  }
  return all;
}

TEST(Words, NamesAreFoldedUnlessTheyAreQuoted) {
  EXPECT_EQ(shown("NEW.Status"), "n:new y:. n:status");
  EXPECT_EQ(shown(R"(NEW."Status ""x""")"), R"(n:new y:. q:Status "x")");
  EXPECT_EQ(shown("straße_1$"), "n:straße_1$");
}

TEST(Words, CommentsAndNumbersAreLeftOut) {
  EXPECT_EQ(shown("a -- b\nc"), "n:a n:c");
  EXPECT_EQ(shown("a /* b /* c */ d */ e"), "n:a n:e");
  EXPECT_EQ(shown("1e5 + .5 - 2"), "y:+ y:. y:-");
  EXPECT_EQ(shown("a -- to the end"), "n:a");
  EXPECT_EQ(shown("a /* to the end"), "n:a");
}

TEST(Words, AStringIsOneWord) {
  EXPECT_EQ(shown("'it''s' E'a\\'b' $$ x 'y' $$ $q$ $$ $q$"),
            "s:it's s:a'b s: x 'y'  s: $$ ");
  EXPECT_EQ(shown("'-- no comment'"), "s:-- no comment");
  EXPECT_EQ(shown("$1 + a$b"), "y:$ y:+ n:a$b");
  EXPECT_EQ(shown("'to the end"), "s:to the end");
  EXPECT_EQ(shown("$$to the end"), "s:to the end");
}

TEST(Words, WhatAssignsIsOneSymbol) {
  EXPECT_EQ(shown("a := b::text"), "n:a y::= n:b y::: n:text");
  EXPECT_EQ(shown("f(x => 1)"), "n:f y:( n:x y:=> y:)");
}

}  // namespace
}  // namespace pgexpand::sql
