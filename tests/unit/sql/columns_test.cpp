#include "pgexpand/sql/parser.hpp"

#include <gmock/gmock.h>

namespace pgexpand::sql {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> columns(std::string_view text) {
  std::vector<std::string> names;
  for (const Identifier& column : columns_of(text)) {
    names.push_back(column.name());
  }
  return names;
}

std::string rewritten(const std::string& text, std::string_view qualifier) {
  return rewrite_columns({text}, qualifier).text;
}

std::optional<Identifier> twin_of(const Identifier& column) {
  return column.name() == "id" ? std::optional(Identifier("new id"))
                               : std::nullopt;
}

TEST(ColumnsOf, EachIsNamedOnceInOrderOfUse) {
  EXPECT_THAT(columns("b + a * b"), ElementsAre("b", "a"));
  EXPECT_THAT(columns("orders.status || shop.orders.note"),
              ElementsAre("status", "note"));
  EXPECT_THAT(columns("1 + 2"), IsEmpty());
}

TEST(ColumnsOf, NamesAreFoldedAsTheServerFoldsThem) {
  EXPECT_THAT(columns("Status || \"Status\""), ElementsAre("status", "Status"));
}

TEST(ColumnsOf, FunctionsTypesAndStringsAreNoColumns) {
  EXPECT_THAT(columns("lower('status')::text || CAST(a AS color)"),
              ElementsAre("a"));
}

TEST(ColumnsOf, AWholeRowIsAStar) {
  EXPECT_THAT(columns("f(orders.*)"), ElementsAre("*"));
}

TEST(RewriteColumns, EveryColumnGetsTheQualifier) {
  EXPECT_EQ(rewritten("lower((orders.status)::text) || orders.note", "NEW"),
            "lower((NEW.\"status\")::text) || NEW.\"note\"");
  EXPECT_EQ(rewritten("a", "t"), "t.\"a\"");
  EXPECT_EQ(rewritten("orders.a", ""), "\"a\"");
}

TEST(RewriteColumns, OnlyMappedColumnsAreRenamed) {
  EXPECT_EQ(rewrite_columns({"orders.id + orders.id2"}, "t", twin_of).text,
            "t.\"new id\" + t.\"id2\"");
}

TEST(RewriteColumns, QuotedNamesAreTakenWhole) {
  EXPECT_EQ(rewritten(R"("my table"."a ""b"".c" || orders."größe")", "t"),
            R"(t."a ""b"".c" || t."größe")");
}

TEST(RewriteColumns, NamesThatMeanSomethingToPlpgsqlStayColumns) {
  EXPECT_EQ(rewritten("orders.new + orders.old + orders.tg_op", "NEW"),
            "NEW.\"new\" + NEW.\"old\" + NEW.\"tg_op\"");
}

TEST(RewriteColumns, AFieldOfACompositeStays) {
  EXPECT_EQ(rewritten("(orders.addr).city", "NEW"), "(NEW.\"addr\").city");
}

TEST(RewriteColumns, WhatOnlyLooksLikeAColumnStays) {
  EXPECT_EQ(rewritten("'orders.id' || id(orders.id) || orders.id::id", "t"),
            "'orders.id' || id(t.\"id\") || t.\"id\"::id");
  EXPECT_EQ(rewritten("$$orders.a$$ || E'\\'a' || a", "t"),
            "$$orders.a$$ || E'\\'a' || t.\"a\"");
}

TEST(RewriteColumns, CharactersOfSeveralBytesMoveNothing) {
  EXPECT_EQ(rewritten("'äöü€😀' || orders.a", "t"), "'äöü€😀' || t.\"a\"");
}

TEST(RewriteColumns, SubscriptsCastsAndArraysAreReached) {
  EXPECT_EQ(rewritten("orders.a[orders.b] + ARRAY[orders.c]", "t"),
            "t.\"a\"[t.\"b\"] + ARRAY[t.\"c\"]");
  EXPECT_EQ(rewritten("CASE orders.a WHEN orders.b THEN orders.c END", "t"),
            "CASE t.\"a\" WHEN t.\"b\" THEN t.\"c\" END");
}

TEST(IsPlainColumn, OnlyAColumnIs) {
  EXPECT_TRUE(is_plain_column("status"));
  EXPECT_TRUE(is_plain_column("orders.\"status\""));
  EXPECT_TRUE(is_plain_column("(status)"));
  EXPECT_FALSE(is_plain_column("status::text"));
  EXPECT_FALSE(is_plain_column("lower(status)"));
  EXPECT_FALSE(is_plain_column("'status'"));
}

}  // namespace
}  // namespace pgexpand::sql
