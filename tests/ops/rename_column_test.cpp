#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class RenameColumnTest : public OperationTest {
 protected:
  RenameColumnTest() : OperationTest("rename_column") {}
};

TEST_F(RenameColumnTest, TheExampleIsPlannedAsBefore) { expect_golden(); }

TEST_F(RenameColumnTest, TheNewNameMustBeFree) {
  EXPECT_THAT(codes_of("{table: orders, from: note, to: status}"),
              ElementsAre("catalog.column-exists"));
}

TEST_F(RenameColumnTest, TheServerKeepsSomeNamesForItself) {
  EXPECT_THAT(codes_of("{table: orders, from: note, to: xmin}"),
              ElementsAre("column.system-name"));
}

TEST_F(RenameColumnTest, AColumnMovesOnce) {
  EXPECT_FALSE(
      plan("  - rename_column: {table: orders, from: note, to: a}\n"
           "  - rename_column: {table: orders, from: note, to: b}\n"));
  EXPECT_THAT(codes(), ElementsAre("column.moved-twice"));
}

TEST_F(RenameColumnTest, ADroppedColumnIsNotRenamed) {
  EXPECT_FALSE(
      plan("  - drop_column: {table: orders, column: note}\n"
           "  - rename_column: {table: orders, from: note, to: b}\n"));
  EXPECT_THAT(codes(), ElementsAre("column.moved-twice"));
}

TEST_F(RenameColumnTest, AGeneratedColumnCannotBeKeptInStep) {
  column("note").generated = sql::Expression{"status"};
  EXPECT_THAT(codes_of("{table: orders, from: note, to: remark}"),
              ElementsAre("column.generated"));
}

TEST_F(RenameColumnTest, WhatWouldNotSeeTheOtherNameIsNamed) {
  column("note").dependents = {{"policy", "policy p on public.orders"},
                               {"view", "view v"}};
  orders().indexes.push_back(make_index("no_overlap", {"note"}));
  orders().indexes.back().is_exclusion = true;
  const std::string fields = "{table: orders, from: note, to: remark}";
  EXPECT_THAT(codes_of(fields), IsEmpty());
  column("note").dependents.push_back({"trigger", "trigger t on orders"});
  EXPECT_THAT(codes_of(fields), ElementsAre("column.has-dependents"));
}

TEST_F(RenameColumnTest, TheColumnKeepsWhatItHas) {
  const auto planned = plan_one("{table: orders, from: id, to: number}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(statements_of(*planned, plan::Phase::backfill),
              HasSubstr("\"pgexpand_also_orders_pkey\""));
  const auto contract = statements_of(*planned, plan::Phase::contract);
  EXPECT_THAT(contract,
              AllOf(HasSubstr("DROP COLUMN \"number\""),
                    HasSubstr("RENAME COLUMN \"id\" TO \"number\""),
                    Not(HasSubstr("PRIMARY KEY")), Not(HasSubstr("IDENTITY")),
                    Not(HasSubstr("DEFAULT"))));
}

TEST_F(RenameColumnTest, AnInvalidIndexIsNotBuiltAgain) {
  orders().indexes[0].is_valid = false;
  ASSERT_TRUE(plan_one("{table: orders, from: note, to: remark}"));
  EXPECT_THAT(codes(), ElementsAre("index.invalid"));
}

}  // namespace
}  // namespace pgexpand::ops
