#include "pgexpand/pg/catalog_reader.hpp"
#include "support/test_database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace pgexpand::testing {
namespace {

using catalog::Catalog;
using catalog::Column;
using catalog::Constraint;
using catalog::Index;
using catalog::Table;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

sql::Identifier id(const std::string& name) { return sql::Identifier(name); }

sql::TableName full(const std::string& schema, const std::string& name) {
  return {id(schema), id(name)};
}

constexpr const char* shop = R"(
CREATE SCHEMA "Shop ""1""";
SET search_path = "Shop ""1""", public;
CREATE COLLATION nd (provider = icu, locale = 'und', deterministic = false);
CREATE TYPE color AS ENUM ('red', 'green');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE customer (id int PRIMARY KEY, name text);
CREATE TABLE "Order s" (
  "Id" bigint GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 2) PRIMARY KEY,
  customer int CONSTRAINT to_customer REFERENCES customer (id)
    ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
  "odd ""name" varchar(50) COLLATE "C" DEFAULT 'a''b',
  loose text COLLATE nd,
  shade color, amount numeric(10, 2), twice numeric GENERATED ALWAYS AS
    (amount * 2) STORED,
  count positive, tags text[] NOT NULL, dropped int, serial_id serial);
ALTER TABLE "Order s" ADD CONSTRAINT amount_ok CHECK (amount > 0) NOT VALID;
ALTER TABLE "Order s" DROP COLUMN dropped;
ALTER TABLE "Order s" ALTER amount SET STATISTICS 77;
ALTER TABLE "Order s" ALTER amount SET (n_distinct = -0.5);
ALTER TABLE "Order s" ALTER loose SET STORAGE EXTERNAL;
ALTER TABLE "Order s" ALTER loose SET COMPRESSION pglz;
COMMENT ON COLUMN "Order s".amount IS 'in cents';
COMMENT ON CONSTRAINT amount_ok ON "Order s" IS 'positive';
GRANT SELECT (amount), UPDATE (amount) ON "Order s" TO PUBLIC;
CREATE INDEX pieces ON "Order s" (amount DESC, lower(loose) DESC NULLS LAST,
  "odd ""name" COLLATE "POSIX" text_pattern_ops) INCLUDE (shade)
  WITH (fillfactor = 70) WHERE customer IS NOT NULL;
COMMENT ON INDEX pieces IS 'of many';
ALTER INDEX pieces ALTER COLUMN 2 SET STATISTICS 33;
CREATE UNIQUE INDEX shade_key ON "Order s" (shade);
ALTER TABLE "Order s" CLUSTER ON shade_key;
CREATE TABLE line (order_id bigint REFERENCES "Order s" ("Id"));
CREATE VIEW big AS SELECT amount FROM "Order s";
CREATE POLICY mine ON "Order s" USING (shade = 'red');
ALTER TABLE "Order s" ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION body() RETURNS numeric LANGUAGE sql
  BEGIN ATOMIC SELECT amount FROM "Order s" LIMIT 1; END;
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql COST 42
  AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER "Audit" BEFORE UPDATE OF amount ON "Order s" FOR EACH ROW
  WHEN (NEW.amount > 1) EXECUTE FUNCTION audit();
ALTER TABLE "Order s" ENABLE ALWAYS TRIGGER "Audit";
CREATE RULE noted AS ON UPDATE TO "Order s" WHERE NEW.amount < 0
  DO ALSO NOTHING;
CREATE STATISTICS together (ndistinct, dependencies)
  ON customer, amount, (lower(loose)) FROM "Order s";
ALTER STATISTICS together SET STATISTICS 55;
COMMENT ON STATISTICS together IS 'both';
CREATE PUBLICATION one FOR TABLE "Order s";
CREATE PUBLICATION everything FOR ALL TABLES;
)";

