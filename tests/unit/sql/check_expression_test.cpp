#include "pgexpand/sql/parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace pgexpand::sql {
namespace {

using testing::AnyOf;

std::string code_of(const std::string& text) {
  const auto finding = check_expression(text);
  return finding ? finding->code : "";
}

struct Refusal {
  const char* text;
  const char* code;
};
void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << refusal.text;
}

class RefusedExpression : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedExpression, IsNamed) {
  EXPECT_EQ(code_of(GetParam().text), GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(
    All,
    RefusedExpression,
    testing::Values(Refusal{"a) from pg_authid where (true", "sql.syntax"},
                    Refusal{"a) = (b", "sql.syntax"},
                    Refusal{"a from pg_authid", "sql.not-one-expression"},
                    Refusal{"1 where true", "sql.not-one-expression"},
                    Refusal{"1 limit 1", "sql.not-one-expression"},
                    Refusal{"1 union select 2", "sql.not-one-expression"},
                    Refusal{"1; drop table t", "sql.not-one-expression"},
                    Refusal{"1;", "sql.not-one-expression"},
                    Refusal{"a, b", "sql.not-one-expression"},
                    Refusal{"a as b", "sql.not-one-expression"},
                    Refusal{"a b", "sql.not-one-expression"},
                    Refusal{"distinct a", "sql.not-one-expression"},
                    Refusal{"", "sql.not-one-expression"},
                    Refusal{"  \n", "sql.not-one-expression"},
                    Refusal{"-- nothing", "sql.not-one-expression"},
                    Refusal{"(select 1)", "sql.subquery"},
                    Refusal{"exists (select 1)", "sql.subquery"},
                    Refusal{"a in (select 1)", "sql.subquery"},
                    Refusal{"array(select 1)", "sql.subquery"},
                    Refusal{"count(*)", "sql.aggregate"},
                    Refusal{"sum(x) over ()", "sql.aggregate"},
                    Refusal{"sum(x) over w", "sql.aggregate"},
                    Refusal{"sum(distinct x)", "sql.aggregate"},
                    Refusal{"sum(x) filter (where x > 1)", "sql.aggregate"},
                    Refusal{"array_agg(x order by y)", "sql.aggregate"},
                    Refusal{"grouping(a)", "sql.aggregate"},
                    Refusal{"$1", "sql.parameter"},
                    Refusal{"lower(a || $2)", "sql.parameter"},
                    Refusal{"*", "sql.not-one-expression"},
                    Refusal{"t.*", "sql.star"},
                    Refusal{"DEFAULT", "sql.default"},
                    Refusal{"a +", "sql.syntax"},
                    Refusal{"'open", "sql.syntax"},
                    Refusal{"/* open", "sql.syntax"}));

TEST(CheckExpression, OneValueIsFine) {
  for (const char* text :
       {"status", "\"Status\"", "lower(status) || 'x'", "a::text",
        "CAST(a AS numeric(10,2))", "(orders.addr).city", "NULL", "now()",
        "case when a then b else c end", "a is not distinct from b",
        "ROW(a, b)", "ARRAY[1, 2]", "a[1]", "'-- not a comment; (select 1)'",
        "interval '1 day'", "a at time zone 'UTC'", "E'\\n'", "$$ $1 * $$"}) {
    EXPECT_EQ(code_of(text), "") << text;
  }
}

TEST(CheckExpression, ATrailingCommentEndsWithItsLine) {
  EXPECT_EQ(code_of("a -- the old one"), "");
  EXPECT_EQ(code_of("a /* the old one */"), "");
}

TEST(CheckExpression, ASubqueryMayBeAllowedButNothingInIt) {
  const ExpressionRules rules{.allow_subquery = true};
  EXPECT_FALSE(check_expression("(select max(b) from c)", rules));
  EXPECT_TRUE(check_expression("DEFAULT", rules));
}

TEST(CheckExpression, AnythingOver16KiBIsRefused) {
  const std::string longest = "'" + std::string(16 * 1024 - 2, 'x') + "'";
  EXPECT_EQ(code_of(longest), "");
  EXPECT_EQ(code_of(longest + " "), "sql.too-long");
}

TEST(CheckExpression, DeepNestingIsRefusedBeforeTheStackIsUsedUp) {
  std::string sum = "1";
  while (sum.size() < 16 * 1024 - 2) {
    sum += "+1";
  }
  EXPECT_EQ(code_of(sum), "sql.syntax");
  EXPECT_EQ(code_of(std::string(8000, '(')), "sql.syntax");
  EXPECT_EQ(code_of(std::string(15000, '-') + "1"), "sql.not-one-expression");
}

TEST(CheckExpression, AFewHundredTermsAreFine) {
  std::string sum = "'{[(\"'";
  for (int n = 0; n < 300; ++n) {
    sum += " || 'x'";
  }
  EXPECT_EQ(code_of(sum), "");
}

TEST(CheckExpression, TheOffsetCountsCharactersOfTheUsersText) {
  EXPECT_EQ(check_expression("a + (select 1)")->offset, 4);
  EXPECT_EQ(check_expression("a + + )")->offset, 6);
  EXPECT_EQ(check_expression("'ä' || (select 1)")->offset, 7);
  EXPECT_EQ(check_expression("'ä' || )")->offset, 7);
  EXPECT_EQ(check_expression("a +")->offset, 3);
  EXPECT_EQ(check_expression("'ä' || sum(x) over ()")->offset, 7);
}

TEST(CheckType, OneTypeIsFine) {
  for (const char* text :
       {"text", "varchar(50)", "numeric(10,2)[]", "shop.color", "\"My Type\"",
        "timestamp(3) with time zone", "interval day to second", "bit(8)",
        "double precision", "int[3][]", "public.geometry(Point,4326)"}) {
    EXPECT_FALSE(check_type(text)) << text;
  }
}

// From 16 on they have syntax of their own.
TEST(CheckExpression, AggregatesOfJsonAreAggregates) {
  const bool is_known = !is_newer_than_grammar(160'000);
  for (const char* text : {"json_objectagg(a: b)",
                           "json_arrayagg(a NULL ON "
                           "NULL)"}) {
    EXPECT_EQ(code_of(text), is_known ? "sql.aggregate" : "sql.syntax") << text;
  }
  EXPECT_EQ(code_of("json_array(select 1 returning text)"),
            is_known ? "sql.subquery" : "sql.syntax");
}

TEST(CheckExpression, AMessageCutsNoCharacterInTwo) {
  // The scanner of 15 quotes one byte more than the number, newer ones all.
  EXPECT_THAT(
      check_expression("1\xE2\x82\xAC")->message,
      AnyOf(
          "trailing junk after numeric literal at or near \"1\"",
          "trailing junk after numeric literal at or near \"1\xE2\x82\xAC\""));
  EXPECT_EQ(check_expression("a \xE2\x82\xAC b c")->message,
            "syntax error at or near \"b\"");
}

TEST(CheckType, AnythingElseIsRefused) {
  for (const char* text :
       {"", "text, b text", "text NOT NULL", "text default 'x'", "text) = (1",
        "text collate \"C\"", "text; drop table t", "text + 1", "1",
        "text as a", "text from b", "text::int", "varchar(length('a'))",
        "numeric(1 + 1)"}) {
    EXPECT_TRUE(check_type(text)) << text;
  }
}

}  // namespace
}  // namespace pgexpand::sql
