#include "pgexpand/catalog/change.hpp"

#include <gmock/gmock.h>

namespace pgexpand::catalog {
namespace {

using sql::Identifier;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

sql::TableName in_public(const std::string& name) {
  return {Identifier("public"), Identifier(name)};
}

Constraint foreign_key() {
  return {.name = Identifier("orders_buyer_fkey"),
          .table = in_public("orders"),
          .kind = ConstraintKind::foreign_key,
          .columns = {Identifier("buyer")},
          .definition = "FOREIGN KEY (buyer) REFERENCES buyers(id)",
          .references_table = in_public("buyers"),
          .references_columns = {Identifier("id")},
          .index = in_public("buyers_pkey")};
}

Table orders() {
  Table table{.name = in_public("orders"), .oid = 7, .next_column_number = 4};
  table.columns = {{.name = Identifier("id"), .number = 1, .not_null = true},
                   {.name = Identifier("buyer"), .number = 2},
                   {.name = Identifier("note"), .number = 3}};
  table.indexes = {{.name = in_public("orders_note_idx"),
                    .oid = 8,
                    .keys = {{.expression = sql::Expression{"lower(note)"}}},
                    .predicate = sql::Expression{"(id > 3)"},
                    .definition = "CREATE INDEX"},
                   {.name = in_public("orders_pkey"),
                    .keys = {{.column = Identifier("id")}},
                    .is_primary = true,
                    .constraint = Identifier("orders_pkey")}};
  table.constraints = {{.name = Identifier("orders_note_check"),
                        .table = table.name,
                        .columns = {Identifier("note")},
                        .expression = sql::Expression{"(note <> '(')"},
                        .definition = "CHECK ((note <> '(')) NOT VALID"},
                       {.name = Identifier("orders_pkey"),
                        .table = table.name,
                        .kind = ConstraintKind::primary_key,
                        .columns = {Identifier("id")},
                        .definition = "PRIMARY KEY (id)",
                        .index = in_public("orders_pkey")},
                       foreign_key()};
  table.statistics = {
      {.name = in_public("orders_stat"), .columns = {Identifier("note")}}};
  return table;
}

Catalog shop() {
  Catalog catalog{.server_version_num = 150004};
  Table buyers{.name = in_public("buyers")};
  buyers.columns = {{.name = Identifier("id"), .number = 1}};
  buyers.referenced_by = {foreign_key()};
  catalog.tables = {orders(), buyers};
  catalog.relation_names = {in_public("orders"), in_public("orders_note_idx"),
                            in_public("orders_pkey"), in_public("buyers")};
  catalog.schemas = {Identifier("public")};
  return catalog;
}

Catalog changed(const Change& change) { return after(shop(), {change}); }

std::vector<std::string> columns_of(const Catalog& catalog) {
  std::vector<std::string> names;
  for (const Column& column : catalog.tables.at(0).columns) {
    names.push_back(column.name.name());
  }
  return names;
}

std::vector<std::string> constraints_of(const Table& table) {
  std::vector<std::string> names;
  for (const Constraint& constraint : table.constraints) {
    names.push_back(constraint.name.name());
  }
  return names;
}

TEST(Change, NoneLeavesTheCatalogAsItIs) {
  EXPECT_EQ(after(shop(), {}), shop());
}

TEST(Change, OfATableThatIsNotHereIsPassedOver) {
  const auto elsewhere = in_public("elsewhere");
  EXPECT_EQ(
      after(shop(),
            {ColumnAdded{elsewhere, {.name = Identifier("a")}},
             ColumnDropped{elsewhere, Identifier("a")},
             ColumnRetyped{elsewhere, Identifier("a"), {}, {}, {}},
             ColumnRenamed{elsewhere, Identifier("a"), Identifier("b")},
             NullabilityChanged{elsewhere, Identifier("a"), true},
             DefaultChanged{elsewhere, Identifier("a"), {}},
             ConstraintRenamed{elsewhere, Identifier("a"), Identifier("b")},
             ConstraintDropped{elsewhere, Identifier("a")}}),
      shop());
}

TEST(Change, AnAddedTableHasNoOid) {
  const Catalog found = changed(
      TableAdded{{.name = in_public("t"),
                  .oid = 9,
                  .relfilenode = 9,
                  .columns = {{.name = Identifier("a")}},
                  .indexes = {{.name = in_public("t_a_idx"), .oid = 10}}}});
  const Table* table = found.table(in_public("t"));
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->oid, 0U);
  EXPECT_EQ(table->relfilenode, 0U);
  EXPECT_EQ(table->indexes[0].oid, 0U);
  EXPECT_TRUE(table->columns[0].is_projected);
  EXPECT_TRUE(found.is_name_taken(in_public("t")));
  EXPECT_TRUE(found.is_name_taken(in_public("t_a_idx")));
}

TEST(Change, ADroppedTableTakesItsNamesAndKeysAlong) {
  const Catalog found = changed(TableDropped{in_public("orders")});
  EXPECT_EQ(found.table(in_public("orders")), nullptr);
  EXPECT_THAT(found.relation_names, ElementsAre(in_public("buyers")));
  EXPECT_THAT(found.table(in_public("buyers"))->referenced_by, IsEmpty());
  EXPECT_EQ(constraints_of(*changed(TableDropped{in_public("buyers")})
                                .table(in_public("orders"))),
            (std::vector<std::string>{"orders_note_check", "orders_pkey"}));
}

TEST(Change, ARenamedTableIsReferredToByItsNewName) {
  const Catalog found =
      changed(TableRenamed{in_public("buyers"), Identifier("clients")});
  EXPECT_EQ(found.table(in_public("buyers")), nullptr);
  ASSERT_NE(found.table(in_public("clients")), nullptr);
  EXPECT_TRUE(found.table(in_public("clients"))->columns[0].is_projected);
  EXPECT_EQ(found.tables[0].constraints[2].references_table,
            in_public("clients"));
  EXPECT_FALSE(found.is_name_taken(in_public("buyers")));
}

TEST(Change, AnAddedColumnIsTheLastOne) {
  const Catalog found =
      changed(ColumnAdded{in_public("orders"), {.name = Identifier("a")}});
  EXPECT_THAT(columns_of(found), ElementsAre("id", "buyer", "note", "a"));
  EXPECT_EQ(found.tables[0].columns[3].number, 4);
  EXPECT_TRUE(found.tables[0].columns[3].is_projected);
  EXPECT_EQ(found.tables[0].next_column_number, 5);
}

TEST(Change, AColumnThatIsThereAlreadyIsReplaced) {
  const Catalog found = changed(ColumnAdded{
      in_public("orders"), {.name = Identifier("note"), .not_null = true}});
  EXPECT_THAT(columns_of(found), ElementsAre("id", "buyer", "note"));
  EXPECT_TRUE(found.tables[0].columns[2].not_null);
}

TEST(Change, ADroppedColumnTakesAlongWhatReadsIt) {
  const Catalog found =
      changed(ColumnDropped{in_public("orders"), Identifier("note")});
  EXPECT_THAT(columns_of(found), ElementsAre("id", "buyer"));
  EXPECT_EQ(found.tables[0].indexes.size(), 1U);
  EXPECT_THAT(constraints_of(found.tables[0]),
              ElementsAre("orders_pkey", "orders_buyer_fkey"));
  EXPECT_THAT(found.tables[0].statistics, IsEmpty());
  EXPECT_FALSE(found.is_name_taken(in_public("orders_note_idx")));
}

TEST(Change, ADroppedColumnsKeyRefersToNothing) {
  EXPECT_THAT(changed(ColumnDropped{in_public("orders"), Identifier("buyer")})
                  .tables[1]
                  .referenced_by,
              IsEmpty());
}

TEST(Change, ARenamedColumnIsRenamedInWhatReadsIt) {
  const Catalog found = changed(ColumnRenamed{
      in_public("orders"), Identifier("note"), Identifier("remark")});
  EXPECT_THAT(columns_of(found), ElementsAre("id", "buyer", "remark"));
  const Table& table = found.tables[0];
  EXPECT_EQ(table.indexes[0].keys[0].expression->text, "lower(\"remark\")");
  EXPECT_EQ(table.indexes[0].predicate->text, "(id > 3)");
  EXPECT_EQ(table.indexes[0].definition, "");
  EXPECT_EQ(table.constraints[0].columns.at(0), Identifier("remark"));
  EXPECT_EQ(table.constraints[0].definition,
            "CHECK (" + table.constraints[0].expression->text + ") NOT VALID");
  EXPECT_EQ(table.statistics[0].columns.at(0), Identifier("remark"));
}

TEST(Change, ARenamedColumnIsRenamedAtBothEndsOfItsKeys) {
  const Catalog found = after(
      shop(),
      {ColumnRenamed{in_public("orders"), Identifier("buyer"),
                     Identifier("client")},
       ColumnRenamed{in_public("buyers"), Identifier("id"), Identifier("n")}});
  for (const Constraint& key :
       {found.tables[0].constraints[2], found.tables[1].referenced_by[0]}) {
    EXPECT_EQ(key.columns.at(0), Identifier("client"));
    EXPECT_EQ(key.references_columns.at(0), Identifier("n"));
    EXPECT_EQ(key.definition,
              "FOREIGN KEY (\"client\") REFERENCES buyers(\"n\")");
  }
  EXPECT_EQ(found.tables[0].constraints[1].columns.at(0), Identifier("id"));
}

TEST(Change, AColumnRenamedByATwinIsTheLastOne) {
  const auto rename = [](bool by_twin) {
    return ColumnRenamed{in_public("orders"), Identifier("buyer"),
                         Identifier("b"), by_twin};
  };
  EXPECT_THAT(columns_of(changed(rename(true))),
              ElementsAre("id", "note", "b"));
  EXPECT_THAT(columns_of(changed(rename(false))),
              ElementsAre("id", "b", "note"));
}

TEST(Change, ARenameThatIsHalfDoneEndsWithOneColumn) {
  const auto twin =
      ColumnAdded{in_public("orders"), {.name = Identifier("remark")}};
  const auto rename = ColumnRenamed{in_public("orders"), Identifier("note"),
                                    Identifier("remark")};
  EXPECT_THAT(columns_of(after(shop(), {twin, rename})),
              ElementsAre("id", "buyer", "remark"));
  EXPECT_THAT(columns_of(after(shop(), {rename, rename})),
              ElementsAre("id", "buyer", "remark"));
}

TEST(Change, ARetypedColumnKeepsItsDefaultAndIndexes) {
  const Type type{.name = {"text"}, .oid = 25, .storage = 'x'};
  const auto retype =
      ColumnRetyped{in_public("orders"), Identifier("id"), type, {}, {}};
  const Catalog found = changed(retype);
  EXPECT_EQ(found.tables[0].columns[0].type, type);
  EXPECT_EQ(found.tables[0].columns[0].type_storage, 'x');
  EXPECT_TRUE(found.tables[0].columns[0].not_null);
  EXPECT_TRUE(found.tables[0].columns[0].is_projected);
  EXPECT_EQ(found.tables[0].indexes.size(), 2U);
  auto by_twin = retype;
  by_twin.by_twin = true;
  EXPECT_THAT(columns_of(changed(by_twin)), ElementsAre("buyer", "note", "id"));
}

TEST(Change, NullabilityHasANameFrom18On) {
  const auto forbid =
      NullabilityChanged{in_public("orders"), Identifier("note"), true};
  EXPECT_TRUE(changed(forbid).tables[0].columns[2].not_null);
  EXPECT_THAT(constraints_of(changed(forbid).tables[0]),
              Not(Contains("orders_note_not_null")));
  Catalog newer = shop();
  newer.server_version_num = 180000;
  const Catalog found = after(newer, {forbid});
  EXPECT_THAT(constraints_of(found.tables[0]),
              Contains("orders_note_not_null"));
  EXPECT_EQ(after(found, {forbid}).tables, found.tables);
  const auto allow =
      NullabilityChanged{in_public("orders"), Identifier("note"), false};
  EXPECT_EQ(after(found, {allow}).tables, newer.tables);
}

TEST(Change, ADefaultComesAndGoes) {
  const auto column = [](const std::optional<sql::Expression>& value) {
    return changed(
               DefaultChanged{in_public("orders"), Identifier("note"), value})
        .tables[0]
        .columns[2];
  };
  EXPECT_EQ(column(sql::Expression{"'a'"}).default_value->text, "'a'");
  EXPECT_FALSE(column(std::nullopt).default_value);
}

TEST(Change, AnAddedIndexTakesItsName) {
  const Catalog found = changed(IndexAdded{
      in_public("orders"), {.name = in_public("orders_o_idx"), .oid = 3}});
  EXPECT_TRUE(found.is_name_taken(in_public("orders_o_idx")));
  EXPECT_EQ(found.tables[0].indexes[1].name, in_public("orders_o_idx"));
  EXPECT_EQ(found.tables[0].indexes[1].oid, 0U);
}

TEST(Change, ADroppedIndexFreesItsName) {
  const Catalog found = changed(IndexDropped{in_public("orders_note_idx")});
  EXPECT_EQ(found.tables[0].indexes.size(), 1U);
  EXPECT_FALSE(found.is_name_taken(in_public("orders_note_idx")));
}

TEST(Change, ARenamedIndexRenamesItsConstraint) {
  const Catalog found =
      changed(IndexRenamed{in_public("orders_pkey"), Identifier("key")});
  EXPECT_THAT(constraints_of(found.tables[0]), Contains("key"));
  EXPECT_EQ(found.tables[0].constraints[1].index, in_public("key"));
  EXPECT_EQ(found.tables[0].index(Identifier("key"))->constraint,
            Identifier("key"));
  EXPECT_TRUE(found.is_name_taken(in_public("key")));
  EXPECT_FALSE(found.is_name_taken(in_public("orders_pkey")));
}

TEST(Change, AnAddedForeignKeyIsNotedAtBothEnds) {
  Constraint key = foreign_key();
  key.name = Identifier("another");
  const Catalog found = changed(ConstraintAdded{key});
  EXPECT_EQ(found.tables[0].constraints.back(), key);
  EXPECT_EQ(found.tables[1].referenced_by.back(), key);
  EXPECT_EQ(after(found, {ConstraintAdded{key}}), found);
}

TEST(Change, ADroppedConstraintTakesItsIndexAlong) {
  const Catalog found = changed(
      ConstraintDropped{in_public("orders"), Identifier("orders_pkey")});
  EXPECT_THAT(constraints_of(found.tables[0]), Not(Contains("orders_pkey")));
  EXPECT_EQ(found.tables[0].index(Identifier("orders_pkey")), nullptr);
  EXPECT_FALSE(found.is_name_taken(in_public("orders_pkey")));
  EXPECT_THAT(changed(ConstraintDropped{in_public("orders"),
                                        Identifier("orders_buyer_fkey")})
                  .tables[1]
                  .referenced_by,
              IsEmpty());
}

TEST(Change, ARenamedConstraintRenamesItsIndex) {
  const Catalog found = changed(ConstraintRenamed{
      in_public("orders"), Identifier("orders_pkey"), Identifier("key")});
  EXPECT_THAT(constraints_of(found.tables[0]), Contains("key"));
  EXPECT_NE(found.tables[0].index(Identifier("key")), nullptr);
}

TEST(Change, ARenamedForeignKeyLeavesTheIndexItReliesOnAlone) {
  const Catalog found = changed(ConstraintRenamed{
      in_public("orders"), Identifier("orders_buyer_fkey"), Identifier("k")});
  EXPECT_THAT(constraints_of(found.tables[0]), Contains("k"));
  EXPECT_EQ(found.tables[0].constraints[2].index, in_public("buyers_pkey"));
  EXPECT_EQ(found.tables[1].referenced_by[0].name, Identifier("k"));
}

TEST(Change, APublishedVersionTakesThePlaceOfTheOldOnes) {
  Catalog catalog = shop();
  const Identifier old("public_m1");
  catalog.versions = {{"m1", {old}, {Identifier("public")}}};
  catalog.schemas.push_back(old);
  const PublishedVersion next{
      "m2", {Identifier("public_m2")}, {Identifier("public")}};
  const Catalog found = after(catalog, {VersionPublished{next}});
  EXPECT_THAT(found.versions, ElementsAre(next));
  EXPECT_THAT(found.schemas,
              ElementsAre(Identifier("public"), Identifier("public_m2")));
}

TEST(Change, TheOrderOfAMigrationsChangesIsOneThatWorks) {
  std::vector<Change> changes{
      ConstraintAdded{{.name = Identifier("c"),
                       .table = in_public("orders"),
                       .columns = {Identifier("remark")}}},
      NullabilityChanged{in_public("orders"), Identifier("a"), true},
      ColumnAdded{in_public("orders"), {.name = Identifier("a")}},
      ColumnRenamed{in_public("orders"), Identifier("note"),
                    Identifier("remark")},
      ColumnDropped{in_public("orders"), Identifier("buyer")}};
  put_in_order(changes);
  const Catalog found = after(shop(), changes);
  EXPECT_THAT(columns_of(found), ElementsAre("id", "remark", "a"));
  EXPECT_TRUE(found.tables[0].columns[2].not_null);
  EXPECT_THAT(constraints_of(found.tables[0]),
              ElementsAre("orders_note_check", "orders_pkey", "c"));
}

}  // namespace
}  // namespace pgexpand::catalog
