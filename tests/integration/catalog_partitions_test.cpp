#include "pgexpand/pg/catalog_reader.hpp"
#include "support/test_database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgexpand::testing {
namespace {

using catalog::Table;
using ::testing::ElementsAre;

sql::Identifier id(const std::string& name) { return sql::Identifier(name); }

sql::TableName full(const std::string& schema, const std::string& name) {
  return {id(schema), id(name)};
}

TEST(ReadCatalog, APartitionedTableIsAsLargeAsItsPartitions) {
  const TestDatabase database;
  database.exec(
      "CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);"
      "CREATE TABLE c PARTITION OF p FOR VALUES FROM (0) TO (1000);"
      "CREATE TABLE d (x int, b int, a int); ALTER TABLE d DROP COLUMN x;"
      "ALTER TABLE p ATTACH PARTITION d FOR VALUES FROM (1000) TO (9000);"
      "INSERT INTO p SELECT generate_series(1, 3000); CREATE INDEX ON p (a);"
      "VACUUM ANALYZE p");
  const auto connection = database.connect();
  const auto catalog =
      pg::read_catalog(*connection.session, connection.arrival,
                       {.tables = {full("public", "p"), full("public", "c"),
                                   full("public", "d")}});
  const Table& parent = *catalog.table(full("public", "p"));
  const Table& one = *catalog.table(full("public", "c"));
  const Table& other = *catalog.table(full("public", "d"));
  EXPECT_EQ(parent.estimated_rows, 3000);
  EXPECT_EQ(parent.size_bytes, one.size_bytes + other.size_bytes);
  EXPECT_EQ(parent.indexes_size_bytes,
            one.indexes_size_bytes + other.indexes_size_bytes);
  EXPECT_EQ(parent.pages, one.pages + other.pages);
  EXPECT_EQ(parent.next_column_number, 4);
  EXPECT_EQ(parent.access_method, "heap");
}

TEST(ReadCatalog, WhatOnePartitionHasDoesNotChangeTheTable) {
  const TestDatabase database;
  database.exec(
      "CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);"
      "CREATE INDEX ON p (b)");
  const auto read = [&] {
    const auto connection = database.connect();
    return *pg::read_catalog(*connection.session, connection.arrival,
                             {.tables = {full("public", "p")}})
                .table(full("public", "p"));
  };
  const Table before = read();
  database.exec(
      "CREATE TABLE c PARTITION OF p DEFAULT PARTITION BY LIST (b);"
      "CREATE TABLE d PARTITION OF c DEFAULT; CREATE INDEX own ON d (b, a);"
      "CREATE VIEW v AS SELECT b FROM d; ALTER TABLE d ALTER b SET DEFAULT 3;"
      "ALTER TABLE d ADD CONSTRAINT k CHECK (b < 9);"
      "CREATE STATISTICS s ON a, b FROM d;"
      "CREATE TRIGGER t BEFORE UPDATE OF b ON d FOR EACH ROW"
      " EXECUTE FUNCTION suppress_redundant_updates_trigger()");
  const Table after = read();
  EXPECT_EQ(fingerprint(after), fingerprint(before));
  std::vector<std::string> kinds;
  for (const auto& dependent : after.columns.at(1).dependents) {
    kinds.push_back(dependent.kind);
  }
  EXPECT_THAT(kinds, ElementsAre("partition's constraint",
                                 "partition's default", "partition's index",
                                 "partition's key", "partition's statistics",
                                 "partition's trigger", "partition's view"));
  ASSERT_EQ(after.triggers.size(), 1U);
  EXPECT_EQ(after.triggers[0].name, id("t"));
}

TEST(ReadCatalog, APartitionOfAStrangersMakesTheTableTheirs) {
  const TestDatabase database;
  const std::string ours = database.name() + "_ours";
  const std::string theirs = database.name() + "_theirs";
  database.exec(
      "CREATE ROLE " + ours + "; CREATE ROLE " + theirs +
      "; CREATE TABLE p (a int) PARTITION BY LIST (a);"
      "CREATE TABLE c PARTITION OF p DEFAULT; ALTER TABLE p OWNER TO " +
      ours + "; ALTER TABLE c OWNER TO " + theirs);
  auto connection = database.connect();
  connection.session->run(
      sql::Statement::of("SET SESSION AUTHORIZATION {}", id(ours)));
  const auto catalog = pg::read_catalog(*connection.session, connection.arrival,
                                        {.tables = {full("public", "p")}});
  EXPECT_FALSE(catalog.tables.at(0).may_act_as_owner);
  EXPECT_EQ(catalog.tables.at(0).owner, theirs);
  connection.session->run(sql::Statement::of("RESET SESSION AUTHORIZATION"));
  database.exec("DROP OWNED BY " + ours + ", " + theirs + "; DROP ROLE " +
                ours + ", " + theirs);
}

}  // namespace
}  // namespace pgexpand::testing
