#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Two operations that both make what there can be only one of.
class RepeatsTest : public OperationTest {
 protected:
  RepeatsTest() : OperationTest("add_column") {
    take_names(catalog_);
    column_in(catalog_, "orders", "status").not_null = false;
  }

  /// The codes, after a plan of two operations; the second is at line 3.
  std::vector<std::string> codes_of_both(const std::string& first,
                                         const std::string& second) {
    static_cast<void>(plan("  - " + first + "\n  - " + second + "\n"));
    for (const auto& finding : findings_.all()) {
      EXPECT_EQ(finding.where.line, 3) << finding.message;
    }
    return codes();
  }
};

TEST_F(RepeatsTest, TwoIndexesCannotHaveOneName) {
  EXPECT_THAT(
      codes_of_both("create_index: {table: orders, name: a, columns: [note]}",
                    "create_index: {table: orders, name: a, columns: [id]}"),
      ElementsAre("operation.repeated"));
  EXPECT_EQ(findings_.all()[0].message,
            "index public.a comes from two operations of this migration");
}

TEST_F(RepeatsTest, AnIndexCannotHaveTheNameOfARelation) {
  EXPECT_THAT(codes_of("{table: orders, column: a, type: text, unique: {name: "
                       "orders_pkey}}"),
              ElementsAre("catalog.name-taken"));
  EXPECT_FALSE(
      plan("  - create_index: {table: orders, name: orders, columns: "
           "[note]}\n"));
  EXPECT_THAT(codes(), ElementsAre("catalog.name-taken"));
}

TEST_F(RepeatsTest, IndexesWithoutANameGetDifferentOnes) {
  const auto planned = plan(
      "  - create_index: {table: orders, columns: [note]}\n"
      "  - create_index: {table: orders, columns: [note], where: note "
      "<> ''}\n");
  ASSERT_TRUE(planned);
  EXPECT_THAT(statements_of(*planned, plan::Phase::backfill),
              AllOf(HasSubstr("\"orders_note_idx\""),
                    HasSubstr("\"orders_note_idx1\"")));
}

TEST_F(RepeatsTest, NullIsForbiddenOnce) {
  EXPECT_THAT(codes_of_both("set_not_null: {table: orders, column: note}",
                            "set_not_null: {table: orders, column: note}"),
              ElementsAre("operation.repeated"));
  EXPECT_EQ(findings_.all()[0].message,
            "NOT NULL of column note of public.orders comes from two "
            "operations of this migration");
  EXPECT_THAT(
      codes_of_both(
          "alter_column: {table: orders, column: note, nullable: false}",
          "set_not_null: {table: orders, column: note}"),
      ElementsAre("operation.repeated"));
}

TEST_F(RepeatsTest, AColumnIsFilledOnce) {
  EXPECT_THAT(codes_of_both("backfill: {table: orders, set: {note: \"'a'\"}, "
                            "where: note = 'b'}",
                            "backfill: {table: orders, set: {note: \"'c'\"}, "
                            "where: note = 'd'}"),
              ElementsAre("operation.repeated"));
  EXPECT_THAT(
      codes_of_both(
          "backfill: {table: orders, set: {note: \"'a'\"}, where: note = 'b'}",
          "set_not_null: {table: orders, column: note, up: status}"),
      ElementsAre("operation.repeated"));
}

TEST_F(RepeatsTest, AColumnIsAddedOnce) {
  EXPECT_THAT(
      codes_of_both("add_column: {table: orders, column: a, type: text}",
                    "add_column: {table: orders, column: a, type: integer}"),
      ElementsAre("catalog.column-exists"));
}

TEST_F(RepeatsTest, ChecksOfOneTableHaveDifferentNames) {
  const std::string first =
      "alter_column: {table: orders, column: note, check: {name: c, "
      "expression: \"note <> ''\"}}";
  EXPECT_THAT(
      codes_of_both(first,
                    "add_column: {table: orders, column: a, type: text, check: "
                    "{name: c, expression: \"a <> ''\"}}"),
      ElementsAre("operation.repeated"));
  add_check(orders(), "c", {"note"}, "(note <> '')");
  EXPECT_THAT(
      codes_of("{table: orders, column: a, type: text, check: {name: c, "
               "expression: \"a <> ''\"}}"),
      ElementsAre("catalog.name-taken"));
}

TEST_F(RepeatsTest, DifferentThingsOfOneColumnGoTogether) {
  EXPECT_THAT(
      codes_of_both("alter_column: {table: orders, column: note, type: bytea, "
                    "allow: [column_order]}",
                    "create_index: {table: orders, columns: [note]}"),
      IsEmpty());
  EXPECT_THAT(
      codes_of_both("set_not_null: {table: orders, column: note, up: status}",
                    "create_index: {table: orders, columns: [note, status]}"),
      IsEmpty());
  EXPECT_THAT(
      codes_of_both(
          "set_not_null: {table: orders, column: note}",
          "alter_column: {table: orders, column: note, default: \"''\"}"),
      IsEmpty());
}

}  // namespace
}  // namespace pgexpand::ops
