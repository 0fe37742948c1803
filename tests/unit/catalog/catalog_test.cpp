#include "pgexpand/catalog/catalog.hpp"

#include <gtest/gtest.h>

namespace pgexpand::catalog {
namespace {

sql::TableName full(const std::string& schema, const std::string& name) {
  return {sql::Identifier(schema), sql::Identifier(name)};
}

Catalog two_schemas() {
  Catalog catalog;
  catalog.search_path = {"\"Odd \"\"one\"", "\"public\""};
  Table odd;
  odd.name = full("Odd \"one", "t");
  odd.indexes.push_back({.name = full("Odd \"one", "i")});
  Table plain;
  plain.name = full("public", "t");
  catalog.tables = {plain, odd};
  catalog.relation_names = {full("public", "t"), full("public", "taken")};
  return catalog;
}

TEST(Catalog, AFullNameMeansThatTable) {
  const Catalog catalog = two_schemas();
  EXPECT_EQ(catalog.table(full("public", "t")), &catalog.tables[0]);
  EXPECT_EQ(catalog.table(full("public", "u")), nullptr);
}

TEST(Catalog, ANameAloneFollowsTheSearchPath) {
  const Catalog catalog = two_schemas();
  EXPECT_EQ(catalog.table(full("", "t")), &catalog.tables[1]);
}

TEST(Catalog, AnIndexLeadsToItsTable) {
  const Catalog catalog = two_schemas();
  EXPECT_EQ(catalog.table_of_index(full("", "i")), &catalog.tables[1]);
  EXPECT_EQ(catalog.table_of_index(full("public", "i")), nullptr);
}

TEST(Catalog, ATakenNameIsTakenInItsSchemaOnly) {
  const Catalog catalog = two_schemas();
  EXPECT_TRUE(catalog.is_name_taken(full("public", "taken")));
  EXPECT_TRUE(catalog.is_name_taken(full("", "taken")));
  EXPECT_FALSE(catalog.is_name_taken(full("Odd \"one", "taken")));
}

TEST(Table, ThingsAreFoundByName) {
  Table table;
  table.columns.push_back({.name = sql::Identifier("a")});
  table.constraints.push_back({.name = sql::Identifier("check")});
  table.constraints.push_back(
      {.name = sql::Identifier("key"), .kind = ConstraintKind::primary_key});
  EXPECT_EQ(table.column(sql::Identifier("a")), &table.columns[0]);
  EXPECT_EQ(table.column(sql::Identifier("A")), nullptr);
  EXPECT_EQ(table.constraint(sql::Identifier("check")), &table.constraints[0]);
  EXPECT_EQ(table.primary_key(), &table.constraints[1]);
  EXPECT_EQ(table.index(sql::Identifier("a")), nullptr);
}

}  // namespace
}  // namespace pgexpand::catalog
