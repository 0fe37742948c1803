#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

std::size_t count(const std::string& text, const std::string& piece) {
  std::size_t found = 0;
  for (auto at = text.find(piece); at != std::string::npos;
       at = text.find(piece, at + 1)) {
    ++found;
  }
  return found;
}

/// Several operations in one migration.
class CompositionTest : public OperationTest {
 protected:
  CompositionTest() : OperationTest("alter_column") {
    for (auto& table : example_catalog("add_column").tables) {
      catalog_.tables.push_back(std::move(table));
    }
    take_names(catalog_);
  }

  plan::Plan planned(const std::string& operations) {
    auto found = plan(operations);
    EXPECT_TRUE(found) << testing::PrintToString(codes());
    return found.value_or(plan::Plan{});
  }
};

TEST_F(CompositionTest, OneTableHasOneExpandOneFunctionAndOnePass) {
  const auto plan = planned(
      "  - add_column: {table: orders, column: a, type: text, up: status}\n"
      "  - rename_column: {table: orders, from: note, to: remark}\n"
      "  - set_not_null: {table: orders, column: note}\n"
      "  - add_column: {table: orders, column: b, type: integer}\n");
  EXPECT_THAT(plan.steps_of(plan::Phase::expand), SizeIs(1));
  const auto expand = statements_of(plan, plan::Phase::expand);
  EXPECT_EQ(count(expand, "CREATE OR REPLACE FUNCTION"), 1U);
  EXPECT_EQ(count(expand, "ADD COLUMN"), 3U);
  EXPECT_EQ(count(statements_of(plan, plan::Phase::backfill), "UPDATE ONLY"),
            1U);
  EXPECT_THAT(plan.steps_of(plan::Phase::verify), SizeIs(1));
  // The names are compared once more, then all goes at once.
  EXPECT_THAT(plan.steps_of(plan::Phase::contract), SizeIs(2));
}

TEST_F(CompositionTest, TheStrongestLockIsTakenFirst) {
  const auto plan = planned(
      "  - add_column: {table: customers, column: a, type: text, up: name}\n"
      "  - alter_column: {table: orders, column: note, type: bytea}\n");
  const auto& locks = plan.steps_of(plan::Phase::switch_over).back()->locks;
  ASSERT_THAT(locks, SizeIs(2));
  EXPECT_EQ(locks[0].table.name.name(), "orders");
  EXPECT_EQ(locks[0].mode, plan::LockMode::access_exclusive);
  EXPECT_EQ(locks[1].mode, plan::LockMode::share_row_exclusive);
}

TEST_F(CompositionTest, AFillInPlaceKeepsRowsThatAnotherFillIsAfter) {
  const auto plan = planned(
      "  - set_not_null: {table: orders, column: note, up: status}\n"
      "  - add_column: {table: orders, column: a, type: text, up: status}\n");
  EXPECT_THAT(statements_of(plan, plan::Phase::backfill),
              AllOf(HasSubstr("SET \"note\" = CASE WHEN t.\"note\" IS NULL AND "
                              "(t.\"status\") IS NOT NULL THEN CAST("
                              "t.\"status\" AS text) ELSE t.\"note\" END"),
                    HasSubstr("\"a\" = t.\"status\"")));
}

TEST_F(CompositionTest, AFillInPlaceIsNotCutToItsLength) {
  column_in(catalog_, "orders", "status").not_null = false;
  const auto plan = planned(
      "  - set_not_null: {table: orders, column: status, up: note}\n"
      "  - add_column: {table: orders, column: a, type: text, up: note}\n");
  EXPECT_THAT(statements_of(plan, plan::Phase::backfill),
              HasSubstr("THEN CAST(t.\"note\" AS character varying) ELSE"));
}

TEST_F(CompositionTest, FillsOfOneConditionNeedNoCase) {
  const auto plan = planned(
      "  - backfill: {table: orders, where: note = 'a', set: {note: \"'b'\", "
      "status: \"'c'\"}}\n");
  EXPECT_THAT(statements_of(plan, plan::Phase::backfill),
              Not(HasSubstr("CASE")));
}