class CatalogOfAShop : public ::testing::Test {
 protected:
  // One database for all tests here: they only read.
  static void SetUpTestSuite() {
    database_ = std::make_unique<TestDatabase>();
    database_->exec(shop);
    const auto connection = database_->connect();
    catalog_ = std::make_unique<Catalog>(
        pg::read_catalog(*connection.session, connection.arrival,
                         {.tables = {full("Shop \"1\"", "Order s"),
                                     full("public", "missing")}}));
  }
  static void TearDownTestSuite() {
    catalog_.reset();
    database_.reset();
  }

  static const Table& table() { return catalog_->tables.at(0); }
  static const Column& column(const std::string& name) {
    return *table().column(id(name));
  }
  static const Index& index(const std::string& name) {
    return *table().index(id(name));
  }
  static const Constraint& constraint(const std::string& name) {
    return *table().constraint(id(name));
  }
  static std::vector<std::string> kinds(const Column& column) {
    std::vector<std::string> kinds;
    for (const auto& dependent : column.dependents) {
      kinds.push_back(dependent.kind);
    }
    return kinds;
  }

  static inline std::unique_ptr<TestDatabase> database_;
  static inline std::unique_ptr<Catalog> catalog_;
};

TEST_F(CatalogOfAShop, AMissingTableIsAbsent) {
  EXPECT_THAT(catalog_->tables, SizeIs(1));
  EXPECT_EQ(catalog_->table(full("public", "missing")), nullptr);
  EXPECT_EQ(catalog_->database, database_->name());
}

TEST_F(CatalogOfAShop, TheTableItself) {
  EXPECT_EQ(table().name, full("Shop \"1\"", "Order s"));
  EXPECT_EQ(table().kind, 'r');
  EXPECT_EQ(table().persistence, 'p');
  EXPECT_EQ(table().access_method, "heap");
  EXPECT_EQ(table().replica_identity, 'd');
  EXPECT_TRUE(table().may_act_as_owner);
  EXPECT_TRUE(table().row_security);
  EXPECT_FALSE(table().force_row_security);
  EXPECT_FALSE(table().has_children || table().has_parents);
  EXPECT_NE(table().relfilenode, 0U);
  EXPECT_GT(table().indexes_size_bytes, 0);
  EXPECT_EQ(table().next_column_number, 12);
}

TEST_F(CatalogOfAShop, TypesAreNamedInFull) {
  EXPECT_EQ(column("odd \"name").type.name.text, "character varying(50)");
  EXPECT_EQ(column("shade").type.name.text, "\"Shop \"\"1\"\"\".color");
  EXPECT_EQ(column("amount").type.name.text, "numeric(10,2)");
  EXPECT_TRUE(column("count").type.is_domain);
  EXPECT_TRUE(column("count").type.domain_has_constraints);
  EXPECT_TRUE(column("tags").type.is_array);
}

TEST_F(CatalogOfAShop, BitwiseEqualityIsKnownByType) {
  EXPECT_TRUE(column("Id").type.has_bitwise_equality);
  EXPECT_TRUE(column("odd \"name").type.has_bitwise_equality);
  EXPECT_TRUE(column("shade").type.has_bitwise_equality);
  EXPECT_TRUE(column("count").type.has_bitwise_equality);
  EXPECT_FALSE(column("loose").type.has_bitwise_equality);
  EXPECT_FALSE(column("amount").type.has_bitwise_equality);
  EXPECT_FALSE(column("tags").type.has_bitwise_equality);
}

TEST_F(CatalogOfAShop, DefaultsGeneratedAndIdentity) {
  EXPECT_EQ(column("odd \"name").default_value->text,
            "'a''b'::character varying");
  EXPECT_EQ(column("twice").generated->text, "(amount * (2)::numeric)");
  EXPECT_FALSE(column("twice").default_value);
  EXPECT_EQ(column("Id").identity, 'a');
  EXPECT_FALSE(column("amount").identity);
  EXPECT_TRUE(column("tags").not_null);
}

