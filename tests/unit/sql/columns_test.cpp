#include "pgexpand/base/error.hpp"
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

TEST(NewerSyntax, IsNeverTakenForTextThatReadsNothing) {
  for (const char* text : {"a IS YAML", "yaml(a KEEP text)", "a +", "a, b"}) {
    EXPECT_FALSE(can_read(text)) << text;
    EXPECT_FALSE(is_plain_column(text)) << text;
    EXPECT_FALSE(never_null(text, [](const Identifier&) { return false; }));
    for (const auto& use :
         {+[](const char* it) { static_cast<void>(columns_of(it)); },
          +[](const char* it) {
            static_cast<void>(rewrite_columns({it}, "t"));
          },
          +[](const char* it) {
            static_cast<void>(are_columns_qualified(it));
          }}) {
      try {
        use(text);
        ADD_FAILURE() << text;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), "sql.unreadable");
        EXPECT_NE(error.message().find(text), std::string::npos);
        EXPECT_NE(error.message().find(grammar_version()), std::string::npos);
      }
    }
  }
}

TEST(NewerSyntax, ATextThatReadsNothingIsReadable) {
  EXPECT_TRUE(can_read("1"));
  EXPECT_TRUE(columns_of("lower('a')").empty());
}

TEST(NewerSyntax, ABareWordAmongQualifiedColumnsIsNone) {
  EXPECT_TRUE(are_columns_qualified("orders.a || lower(orders.\"b\")"));
  EXPECT_TRUE(are_columns_qualified("(orders.addr).city"));
  EXPECT_FALSE(are_columns_qualified("orders.a || PRESENT_USER"));
}

TEST(NewerSyntax, OnlyALaterMajorVersionIsNewerThanTheGrammar) {
  const int ours = std::stoi(std::string(grammar_version()));
  EXPECT_FALSE(is_newer_than_grammar(140'000));
  EXPECT_FALSE(is_newer_than_grammar(ours * 10'000 + 99));
  EXPECT_TRUE(is_newer_than_grammar((ours + 1) * 10'000));
}

// What servers from 16 on write; the grammar of 15 cannot read it.
TEST(NewerSyntax, TheBuiltInGrammarReadsWhatServersOfItsAgeWrite) {
  if (is_newer_than_grammar(170'000)) {
    GTEST_SKIP() << "the grammar is that of PostgreSQL " << grammar_version();
  }
  EXPECT_EQ(rewritten("((orders.j IS JSON OBJECT WITH UNIQUE KEYS))", "NEW"),
            "((NEW.\"j\" IS JSON OBJECT WITH UNIQUE KEYS))");
  EXPECT_EQ(rewritten("JSON_VALUE(orders.d, '$.\"a\"' PASSING orders.n AS x "
                      "RETURNING text DEFAULT orders.j ON EMPTY)",
                      "t"),
            "JSON_VALUE(t.\"d\", '$.\"a\"' PASSING t.\"n\" AS x RETURNING "
            "text DEFAULT t.\"j\" ON EMPTY)");
  EXPECT_EQ(rewritten("JSON_OBJECT('k' : orders.a, 'l' : orders.b ABSENT ON "
                      "NULL RETURNING jsonb)",
                      "t"),
            "JSON_OBJECT('k' : t.\"a\", 'l' : t.\"b\" ABSENT ON NULL RETURNING "
            "jsonb)");
  EXPECT_EQ(rewritten("JSON_ARRAY(orders.a, orders.b FORMAT JSON RETURNING "
                      "text)",
                      "t"),
            "JSON_ARRAY(t.\"a\", t.\"b\" FORMAT JSON RETURNING text)");
  EXPECT_EQ(rewritten("JSON_SCALAR(orders.a) || JSON_SERIALIZE(orders.b "
                      "RETURNING text)",
                      "t"),
            "JSON_SCALAR(t.\"a\") || JSON_SERIALIZE(t.\"b\" RETURNING text)");
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
