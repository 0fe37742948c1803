// What a plan says it leaves, and the next file planned on that.
#include "ops/operation_test.hpp"
#include "pgexpand/catalog/change_json.hpp"

namespace pgexpand::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class NextFileTest : public OperationTest {
 protected:
  NextFileTest() : OperationTest("add_column") { take_names(catalog_); }

  /// Plans a file, and makes the catalog what it leaves.
  void settle(const std::string& operations) {
    const auto planned = plan(operations);
    ASSERT_TRUE(planned) << testing::PrintToString(codes());
    const auto changes = catalog::changes_from_json(planned->leaves);
    ASSERT_TRUE(changes) << planned->leaves;
    catalog_ = catalog::after(std::move(catalog_), *changes);
  }
  std::string next(const std::string& operations, plan::Phase phase) {
    const auto planned = plan(operations);
    EXPECT_TRUE(planned) << testing::PrintToString(codes());
    return planned ? statements_of(*planned, phase) : "";
  }
};

TEST_F(NextFileTest, AnAddedColumnIsWhatItWillBe) {
  settle(
      "  - add_column: {table: orders, column: a, type: integer, default: "
      "'1', nullable: false, comment: c, check: {name: k, expression: a > 0}, "
      "unique: {}}\n");
  const auto& column = column_in(catalog_, "orders", "a");
  EXPECT_EQ(column.type.name.text, "integer");
  EXPECT_NE(column.type.oid, 0U);
  EXPECT_EQ(column.default_value->text, "1");
  EXPECT_TRUE(column.not_null);
  EXPECT_EQ(column.comment, "c");
  EXPECT_NE(orders().constraint(sql::Identifier("k")), nullptr);
  const auto* unique = orders().constraint(sql::Identifier("orders_a_key"));
  ASSERT_NE(unique, nullptr);
  EXPECT_EQ(unique->kind, catalog::ConstraintKind::unique);
  EXPECT_TRUE(orders().index(sql::Identifier("orders_a_key"))->is_unique);
  EXPECT_THAT(
      next("  - alter_column: {table: orders, column: a, type: bigint}\n",
           plan::Phase::backfill),
      HasSubstr("\"pgexpand_new_orders_a_key\""));
}

TEST_F(NextFileTest, ARenamedColumnTakesItsIndexesAlong) {
  settle("  - rename_column: {table: orders, from: status, to: state}\n");
  EXPECT_THAT(next("  - alter_column: {table: orders, column: state, type: "
                   "bytea}\n",
                   plan::Phase::backfill),
              HasSubstr("(\"pgexpand_new_state\", \"created_at\" DESC)"));
  EXPECT_FALSE(plan("  - drop_column: {table: orders, column: status}\n"));
  EXPECT_THAT(codes(), ElementsAre("catalog.unknown-column"));
}

TEST_F(NextFileTest, NamesAreTakenAndFreed) {
  settle("  - create_index: {table: orders, columns: [note]}\n");
  EXPECT_THAT(next("  - create_index: {table: orders, columns: [note]}\n",
                   plan::Phase::backfill),
              HasSubstr("\"orders_note_idx1\""));
  settle("  - drop_index: {index: orders_note_idx}\n");
  EXPECT_THAT(next("  - create_index: {table: orders, columns: [note]}\n",
                   plan::Phase::backfill),
              HasSubstr("\"orders_note_idx\" ON"));
}

TEST_F(NextFileTest, NullabilityAndDefaultsStay) {
  settle(
      "  - set_not_null: {table: orders, column: note}\n"
      "  - alter_column: {table: orders, column: total_cents, nullable: true, "
      "default: '7'}\n");
  EXPECT_TRUE(column("note").not_null);
  EXPECT_FALSE(column("total_cents").not_null);
  EXPECT_EQ(column("total_cents").default_value->text, "7");
  EXPECT_TRUE(plan("  - set_not_null: {table: orders, column: note}\n"));
  EXPECT_THAT(codes(), ElementsAre("column.already-not-null"));
}

TEST_F(NextFileTest, WhatIsProjectedIsNotTriedOnRows) {
  settle("  - rename_column: {table: orders, from: note, to: remark}\n");
  const auto spec = spec::parse(
      "operations:\n  - set_not_null: {table: orders, column: remark, up: "
      "remark}\n",
      "m.yaml", findings_);
  planner::Drafting drafting(*spec, "pgexpand", findings_);
  const auto probes = drafting.probes(catalog_, findings_);
  for (const auto& column : probes.expressions.begin()->second.columns) {
    EXPECT_EQ(column.stored_as.has_value(),
              column.name != sql::Identifier("remark"))
        << column.name.name();
  }
}

TEST_F(NextFileTest, APublishedVersionForbidsThePlainWay) {
  versions_.views = true;
  settle("  - rename_column: {table: orders, from: note, to: remark}\n");
  versions_.views = false;
  EXPECT_FALSE(plan("  - drop_column: {table: orders, column: remark}\n"));
  EXPECT_THAT(codes(), ElementsAre("versions.published"));
}

}  // namespace
}  // namespace pgexpand::ops
