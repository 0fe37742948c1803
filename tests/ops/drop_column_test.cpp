#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class DropColumnTest : public OperationTest {
 protected:
  DropColumnTest() : OperationTest("drop_column") {}
};

TEST_F(DropColumnTest, TheExampleIsPlannedAsBefore) { expect_golden(); }

TEST_F(DropColumnTest, ANotNullColumnWithoutADefaultNeedsADown) {
  EXPECT_THAT(codes_of("{table: orders, column: total_cents}"),
              ElementsAre("column.needs-down"));
}

TEST_F(DropColumnTest, ADefaultFeedsNewWritersToo) {
  const auto planned = plan_one("{table: orders, column: status}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(planned->steps, SizeIs(1));
  EXPECT_EQ(statements_of(*planned, plan::Phase::contract),
            "ALTER TABLE \"public\".\"orders\" DROP COLUMN \"status\";\n");
}

TEST_F(DropColumnTest, WhatDependsOnTheColumnIsNamed) {
  column("note").dependents = {{"view", "view public.open_orders"}};
  EXPECT_THAT(codes_of("{table: orders, column: note}"),
              ElementsAre("column.has-dependents"));
}

TEST_F(DropColumnTest, AColumnThatAForeignKeyRefersToStays) {
  add_foreign_key(orders(), "orders_parent_fkey", "customer_id", orders(),
                  "id");
  EXPECT_THAT(codes_of("{table: orders, column: id}"),
              Contains("column.is-referenced"));
}

TEST_F(DropColumnTest, WhatGoesAlongSilentlyIsAWarning) {
  orders().indexes.push_back(make_index("orders_note_idx", {"status", "note"}));
  add_check(orders(), "note_check", {"note"}, "(length(note) < 9)");
  const auto planned = plan_one("{table: orders, column: note}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(codes(), ElementsAre("column.takes-along"));
  EXPECT_EQ(planned->hazards.at(0).message,
            "contract drops with column note: index orders_note_idx, check "
            "note_check");
}

TEST_F(DropColumnTest, AForeignKeyIsDroppedWithALockOnBothTables) {
  catalog_ = example_catalog("alter_column");
  const auto planned =
      plan_one("{table: invoices, column: customer_id, down: \"1\"}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(planned->steps.back().locks, SizeIs(2));
}

TEST_F(DropColumnTest, ADownReadsTheNewColumnsWhereTheyAre) {
  const auto planned = plan(
      "  - drop_column: {table: orders, column: total_cents, down: id}\n"
      "  - alter_column: {table: orders, column: id, type: numeric, down: "
      "id::bigint}\n");
  EXPECT_FALSE(planned);  // an identity column stays an integer
  column("id").identity.reset();
  column("id").sequence.reset();
  const auto again = plan(
      "  - drop_column: {table: orders, column: total_cents, down: id}\n"
      "  - alter_column: {table: orders, column: id, type: numeric, down: "
      "id::bigint}\n");
  ASSERT_TRUE(again);
  EXPECT_THAT(statements_of(*again, plan::Phase::expand),
              HasSubstr("NEW.\"total_cents\" := NEW.\"pgexpand_new_id\";"));
  EXPECT_THAT(statements_of(*again, plan::Phase::switch_over),
              HasSubstr("NEW.\"total_cents\" := NEW.\"id\";"));
}

TEST_F(DropColumnTest, AColumnGoesOnce) {
  EXPECT_FALSE(
      plan("  - drop_column: {table: orders, column: note}\n"
           "  - drop_column: {table: orders, column: note}\n"));
  EXPECT_THAT(codes(), ElementsAre("column.moved-twice"));
}

}  // namespace
}  // namespace pgexpand::ops
