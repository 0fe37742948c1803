#include "pgexpand/catalog/catalog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgexpand::catalog {
namespace {

using ::testing::Contains;

sql::TableName full(const std::string& name) {
  return {sql::Identifier("public"), sql::Identifier(name)};
}

Table orders() {
  Table table;
  table.name = full("orders");
  table.owner = "bob";
  table.columns.push_back({.name = sql::Identifier("id"),
                           .type = {.name = {"integer"}},
                           .not_null = true,
                           .default_value = sql::Expression{"7"}});
  table.indexes.push_back({.name = full("i"), .definition = "CREATE INDEX i"});
  table.constraints.push_back({.name = sql::Identifier("c"),
                               .table = full("orders"),
                               .definition = "CHECK (true)"});
  table.triggers.push_back({.name = sql::Identifier("t"),
                            .function_definition_hash = "f00",
                            .definition = "CREATE TRIGGER t"});
  table.publications = {"p"};
  return table;
}

// Whether `change` makes the fingerprint another one.
template <typename Change>
bool shows(const Change& change) {
  Table changed = orders();
  change(changed);
  return fingerprint(changed) != fingerprint(orders());
}

TEST(Fingerprint, ALineSaysWhatAColumnIs) {
  EXPECT_THAT(fingerprint(orders()),
              Contains("column \"id\" integer not null default 7"));
}

TEST(Fingerprint, ASyncTriggerAimedAtOtherVersionsIsTheSame) {
  const auto aimed = [](const std::string& name, const std::string& schemas) {
    Table table = orders();
    table.triggers[0].name = sql::Identifier(name);
    table.triggers[0].definition =
        "WHEN (NOT current_schemas(false) && '" + schemas + "'::name[])";
    return fingerprint(table);
  };
  EXPECT_EQ(aimed("~pgexpand_1", "{a}"), aimed("~pgexpand_1", "{a,b}"));
  EXPECT_NE(aimed("~pgexpand_1", "{a}"), aimed("~pgexpand_2", "{a}"));
  EXPECT_NE(aimed("users", "{a}"), aimed("users", "{a,b}"));
}

TEST(Fingerprint, WhatAMigrationRestsOnShows) {
  EXPECT_TRUE(shows([](Table& t) { t.columns[0].type.name.text = "text"; }));
  EXPECT_TRUE(shows([](Table& t) { t.columns[0].default_value.reset(); }));
  EXPECT_TRUE(shows([](Table& t) { t.columns[0].not_null = false; }));
  EXPECT_TRUE(shows([](Table& t) {
    t.columns[0].dependents.push_back({"policy", "policy p on table orders"});
  }));
  EXPECT_TRUE(shows([](Table& t) { t.indexes[0].is_valid = false; }));
  EXPECT_TRUE(shows([](Table& t) { t.constraints[0].is_validated = false; }));
  EXPECT_TRUE(shows([](Table& t) { t.referenced_by = t.constraints; }));
  EXPECT_TRUE(shows([](Table& t) { t.triggers[0].enabled = 'D'; }));
  EXPECT_TRUE(
      shows([](Table& t) { t.triggers[0].function_definition_hash = "x"; }));
  EXPECT_TRUE(shows([](Table& t) { t.publications.clear(); }));
  EXPECT_TRUE(shows([](Table& t) { t.owner = "eve"; }));
  EXPECT_TRUE(shows([](Table& t) { t.row_security = true; }));
}

TEST(Fingerprint, SizesAndOrderDoNotShow) {
  EXPECT_FALSE(shows([](Table& t) { t.estimated_rows = 9; }));
  EXPECT_FALSE(shows([](Table& t) { t.size_bytes = 9; }));
  EXPECT_FALSE(shows([](Table& t) { t.relfilenode = 9; }));
  Table two = orders();
  two.publications = {"a", "b"};
  Table swapped = orders();
  swapped.publications = {"b", "a"};
  EXPECT_EQ(fingerprint(two), fingerprint(swapped));
}

}  // namespace
}  // namespace pgexpand::catalog
