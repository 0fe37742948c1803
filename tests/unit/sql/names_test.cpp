#include "pgexpand/sql/names.hpp"

#include "pgexpand/sql/statement.hpp"

#include <gtest/gtest.h>

namespace pgexpand::sql {
namespace {

TEST(Names, EveryIdentifierIsQuoted) {
  EXPECT_EQ(quote_identifier("orders"), "\"orders\"");
  EXPECT_EQ(quote_identifier("select"), "\"select\"");
  EXPECT_EQ(quote_identifier("userId"), "\"userId\"");
  EXPECT_EQ(quote_identifier("größe"), "\"größe\"");
  EXPECT_EQ(quote_identifier(R"(a "b"; --)"), R"("a ""b""; --")");
}

TEST(Names, ALiteralReadsTheSameWhateverTheServersSettings) {
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_literal(""), "''");
  EXPECT_EQ(quote_literal(R"(a\b's)"), R"( E'a\\b''s')");
}

TEST(Names, AFullNameQuotesItsParts) {
  const TableName name{Identifier("my shop"), Identifier("Orders")};
  EXPECT_EQ(name.quoted(), "\"my shop\".\"Orders\"");
  EXPECT_EQ((TableName{{}, Identifier("orders")}).quoted(), "\"orders\"");
}

TEST(Names, DisplayQuotesOnlyWhereItMust) {
  EXPECT_EQ((TableName{Identifier("public"), Identifier("orders_2")}).display(),
            "public.orders_2");
  EXPECT_EQ((TableName{Identifier("public"), Identifier("userId")}).display(),
            "public.\"userId\"");
  EXPECT_EQ((TableName{{}, Identifier("2fast")}).display(), "\"2fast\"");
  EXPECT_EQ((TableName{{}, Identifier("größe")}).display(), "größe");
}

TEST(Names, ANameThatFitsIsNotShortened) {
  const std::string longest(63, 'x');
  EXPECT_EQ(shorten_name(longest), longest);
  EXPECT_EQ(shorten_name("orders"), "orders");
}

TEST(Names, AShortenedNameHas63BytesAndAHash) {
  const std::string name(64, 'x');
  const std::string shortened = shorten_name(name);
  EXPECT_EQ(shortened.size(), 63U);
  EXPECT_EQ(shortened.substr(0, 54), std::string(54, 'x'));
  EXPECT_EQ(shortened[54], '_');
}

TEST(Names, NamesThatShareABeginningStayDifferent) {
  const std::string common(80, 'x');
  EXPECT_NE(shorten_name(common + "a"), shorten_name(common + "b"));
  EXPECT_EQ(shorten_name(common), shorten_name(common));
}

TEST(Names, NoCharacterIsCutInTwo) {
  // The 54th byte is the first of an "ü".
  const std::string name = std::string(53, 'x') + "üüüüüüüü";
  const std::string shortened = shorten_name(name);
  EXPECT_EQ(shortened.substr(0, 54), std::string(53, 'x') + "_");
  EXPECT_EQ(shortened.size(), 62U);
}

TEST(Names, AStatementQuotesWhatItIsGiven) {
  const auto statement =
      Statement::of("ALTER TABLE {} RENAME TO {} -- {}",
                    TableName{Identifier("a"), Identifier("b\"c")},
                    Identifier("d e"), Literal{"f'g"});
  EXPECT_EQ(statement.text(),
            "ALTER TABLE \"a\".\"b\"\"c\" RENAME TO \"d e\" -- 'f''g'");
}

}  // namespace
}  // namespace pgexpand::sql