TEST_F(CompositionTest, AnIndexOverTwoMovedColumnsIsBuiltOnce) {
  const auto plan = planned(
      "  - alter_column: {table: orders, column: status, type: bytea}\n"
      "  - alter_column: {table: orders, column: created_at, type: date}\n");
  const auto built = statements_of(plan, plan::Phase::backfill);
  EXPECT_EQ(count(built, "\"pgexpand_new_orders_status_created_idx\""), 1U);
  EXPECT_THAT(built, HasSubstr("(\"pgexpand_new_status\", "
                               "\"pgexpand_new_created_at\" DESC)"));
}

TEST_F(CompositionTest, AnIndexOnARenamedColumnTooIsThereByBothNames) {
  const auto plan = planned(
      "  - alter_column: {table: orders, column: status, type: bytea}\n"
      "  - rename_column: {table: orders, from: created_at, to: born_at}\n");
  const auto built = statements_of(plan, plan::Phase::backfill);
  EXPECT_THAT(built,
              HasSubstr("\"pgexpand_new_orders_status_created_idx\" ON "
                        "\"public\".\"orders\" USING \"btree\" "
                        "(\"pgexpand_new_status\", \"created_at\" DESC)"));
  EXPECT_THAT(built, HasSubstr("\"pgexpand_also_orders_status_created_idx\" ON "
                               "\"public\".\"orders\" USING \"btree\" "
                               "(\"pgexpand_new_status\", \"born_at\" DESC)"));
  EXPECT_THAT(statements_of(plan, plan::Phase::switch_over),
              HasSubstr("ALTER INDEX "
                        "\"public\".\"pgexpand_new_orders_status_created_idx\" "
                        "RENAME TO"));
}

TEST_F(CompositionTest, AKeyAndItsReferenceMoveTogether) {
  for (const bool child_first : {false, true}) {
    const std::string child =
        "  - alter_column: {table: invoices, column: customer_id, type: "
        "bigint}\n";
    const std::string parent =
        "  - alter_column: {table: customers, column: id, type: bigint}\n";
    const auto plan = planned(child_first ? child + parent : parent + child);
    const auto text = statements_of(plan, plan::Phase::switch_over);
    EXPECT_EQ(count(text, "FOREIGN KEY"), 1U);
    EXPECT_THAT(
        text, HasSubstr("FOREIGN KEY (\"pgexpand_new_customer_id\") REFERENCES "
                        "\"public\".\"customers\" (\"pgexpand_new_id\") ON "
                        "DELETE CASCADE NOT VALID"));
    EXPECT_LT(text.find("DROP CONSTRAINT \"invoices_customer_id_fkey\""),
              text.find("DROP CONSTRAINT \"customers_pkey\""));
  }
}

TEST_F(CompositionTest, AKeyMustBeComparableWithWhatItRefersTo) {
  server_.cannot_refer_from("customer_id");
  for (const std::string side :
       {"{table: invoices, column: customer_id, type: text}",
        "{table: customers, column: id, type: text}"}) {
    EXPECT_FALSE(plan("  - alter_column: " + side + "\n"));
    EXPECT_THAT(codes(), ElementsAre("column.key-not-comparable")) << side;
  }
  EXPECT_TRUE(
      plan("  - rename_column: {table: customers, from: id, to: number}\n"));
}

TEST_F(CompositionTest, TheWayBackDropsTheReferenceBeforeItsKey) {
  const auto plan = planned(
      "  - alter_column: {table: invoices, column: customer_id, type: bigint}\n"
      "  - alter_column: {table: customers, column: id, type: bigint}\n");
  const auto undo = undo_of(plan, plan::Phase::switch_over);
  EXPECT_LT(undo.find("DROP CONSTRAINT \"invoices_customer_id_fkey\""),
            undo.find("DROP CONSTRAINT \"customers_pkey\""));
}

