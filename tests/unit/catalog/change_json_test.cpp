#include "pgexpand/catalog/change_json.hpp"

#include <gmock/gmock.h>

namespace pgexpand::catalog {
namespace {

using sql::Identifier;

sql::TableName table() { return {Identifier("public"), Identifier("t")}; }

Column full_column() {
  return {.name = Identifier("a"),
          .number = 3,
          .type = {.name = {"numeric(10,2)"}, .oid = 1700, .modifier = 655366},
          .not_null = true,
          .default_value = sql::Expression{"'x\"'"},
          .identity = 'd',
          .sequence = Sequence{.name = table(), .maximum = 9},
          .collation = "pg_catalog.\"C\"",
          .grants = {{.grantee = "app", .privilege = "SELECT"}},
          .is_projected = true};
}

std::vector<Change> one_of_each() {
  const Identifier a("a"), b("b");
  return {TableDropped{table()},
          TableRenamed{table(), a},
          TableAdded{{.name = table(), .columns = {full_column()}}},
          ConstraintDropped{table(), a},
          IndexDropped{table()},
          ColumnDropped{table(), a},
          ColumnRenamed{table(), a, b, true},
          ColumnAdded{table(), full_column()},
          ColumnRetyped{table(), a, full_column().type, "c", {}, true},
          NullabilityChanged{table(), a, true},
          DefaultChanged{table(), a, sql::Expression{"1"}},
          CommentChanged{table(), a, std::nullopt},
          IndexRenamed{table(), a},
          IndexAdded{
              table(),
              {.name = table(),
               .keys = {{.column = a}, {.expression = sql::Expression{"f(b)"}}},
               .statistics_targets = {std::nullopt, 3}}},
          ConstraintRenamed{table(), a, b},
          ConstraintAdded{{.name = a,
                           .table = table(),
                           .kind = ConstraintKind::foreign_key,
                           .index = table()}},
          VersionPublished{{"m", {a}, {b}}}};
}

TEST(ChangeJson, EachChangeIsReadAsItWasWritten) {
  const auto changes = one_of_each();
  ASSERT_EQ(changes.size(), std::variant_size_v<Change>);
  for (std::size_t n = 0; n < changes.size(); ++n) {
    EXPECT_EQ(changes[n].index(), n);
    const auto found = changes_from_json(to_json({changes[n]}));
    ASSERT_TRUE(found) << to_json({changes[n]});
    EXPECT_EQ(*found, std::vector{changes[n]}) << to_json({changes[n]});
  }
}

TEST(ChangeJson, AMissingMemberHasItsDefault) {
  const auto found = changes_from_json(
      R"([["column_added", {"table": ["public", "t"], "column": {"name": "a"}}]])");
  ASSERT_TRUE(found);
  EXPECT_EQ(std::get<ColumnAdded>(found->at(0)).column,
            Column{.name = Identifier("a")});
}

TEST(ChangeJson, WhatNobodyWroteIsNothing) {
  for (const std::string text :
       {"", "{", "[1]", "[[]]", R"([["column_painted", {}]])",
        R"([["column_added", {"column": {"number": "x"}}]])"}) {
    EXPECT_FALSE(changes_from_json(text)) << text;
  }
  EXPECT_EQ(changes_from_json("[]"), std::vector<Change>{});
}

}  // namespace
}  // namespace pgexpand::catalog
