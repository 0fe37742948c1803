#include "ops/operation_test.hpp"

#include <utility>

namespace pgexpand::ops {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// What every operation that takes an expression finds in it.
class ExpressionFindingsTest : public OperationTest {
 protected:
  ExpressionFindingsTest() : OperationTest("add_column") {}

  std::vector<std::string> codes_of_up(FakeServer::Bend bend,
                                       const std::string& allow = "") {
    server_.when_asked("f(note)", std::move(bend));
    return codes_of("{table: orders, column: a, type: text, up: f(note)" +
                    allow + "}");
  }
};

TEST_F(ExpressionFindingsTest, ASyntaxErrorIsFoundBeforeTheServerIsAsked) {
  EXPECT_THAT(codes_of("{table: orders, column: a, type: text, up: note +}"),
              ElementsAre("sql.syntax"));
  EXPECT_EQ(findings_.all()[0].where.line, 2);
}

TEST_F(ExpressionFindingsTest, ASubqueryIsRefused) {
  const std::string fields =
      "{table: orders, column: a, type: text, up: (select 1)";
  EXPECT_THAT(codes_of(fields + "}"), ElementsAre("sql.subquery"));
  EXPECT_THAT(codes_of(fields + ", allow: [subquery]}"),
              ElementsAre("spec.subquery-unsupported", "sql.subquery"));
}

TEST_F(ExpressionFindingsTest, AnUnknownExceptionIsFound) {
  EXPECT_THAT(
      codes_of("{table: orders, column: a, type: text, allow: [everything]}"),
      ElementsAre("spec.unknown-exception"));
}

TEST_F(ExpressionFindingsTest, WhatTheServerRefusesIsPassedOn) {
  EXPECT_THAT(codes_of_up([](auto& answer) {
                answer.finding = Diagnostic{.code = "expression.rejected"};
              }),
              ElementsAre("expression.rejected"));
}

TEST_F(ExpressionFindingsTest, ItIsOneValueOfOneRow) {
  EXPECT_THAT(codes_of_up([](auto& answer) { answer.has_aggregate = true; }),
              ElementsAre("expression.aggregate"));
  EXPECT_THAT(codes_of_up([](auto& answer) { answer.has_window = true; }),
              ElementsAre("expression.window"));
  EXPECT_THAT(codes_of_up([](auto& answer) { answer.has_set = true; }),
              ElementsAre("expression.set-returning"));
}

TEST_F(ExpressionFindingsTest, TheWholeRowCannotBeRead) {
  EXPECT_THAT(
      codes_of_up([](auto& answer) { answer.deparsed = {"f(orders.*)"}; }),
      ElementsAre("sql.star"));
}

TEST_F(ExpressionFindingsTest, ItGivesTheSameValueWhoeverComputesIt) {
  using catalog::Stability;
  for (const auto stability :
       {Stability::session, Stability::reads_tables, Stability::is_volatile}) {
    const auto bend = [&](auto& answer) { answer.stability = stability; };
    EXPECT_THAT(codes_of_up(bend), ElementsAre("expression.not-deterministic"));
    EXPECT_THAT(codes_of_up(bend, ", allow: [volatile]"), IsEmpty());
  }
}

TEST_F(ExpressionFindingsTest, TheColumnMustTakeItsType) {
  EXPECT_THAT(codes_of_up([](auto& answer) { answer.assignable = false; }),
              ElementsAre("expression.not-assignable"));
}

TEST_F(ExpressionFindingsTest, ARowItFailsOnIsAHazard) {
  const auto planned_codes = codes_of_up([](auto& answer) {
    answer.failed_rows = 3;
    answer.failed_sqlstate = "22P02";
  });
  EXPECT_THAT(planned_codes, ElementsAre("expression.fails-on-some-rows"));
  EXPECT_FALSE(findings_.blocks());
}

TEST_F(ExpressionFindingsTest, FailingOnEveryRowIsARefusal) {
  EXPECT_THAT(codes_of_up([](auto& answer) {
                answer.failed_rows = answer.sampled_rows;
              }),
              ElementsAre("expression.fails-on-every-row"));
  EXPECT_TRUE(findings_.has_refusals());
}

TEST_F(ExpressionFindingsTest, AGeneratedColumnIsNotThereYetInATrigger) {
  column("note").generated = sql::Expression{"status || 'x'"};
  EXPECT_THAT(codes_of_up([](auto&) {}),
              ElementsAre("expression.generated-column"));
  EXPECT_EQ(findings_.all()[0].hint,
            "write what it is generated from: status || 'x'");
}

TEST_F(ExpressionFindingsTest, AnUnknownOperationHasANeighbour) {
  EXPECT_FALSE(plan("  - ad_column: {table: orders}\n"));
  EXPECT_THAT(codes(), ElementsAre("spec.unknown-operation"));
  EXPECT_EQ(findings_.all()[0].hint, "did you mean add_column?");
}

}  // namespace
}  // namespace pgexpand::ops