TEST_F(CompositionTest, AUniquePromiseIsBuiltBeforeWhatRefersToIt) {
  auto& customers = table_in(catalog_, "customers");
  add_key(customers, "customers_name_key", {"name"}, false);
  auto& orders = table_in(catalog_, "orders");
  add_foreign_key(orders, "orders_note_fkey", "note", customers, "name");
  const auto plan = planned(
      "  - alter_column: {table: orders, column: note, type: bytea}\n"
      "  - alter_column: {table: customers, column: name, type: bytea}\n");
  const auto text = statements_of(plan, plan::Phase::switch_over);
  EXPECT_LT(text.find("CREATE UNIQUE INDEX CONCURRENTLY "
                      "\"pgexpand_new_customers_name_key\""),
            text.find("FOREIGN KEY"));
}

TEST_F(CompositionTest, ANewReferenceFollowsAMovedKey) {
  const auto plan = planned(
      "  - alter_column: {table: customers, column: id, type: bigint}\n"
      "  - add_column: {table: orders, column: buyer, type: bigint, up: "
      "customer_id, references: {table: customers}}\n");
  EXPECT_THAT(statements_of(plan, plan::Phase::switch_over),
              HasSubstr("FOREIGN KEY (\"buyer\") REFERENCES "
                        "\"public\".\"customers\" (\"pgexpand_new_id\")"));
  const auto undo = undo_of(plan, plan::Phase::switch_over);
  EXPECT_LT(undo.find("DROP CONSTRAINT IF EXISTS \"orders_buyer_fkey\""),
            undo.find("DROP CONSTRAINT \"customers_pkey\""));
}

TEST_F(CompositionTest, AnUpReadsTheOldColumnAlsoAfterTheSwap) {
  const auto plan = planned(
      "  - alter_column: {table: orders, column: status, type: bytea}\n"
      "  - add_column: {table: orders, column: a, type: text, up: status}\n");
  EXPECT_THAT(statements_of(plan, plan::Phase::expand),
              HasSubstr("NEW.\"a\" := NEW.\"status\";"));
  EXPECT_THAT(statements_of(plan, plan::Phase::switch_over),
              AllOf(HasSubstr("NEW.\"a\" := NEW.\"pgexpand_old_status\";"),
                    Not(HasSubstr("NEW.\"a\" := NEW.\"status\";"))));
}

TEST_F(CompositionTest, ADownReadsTheOtherNewColumns) {
  const auto plan = planned(
      "  - alter_column: {table: orders, column: status, type: bytea, down: "
      "\"f(status, note)\"}\n"
      "  - alter_column: {table: orders, column: note, type: bytea}\n");
  EXPECT_THAT(statements_of(plan, plan::Phase::verify),
              HasSubstr("f(t.\"pgexpand_new_status\", "
                        "t.\"pgexpand_new_note\")"));
  EXPECT_THAT(statements_of(plan, plan::Phase::switch_over),
              HasSubstr(":= f(NEW.\"status\", NEW.\"note\");"));
}

TEST_F(CompositionTest, WhatGoesWithADroppedColumnIsNotCarried) {
  const auto plan = planned(
      "  - drop_column: {table: orders, column: created_at}\n"
      "  - alter_column: {table: orders, column: status, type: bytea, allow:"
      " [column_order]}\n");
  EXPECT_THAT(codes(), ElementsAre("column.takes-along"));
  EXPECT_THAT(statements_of(plan, plan::Phase::backfill),
              Not(HasSubstr("status_created_idx")));
}

TEST_F(CompositionTest, StatisticsOnOneExpressionHaveNoKinds) {
  table_in(catalog_, "orders").statistics = {
      {.name = {sql::Identifier("public"), sql::Identifier("st")},
       .expressions = {sql::Expression{"lower(note)"}},
       .reads = {sql::Identifier("note")}}};
  const auto plan =
      planned("  - alter_column: {table: orders, column: note, type: bytea}\n");
  EXPECT_THAT(statements_of(plan, plan::Phase::expand),
              HasSubstr("CREATE STATISTICS \"public\".\"pgexpand_new_st\" ON "
                        "(lower(\"pgexpand_new_note\")) FROM"));
}

}  // namespace
}  // namespace pgexpand::ops
