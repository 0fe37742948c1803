// Operations of one file see what the others make, whatever their order.
#include "ops/operation_test.hpp"

#include <fmt/format.h>

namespace pgexpand::ops {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class OneFileTest : public OperationTest {
 protected:
  OneFileTest() : OperationTest("add_column") { take_names(catalog_); }

  /// The plan of two operations, which is the same in both orders.
  plan::Plan planned(const std::string& one, const std::string& other) {
    const auto first = plan("  - " + one + "\n  - " + other + "\n");
    EXPECT_TRUE(first) << testing::PrintToString(codes());
    const auto second = plan("  - " + other + "\n  - " + one + "\n");
    EXPECT_TRUE(second) << testing::PrintToString(codes());
    EXPECT_EQ(
        statements_of(first.value_or(plan::Plan{}), plan::Phase::switch_over),
        statements_of(second.value_or(plan::Plan{}), plan::Phase::switch_over));
    return first.value_or(plan::Plan{});
  }

  /// The codes that both orders give.
  std::vector<std::string> codes_of_both(const std::string& one,
                                         const std::string& other) {
    EXPECT_FALSE(plan("  - " + other + "\n  - " + one + "\n"));
    const auto found = codes();
    EXPECT_FALSE(plan("  - " + one + "\n  - " + other + "\n"));
    EXPECT_EQ(codes(), found);
    return found;
  }
};

constexpr const char* add =
    "add_column: {table: orders, column: a, type: text}";
constexpr const char* rename =
    "rename_column: {table: orders, from: note, to: remark}";

TEST_F(OneFileTest, AnAddedColumnIsNotNull) {
  const auto plan =
      planned(add, "set_not_null: {table: orders, column: a, up: status}");
  EXPECT_THAT(statements_of(plan, plan::Phase::backfill),
              HasSubstr("SET \"a\" = t.\"status\" WHERE"));
  EXPECT_THAT(statements_of(plan, plan::Phase::switch_over),
              HasSubstr("ALTER COLUMN \"a\" SET NOT NULL"));
}

TEST_F(OneFileTest, AnAddedColumnIsFilledInPlace) {
  const auto plan = planned(add, "backfill: {table: orders, set: {a: status}}");
  EXPECT_THAT(statements_of(plan, plan::Phase::backfill),
              HasSubstr("SET \"a\" = t.\"status\""));
}

TEST_F(OneFileTest, AnAddedColumnHasItsCheckAndIndexFromOthers) {
  EXPECT_THAT(
      statements_of(
          planned(add,
                  "alter_column: {table: orders, column: a, check: {name: c, "
                  "expression: \"a <> ''\"}}"),
          plan::Phase::switch_over),
      HasSubstr("ADD CONSTRAINT \"c\" CHECK (a <> '')"));
  EXPECT_THAT(
      statements_of(planned(add, "create_index: {table: orders, columns: [a]}"),
                    plan::Phase::backfill),
      HasSubstr("\"orders_a_idx\" ON \"public\".\"orders\" USING "
                "\"btree\" (\"a\")"));
}

TEST_F(OneFileTest, ARenamedColumnIsMeantByEitherName) {
  for (const std::string name : {"note", "remark"}) {
    EXPECT_THAT(
        statements_of(
            planned(rename, fmt::format("set_not_null: {{table: orders, "
                                        "column: {}}}",
                                        name)),
            plan::Phase::switch_over),
        HasSubstr("ALTER COLUMN \"note\" SET NOT NULL"));
    EXPECT_THAT(
        statements_of(
            planned(rename,
                    fmt::format("alter_column: {{table: orders, column: {}, "
                                "check: {{name: c, expression: \"remark <> "
                                "''\"}}}}",
                                name)),
            plan::Phase::switch_over),
        HasSubstr("CHECK (\"note\" <> '')"));
  }
}

TEST_F(OneFileTest, InViewsARenamedColumnIsMeantByEitherNameToo) {
  versions_.views = true;
  for (const std::string name : {"note", "remark"}) {
    const auto plan = planned(
        rename, fmt::format("alter_column: {{table: orders, column: {}, "
                            "default: \"'x'\"}}",
                            name));
    EXPECT_THAT(statements_of(plan, plan::Phase::contract),
                HasSubstr("ALTER COLUMN \"note\" SET DEFAULT"));
  }
}

TEST_F(OneFileTest, WhatAnotherOperationAddsIsNotDroppedOrMoved) {
  for (const std::string other :
       {"drop_column: {table: orders, column: a}",
        "rename_column: {table: orders, from: a, to: b}",
        "alter_column: {table: orders, column: a, type: integer}",
        "alter_column: {table: orders, column: a, comment: x}",
        "drop_not_null: {table: orders, column: a}"}) {
    EXPECT_THAT(codes_of_both(add, other), ElementsAre("column.moved-twice"))
        << other;
  }
  EXPECT_THAT(
      codes_of_both("create_index: {table: orders, name: i, columns: [note]}",
                    "drop_index: {index: i}"),
      ElementsAre("operation.conflict"));
}

TEST_F(OneFileTest, AnIndexIsReplacedOnce) {
  const std::string drop = "  - drop_index: {index: orders_created_idx}\n";
  const auto create = [](const std::string& column) {
    return "  - create_index: {table: orders, name: orders_created_idx, "
           "columns: [" +
           column + "]}\n";
  };
  EXPECT_TRUE(plan(drop + create("note")));
  EXPECT_TRUE(plan(create("note") + drop));
  EXPECT_FALSE(plan(drop + create("note") + create("status")));
  EXPECT_THAT(codes(), ElementsAre("operation.repeated"));
}

TEST_F(OneFileTest, AnotherTypeAndAnotherNameAreOneChange) {
  const std::string retype =
      "alter_column: {table: orders, column: note, type: json}";
  const auto plan = planned(rename, retype);
  const auto expand = statements_of(plan, plan::Phase::expand);
  EXPECT_THAT(expand, HasSubstr("ADD COLUMN \"remark\" json"));
  EXPECT_THAT(expand, Not(HasSubstr("pgexpand_new_note")));
  EXPECT_THAT(statements_of(plan, plan::Phase::contract),
              HasSubstr("DROP COLUMN \"note\""));
  EXPECT_FALSE(plan.is_visible());
  versions_.views = true;
  EXPECT_THAT(statements_of(planned(retype, rename), plan::Phase::contract),
              HasSubstr("RENAME COLUMN \"pgexpand_new_note\" TO \"remark\""));
}

TEST_F(OneFileTest, AColumnThatGoesIsNotChanged) {
  column_in(catalog_, "orders", "customer_id").default_value =
      sql::Expression{"0"};
  const std::string drop = "drop_column: {table: orders, column: customer_id}";
  for (const std::string other :
       {"alter_column: {table: orders, column: customer_id, default: '1'}",
        "alter_column: {table: orders, column: customer_id, comment: x}",
        "drop_not_null: {table: orders, column: customer_id}",
        "backfill: {table: orders, set: {customer_id: '1'}}"}) {
    EXPECT_THAT(codes_of_both(drop, other), Contains("operation.conflict"))
        << other;
  }
  EXPECT_EQ(findings_.all().back().message,
            "column customer_id of public.orders is dropped by one operation "
            "of this migration and changed by another");
}

TEST_F(OneFileTest, ADroppedColumnMayFillAnother) {
  column_in(catalog_, "orders", "note").default_value = sql::Expression{"''"};
  planned("drop_column: {table: orders, column: note}",
          "add_column: {table: orders, column: a, type: text, up: note}");
}

TEST_F(OneFileTest, OneThingOfAColumnIsChangedOnce) {
  const std::string alter = "alter_column: {table: orders, column: status, ";
  for (const std::string what : {"default: \"'a'\"}", "comment: x}",
                                 "nullable: true}", "type: varchar(50)}"}) {
    EXPECT_THAT(codes_of_both(alter + what, alter + what),
                Contains("operation.repeated"))
        << what;
  }
  EXPECT_THAT(codes_of_both("drop_index: {index: orders_created_idx}",
                            "drop_index: {index: orders_created_idx}"),
              ElementsAre("operation.repeated"));
}

TEST_F(OneFileTest, AnAddedColumnIsFilledOnceAndNotNullOnce) {
  EXPECT_THAT(
      codes_of_both(
          "add_column: {table: orders, column: a, type: text, up: status}",
          "set_not_null: {table: orders, column: a, up: status}"),
      ElementsAre("operation.repeated"));
  EXPECT_THAT(
      codes_of_both("add_column: {table: orders, column: a, type: text, "
                    "default: \"''\", nullable: false}",
                    "set_not_null: {table: orders, column: a}"),
      ElementsAre("operation.repeated"));
}

TEST_F(OneFileTest, WhatAnExpressionReadsIsTouched) {
  const auto columns = [&](const std::string& operation) {
    const auto found = plan("  - " + operation + "\n");
    EXPECT_TRUE(found) << testing::PrintToString(codes());
    std::vector<std::string> names;
    for (const auto& column : found->tables.at(0).columns) {
      names.push_back(column.name());
    }
    return names;
  };
  EXPECT_THAT(columns("set_not_null: {table: orders, column: note, up: "
                      "status}"),
              ElementsAre("note", "status"));
  EXPECT_THAT(columns("backfill: {table: orders, set: {note: status}, where: "
                      "total_cents > 0}"),
              ElementsAre("note", "status", "total_cents"));
  EXPECT_THAT(columns("drop_column: {table: orders, column: status, down: "
                      "note}"),
              ElementsAre("note", "status"));
  EXPECT_THAT(columns("drop_not_null: {table: orders, column: status, down: "
                      "note}"),
              ElementsAre("note", "status"));
  EXPECT_THAT(columns("create_index: {table: orders, columns: [note], where: "
                      "total_cents > 0}"),
              ElementsAre("note", "total_cents"));
}

TEST_F(OneFileTest, AMissingColumnIsMissingStill) {
  for (const std::string operation :
       {"set_not_null: {table: orders, column: nope}",
        "backfill: {table: orders, set: {nope: '1'}}",
        "alter_column: {table: orders, column: nope, comment: x}",
        "rename_column: {table: orders, from: nope, to: b}",
        "drop_column: {table: orders, column: nope}",
        "drop_not_null: {table: orders, column: nope}"}) {
    EXPECT_FALSE(plan("  - " + operation + "\n"));
    EXPECT_THAT(codes(), ElementsAre("catalog.unknown-column")) << operation;
  }
}

}  // namespace
}  // namespace pgexpand::ops
