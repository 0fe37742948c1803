#include "unit/spec/findings.hpp"

#include <gmock/gmock.h>

namespace pgexpand::spec {
namespace {

const Location place{"a.yaml", 2, 7, {}};

std::string identifier(const std::string& text) {
  Diagnostics findings;
  const auto name = read_identifier(text, place, findings);
  EXPECT_EQ(name.has_value(), findings.all().empty());
  return name ? name->name() : places(findings).front();
}

std::string table(const std::string& text) {
  Diagnostics findings;
  const auto name = read_table_name(text, place, findings);
  EXPECT_EQ(name.has_value(), findings.all().empty());
  return name ? name->quoted() : places(findings).front();
}

const std::string bad = "2:7 spec.bad-identifier";

TEST(NamesTest, AnIdentifierIsTakenAsItStands) {
  EXPECT_EQ(identifier("userId"), "userId");
  EXPECT_EQ(identifier("a.b c"), "a.b c");
  EXPECT_EQ(identifier("größe"), "größe");
}

TEST(NamesTest, AQuotedIdentifierIsReadAsSqlReadsIt) {
  EXPECT_EQ(identifier("\"a \"\"b\""), "a \"b");
  EXPECT_EQ(identifier("\"\"\"\""), "\"");
}

TEST(NamesTest, QuotesThatDoNotPairUpAreFindings) {
  for (const auto* text : {"\"a", "\"a\"b\"", "\"a\" ", "\"a\"b", "\""}) {
    EXPECT_EQ(identifier(text), bad) << text;
  }
}

TEST(NamesTest, EmptyLongAndNulNamesAreFindings) {
  EXPECT_EQ(identifier(""), bad);
  EXPECT_EQ(identifier("\"\""), bad);
  EXPECT_EQ(identifier(std::string(63, 'x')), std::string(63, 'x'));
  EXPECT_EQ(identifier(std::string(64, 'x')), bad);
  EXPECT_EQ(identifier(std::string("a\0b", 3)), bad);
}

TEST(NamesTest, ATableMayNameItsSchema) {
  EXPECT_EQ(table("orders"), "\"orders\"");
  EXPECT_EQ(table("shop.Orders"), "\"shop\".\"Orders\"");
  EXPECT_EQ(table("shop.\"a.b\"\"c\""), "\"shop\".\"a.b\"\"c\"");
  EXPECT_EQ(table("\"x.y\".t"), "\"x.y\".\"t\"");
}

TEST(NamesTest, TableNamesThatAreNoneAreFindings) {
  for (const auto* text :
       {"", ".", "a.", ".a", "a..b", "a.b.c", "a\"b", "\"a\"b", "\"a", "a.\"b",
        "\"\".a", "\"a\".\"b\"c"}) {
    EXPECT_EQ(table(text), bad) << text;
  }
}

TEST(NamesTest, TheNearestWordIsOffered) {
  const std::vector<std::string> choices{"table", "column", "up", "down"};
  EXPECT_EQ(did_you_mean("tabel", choices), "table");
  EXPECT_EQ(did_you_mean("colum", choices), "column");
  EXPECT_EQ(did_you_mean("donw", choices), "down");
}

TEST(NamesTest, NothingNearIsNothingOffered) {
  EXPECT_EQ(did_you_mean("index", {"table", "column"}), std::nullopt);
  EXPECT_EQ(did_you_mean("xy", {"up", "to"}), std::nullopt);
  EXPECT_EQ(did_you_mean("", {"up"}), std::nullopt);
  EXPECT_EQ(did_you_mean(std::string(1 << 20, 'x'), {"up"}), std::nullopt);
}

TEST(NamesTest, LongWordsMayDifferByAThird) {
  EXPECT_EQ(did_you_mean("replica_identity", {"set_replica_identity"}),
            "set_replica_identity");
}

}  // namespace
}  // namespace pgexpand::spec