TEST_F(CatalogOfAShop, OwnedSequences) {
  const auto& identity = column("Id").sequence;
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->name, full("Shop \"1\"", "Order s_Id_seq"));
  EXPECT_EQ(identity->type, "bigint");
  EXPECT_EQ(identity->start, 5);
  EXPECT_EQ(identity->increment, 2);
  ASSERT_TRUE(column("serial_id").sequence);
  EXPECT_EQ(column("serial_id").sequence->type, "integer");
  EXPECT_FALSE(column("amount").sequence);
}

TEST_F(CatalogOfAShop, WhatElseAColumnCarries) {
  EXPECT_EQ(column("odd \"name").collation, "pg_catalog.\"C\"");
  EXPECT_EQ(column("amount").comment, "in cents");
  EXPECT_EQ(column("amount").statistics_target, 77);
  EXPECT_FALSE(column("count").statistics_target);
  EXPECT_THAT(column("amount").options, ElementsAre("n_distinct=-0.5"));
  EXPECT_EQ(column("loose").storage, 'e');
  EXPECT_EQ(column("loose").type_storage, 'x');
  EXPECT_EQ(column("loose").compression, 'p');
  EXPECT_THAT(column("amount").grants,
              ElementsAre(catalog::Grant{"", "SELECT", false},
                          catalog::Grant{"", "UPDATE", false}));
}

TEST_F(CatalogOfAShop, DependentsByKind) {
  EXPECT_THAT(
      kinds(column("amount")),
      ElementsAre("function", "generated column", "rule", "trigger", "view"));
  EXPECT_THAT(kinds(column("shade")), ElementsAre("policy"));
  EXPECT_THAT(kinds(column("tags")), IsEmpty());
  EXPECT_EQ(column("amount").dependents.back().identity,
            "view \"Shop \"\"1\"\"\".big");
}

TEST_F(CatalogOfAShop, AnIndexPieceByPiece) {
  const Index& pieces = index("pieces");
  ASSERT_THAT(pieces.keys, SizeIs(3));
  EXPECT_EQ(pieces.keys[0].column, id("amount"));
  EXPECT_TRUE(pieces.keys[0].descending && pieces.keys[0].nulls_first);
  EXPECT_EQ(pieces.keys[1].expression->text, "lower(loose)");
  EXPECT_TRUE(pieces.keys[1].descending);
  EXPECT_FALSE(pieces.keys[1].nulls_first);
  EXPECT_EQ(pieces.keys[2].opclass, "pg_catalog.text_pattern_ops");
  EXPECT_EQ(pieces.keys[2].collation, "pg_catalog.\"POSIX\"");
  EXPECT_FALSE(pieces.keys[0].opclass || pieces.keys[0].collation);
  EXPECT_THAT(pieces.include, ElementsAre(id("shade")));
  EXPECT_EQ(pieces.predicate->text, "(customer IS NOT NULL)");
  EXPECT_THAT(pieces.options, ElementsAre("fillfactor=70"));
  EXPECT_EQ(pieces.comment, "of many");
  EXPECT_EQ(pieces.statistics_targets.at(1), 33);
  EXPECT_TRUE(pieces.is_valid);
  EXPECT_FALSE(pieces.is_unique);
}

TEST_F(CatalogOfAShop, WhatObjectsReadIsKnownWithoutTheirText) {
  EXPECT_THAT(index("pieces").reads,
              ElementsAre(id("customer"), id("odd \"name"), id("loose"),
                          id("shade"), id("amount")));
  EXPECT_THAT(index("Order s_pkey").reads, ElementsAre(id("Id")));
  EXPECT_THAT(table().statistics.at(0).reads,
              UnorderedElementsAre(id("customer"), id("amount"), id("loose")));
}

TEST_F(CatalogOfAShop, IndexesOfConstraintsAndClusters) {
  EXPECT_EQ(index("Order s_pkey").constraint, id("Order s_pkey"));
  EXPECT_TRUE(index("Order s_pkey").is_primary);
  EXPECT_TRUE(index("shade_key").is_unique);
  EXPECT_TRUE(index("shade_key").is_clustered);
  EXPECT_FALSE(index("shade_key").constraint);
  EXPECT_EQ(catalog_->table_of_index(full("Shop \"1\"", "pieces")), &table());
}

