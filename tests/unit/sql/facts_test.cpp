#include "pgexpand/sql/parser.hpp"

#include <gtest/gtest.h>

namespace pgexpand::sql {
namespace {

/// The only column that holds NULL is `n`.
bool proved(std::string_view text) {
  return never_null(
      text, [](const Identifier& column) { return column.name() == "n"; });
}

TEST(NeverNull, IsProvedFromColumnsAndConstants) {
  for (const char* text :
       {"a", "orders.a", "1", "'x'", "a::text", "lower(a)", "a || 'x'", "-a",
        "a + 1 > b", "n IS NULL", "n IS NOT TRUE", "a AND b",
        "COALESCE(n, 'x')", "COALESCE(n, n, a)", "a IS DISTINCT FROM n",
        "CASE WHEN n THEN a ELSE b END", "GREATEST(a, b)", "a COLLATE \"C\"",
        "pg_catalog.lower(a)"}) {
    EXPECT_TRUE(proved(text)) << text;
  }
}

TEST(NeverNull, IsDeniedWhenUnsure) {
  for (const char* text :
       {"n", "NULL", "NULL::text", "lower(n)", "a || n", "my_function(a)",
        "shop.lower(a)", "NULLIF(a, b)", "a -> 'x'", "COALESCE(n, NULL)",
        "CASE WHEN a THEN b END", "CASE WHEN a THEN n ELSE b END", "a[1]",
        "(a).city", "to_char(a, b)", "a # b", "GREATEST(a, n)",
        "a OPERATOR(shop.+) b", "not an expression"}) {
    EXPECT_FALSE(proved(text)) << text;
  }
}

TEST(BuiltinType, IsNamedAsTheCatalogNamesIt) {
  EXPECT_EQ(builtin_type("character varying(50)"),
            (BuiltinType{"varchar", {50}}));
  EXPECT_EQ(builtin_type("VARCHAR(50)"), (BuiltinType{"varchar", {50}}));
  EXPECT_EQ(builtin_type("numeric(10,2)"), (BuiltinType{"numeric", {10, 2}}));
  EXPECT_EQ(builtin_type("integer"), (BuiltinType{"int4", {}}));
  EXPECT_EQ(builtin_type("bigint"), (BuiltinType{"int8", {}}));
  EXPECT_EQ(builtin_type("text"), (BuiltinType{"text", {}}));
  EXPECT_EQ(builtin_type("pg_catalog.text"), (BuiltinType{"text", {}}));
  EXPECT_EQ(builtin_type("timestamp(3) with time zone"),
            (BuiltinType{"timestamptz", {3}}));
}

TEST(BuiltinType, NothingElseHasAName) {
  for (const char* text :
       {"integer[]", "shop.color", "interval day to second", "interval(3)",
        "geometry(Point,4326)", "text + 1", ""}) {
    EXPECT_EQ(builtin_type(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace pgexpand::sql
