#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class AlterColumnTest : public OperationTest {
 protected:
  AlterColumnTest() : OperationTest("alter_column") {}
};

TEST_F(AlterColumnTest, TheExampleIsPlannedAsBefore) { expect_golden(); }

TEST_F(AlterColumnTest, SomethingMustChange) {
  EXPECT_THAT(codes_of("{table: customers, column: name}"),
              ElementsAre("spec.missing-field"));
}

TEST_F(AlterColumnTest, WhatIsNotHandledYetSaysSo) {
  EXPECT_THAT(codes_of("{table: customers, column: name, type: citext, unique: "
                       "{name: a}}"),
              ElementsAre("spec.field-unsupported"));
}

TEST_F(AlterColumnTest, AColumnThatAnotherOperationMovesIsNotChangedInPlace) {
  for (const std::string place :
       {"comment: a", "default: '1'", "nullable: false", "type: bigint"}) {
    const std::string here =
        "  - alter_column: {table: customers, column: id, " + place + "}\n";
    EXPECT_FALSE(plan(
        here +
        "  - alter_column: {table: customers, column: id, type: numeric}\n"));
    EXPECT_THAT(codes(), Contains("column.moved-twice")) << place;
  }
}

TEST_F(AlterColumnTest, AColumnMovesOnce) {
  EXPECT_FALSE(plan(
      "  - alter_column: {table: customers, column: id, type: bigint}\n"
      "  - alter_column: {table: customers, column: id, type: numeric}\n"));
  EXPECT_THAT(codes(), ElementsAre("column.moved-twice"));
}

TEST_F(AlterColumnTest, AGeneratedColumnKeepsItsType) {
  column("name").generated = sql::Expression{"id::text"};
  EXPECT_THAT(codes_of("{table: customers, column: name, type: date}"),
              ElementsAre("column.generated"));
}

TEST_F(AlterColumnTest, AnUpForHolesCannotReadAGeneratedColumn) {
  column("name").generated = sql::Expression{"id::text"};
  column("id").not_null = false;
  EXPECT_THAT(codes_of("{table: customers, column: id, nullable: false, up: "
                       "length(name)}"),
              ElementsAre("expression.generated-column"));
}

TEST_F(AlterColumnTest, WithoutAnAssignmentCastUpAndDownMustSayHow) {
  server_.when_asked("\"name\"", [](catalog::ExpressionAnswer& answer) {
    answer.assignable = false;
  });
  EXPECT_THAT(codes_of("{table: customers, column: name, type: date}"),
              ElementsAre("column.needs-up", "column.needs-down"));
}

TEST_F(AlterColumnTest, WhatCannotFollowIsNamed) {
  column("name").dependents = {{"view", "view public.names"}};
  EXPECT_THAT(codes_of("{table: customers, column: name, type: date}"),
              ElementsAre("column.has-dependents"));
  EXPECT_THAT(
      codes_of("{table: customers, column: name, type: varchar}"),
      ElementsAre("column.has-dependents", "column.prepared-statements"));
}

TEST_F(AlterColumnTest, AnIdentityColumnStaysAnInteger) {
  column("id").identity = 'a';
  EXPECT_THAT(codes_of("{table: customers, column: id, type: bigint, allow: "
                       "[column_order]}"),
              IsEmpty());
  EXPECT_THAT(codes_of("{table: customers, column: id, type: numeric}"),
              ElementsAre("column.identity"));
}

TEST_F(AlterColumnTest, AnIdentityColumnHasNoDefault) {
  column("id").identity = 'a';
  EXPECT_THAT(codes_of("{table: customers, column: id, default: \"1\"}"),
              ElementsAre("column.no-default"));
}

TEST_F(AlterColumnTest, AnOperatorClassOfTheOldTypeMayNotFit) {
  auto& index = table_in(catalog_, "customers").indexes[0];
  ASSERT_EQ(index.name.name.name(), "customers_name_idx");
  index.keys[1].opclass = "public.my_int_ops";
  EXPECT_THAT(codes_of("{table: customers, column: id, type: bigint}"),
              ElementsAre("index.operator-class"));
}

TEST_F(AlterColumnTest, AnExpressionThatDoesNotHoldOverTheNewTypeIsNamed) {
  add_check(table_in(catalog_, "customers"), "id_check", {"id"}, "(id > 0)");
  server_.when_asked("(\"id\" > 0)", [](catalog::ExpressionAnswer& answer) {
    answer.finding = Diagnostic{.code = "expression.rejected"};
  });
  EXPECT_THAT(codes_of("{table: customers, column: id, type: bigint}"),
              ElementsAre("column.expression-does-not-carry"));
}

TEST_F(AlterColumnTest, ACheckNameMustBeFree) {
  add_check(table_in(catalog_, "customers"), "customers_name_check", {"name"},
            "(length(name) < 9)");
  EXPECT_THAT(codes_of("{table: customers, column: name, check: {expression: "
                       "\"name <> ''\"}}"),
              ElementsAre("catalog.name-taken"));
}

}  // namespace
}  // namespace pgexpand::ops