TEST_F(CatalogOfAShop, AForeignKeyInDetail) {
  const Constraint& key = constraint("to_customer");
  EXPECT_EQ(key.kind, catalog::ConstraintKind::foreign_key);
  EXPECT_EQ(key.references_table, full("Shop \"1\"", "customer"));
  EXPECT_THAT(key.columns, ElementsAre(id("customer")));
  EXPECT_THAT(key.references_columns, ElementsAre(id("id")));
  EXPECT_EQ(key.on_update, 'c');
  EXPECT_EQ(key.on_delete, 'n');
  EXPECT_TRUE(key.is_deferrable && key.initially_deferred);
  EXPECT_EQ(key.index, full("Shop \"1\"", "customer_pkey"));
}

TEST_F(CatalogOfAShop, OtherConstraints) {
  EXPECT_FALSE(constraint("amount_ok").is_validated);
  EXPECT_EQ(constraint("amount_ok").expression->text,
            "(amount > (0)::numeric)");
  EXPECT_THAT(constraint("amount_ok").columns, ElementsAre(id("amount")));
  EXPECT_EQ(constraint("amount_ok").comment, "positive");
  ASSERT_NE(table().primary_key(), nullptr);
  EXPECT_THAT(table().primary_key()->columns, ElementsAre(id("Id")));
  ASSERT_THAT(table().referenced_by, SizeIs(1));
  EXPECT_EQ(table().referenced_by[0].table, full("Shop \"1\"", "line"));
}

TEST_F(CatalogOfAShop, TriggersWithTheirFunctions) {
  ASSERT_THAT(table().triggers, SizeIs(1));
  const auto& trigger = table().triggers[0];
  EXPECT_EQ(trigger.name, id("Audit"));
  EXPECT_EQ(trigger.enabled, 'A');
  EXPECT_TRUE(trigger.is_before && trigger.is_row && trigger.on_update);
  EXPECT_FALSE(trigger.on_insert || trigger.is_internal);
  EXPECT_EQ(trigger.function, "\"Shop \"\"1\"\"\".audit()");
  EXPECT_EQ(trigger.function_language, "plpgsql");
  EXPECT_EQ(trigger.function_cost, 42);
  EXPECT_THAT(trigger.function_definition_hash, SizeIs(64));
  EXPECT_THAT(trigger.update_of, ElementsAre(id("amount")));
  EXPECT_TRUE(trigger.has_when);
}

TEST_F(CatalogOfAShop, StatisticsAndPublications) {
  ASSERT_THAT(table().statistics, SizeIs(1));
  const auto& statistics = table().statistics[0];
  EXPECT_EQ(statistics.name, full("Shop \"1\"", "together"));
  EXPECT_THAT(statistics.kinds, ElementsAre("ndistinct", "dependencies"));
  EXPECT_THAT(statistics.columns, ElementsAre(id("customer"), id("amount")));
  ASSERT_THAT(statistics.expressions, SizeIs(1));
  EXPECT_EQ(statistics.expressions[0].text, "lower(loose)");
  EXPECT_EQ(statistics.target, 55);
  EXPECT_EQ(statistics.comment, "both");
  EXPECT_THAT(table().publications, ElementsAre("everything", "one"));
}

TEST_F(CatalogOfAShop, NamesInItsSchemaAreTaken) {
  EXPECT_TRUE(catalog_->is_name_taken(full("Shop \"1\"", "big")));
  EXPECT_TRUE(catalog_->is_name_taken(full("Shop \"1\"", "pieces")));
  EXPECT_FALSE(catalog_->is_name_taken(full("Shop \"1\"", "free")));
}

TEST(ReadCatalog, ANameAloneIsTheFirstOfTheSearchPath) {
  const TestDatabase database;
  database.exec(
      "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE b.t (in_b int);"
      "CREATE TABLE public.t (in_public int); CREATE INDEX i ON b.t (in_b)");
  database.exec("ALTER DATABASE " + database.name() +
                " SET search_path = a, b, public");
  const auto connection = database.connect();
  const auto catalog = pg::read_catalog(
      *connection.session, connection.arrival,
      {.tables = {{id(""), id("t")}}, .indexes = {{id(""), id("i")}}});
  ASSERT_THAT(catalog.tables, SizeIs(1));
  EXPECT_EQ(catalog.tables[0].name, full("b", "t"));
  EXPECT_EQ(catalog.table({id(""), id("t")}), &catalog.tables[0]);
}

TEST(ReadCatalog, PartitionsAndTheirParents) {
  const TestDatabase database;
  database.exec(
      "CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);"
      "CREATE TABLE c PARTITION OF p FOR VALUES FROM (0) TO (9);"
      "CREATE PUBLICATION pub FOR TABLE p");
  const auto connection = database.connect();
  const auto catalog =
      pg::read_catalog(*connection.session, connection.arrival,
                       {.tables = {full("public", "p"), full("public", "c")}});
  const Table& parent = *catalog.table(full("public", "p"));
  const Table& child = *catalog.table(full("public", "c"));
  EXPECT_EQ(parent.kind, 'p');
  EXPECT_TRUE(parent.has_children);
  EXPECT_FALSE(parent.has_parents);
  EXPECT_TRUE(child.is_partition && child.has_parents);
  EXPECT_THAT(child.publications, ElementsAre("pub"));
  EXPECT_EQ(parent.columns[0].dependents.at(0).kind, "partition key");
}

TEST(ReadCatalog, AStrangersTableIsNotOurs) {
  const TestDatabase database;
  database.exec(
      "CREATE ROLE stranger LOGIN; CREATE TABLE t (a int);"
      "GRANT SELECT (a) ON t TO stranger WITH GRANT OPTION");
  auto connection = database.connect();
  connection.session->run(
      sql::Statement::of("SET SESSION AUTHORIZATION stranger"));
  const auto catalog = pg::read_catalog(*connection.session, connection.arrival,
                                        {.tables = {full("public", "t")}});
  EXPECT_FALSE(catalog.tables.at(0).may_act_as_owner);
  EXPECT_THAT(catalog.tables[0].columns[0].grants,
              ElementsAre(catalog::Grant{"stranger", "SELECT", true}));
  connection.session.reset();
  database.exec("DROP OWNED BY stranger; DROP ROLE stranger");
}

TEST(ReadCatalog, AFailedConcurrentIndexIsSeenAsInvalid) {
  const TestDatabase database;
  database.exec("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)");
  const auto connection = database.connect();
  EXPECT_THROW(connection.session->run(sql::Statement::of(
                   "CREATE UNIQUE INDEX CONCURRENTLY i ON public.t (a)")),
               Error);
  const auto catalog = pg::read_catalog(*connection.session, connection.arrival,
                                        {.tables = {full("public", "t")}});
  EXPECT_FALSE(catalog.tables.at(0).indexes.at(0).is_valid);
}

TEST(ReadCatalog, ReadsTwoTablesAmongAThousand) {
  const TestDatabase database;
  database.exec(
      "DO $$BEGIN FOR i IN 1..1000 LOOP EXECUTE format('CREATE TABLE t%s "
      "(id int PRIMARY KEY, a text)', i); END LOOP; END$$");
  const auto connection = database.connect();
  const auto catalog = pg::read_catalog(
      *connection.session, connection.arrival,
      {.tables = {full("public", "t1"), full("public", "t500")}});
  EXPECT_THAT(catalog.tables, SizeIs(2));
  EXPECT_THAT(catalog.relation_names, SizeIs(2000));
}

}  // namespace
}  // namespace pgexpand::testing
