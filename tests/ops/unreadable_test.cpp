#include "ops/operation_test.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>

namespace pgexpand::ops {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// No grammar has it yet.
constexpr const char* newer = "(note IS YAML)";

std::string grammar() {
  return fmt::format("grammar of PostgreSQL {}", sql::grammar_version());
}

/// Objects of a server whose syntax our grammar does not know.
class UnreadableObjectTest : public OperationTest {
 protected:
  UnreadableObjectTest() : OperationTest("rename_column") {
    orders().indexes.clear();
    orders().constraints.clear();
  }

  catalog::Index& add_index() {
    orders().indexes.push_back(make_index("its_name", {"note"}));
    take_names(catalog_);
    return orders().indexes.back();
  }
  void expect_refused(const std::string& operation, const std::string& object) {
    ASSERT_THAT(codes_after(operation),
                ElementsAre("column.unreadable-object"));
    EXPECT_TRUE(findings_.has_refusals());
    EXPECT_THAT(findings_.all()[0].message,
                HasSubstr(object + " of public.orders cannot be built again"));
    EXPECT_THAT(findings_.all()[0].message, HasSubstr(grammar()));
    EXPECT_THAT(findings_.all()[0].message, HasSubstr(newer));
  }
  /// All that is on the column is built again.
  static constexpr const char* retype =
      "alter_column: {table: orders, column: note, type: bytea, allow:"
      " [column_order]}";
  std::vector<std::string> codes_after(const std::string& operation) {
    (void)plan("  - " + operation + "\n");
    return codes();
  }
};

TEST_F(UnreadableObjectTest, AnIndexIsRefusedByNameAndNotLeftOut) {
  add_index().keys[0] = {.expression = sql::Expression{newer}};
  expect_refused(retype, "index its_name");
}

TEST_F(UnreadableObjectTest, ASecondNameNeedsTheIndexesAlone) {
  add_check(orders(), "its_check", {"note"}, newer);
  const std::string rename =
      "rename_column: {table: orders, from: note, to: memo}";
  EXPECT_THAT(codes_after(rename), ElementsAre());
  add_index().keys[0] = {.expression = sql::Expression{newer}};
  expect_refused(rename, "index its_name");
}

TEST_F(UnreadableObjectTest, SoIsAPredicateBesideThePlainKeyThatMoves) {
  add_index().predicate = {newer};
  expect_refused(retype, "index its_name");
}

TEST_F(UnreadableObjectTest, SoAreStatistics) {
  orders().statistics = {
      {.name = {sql::Identifier("public"), sql::Identifier("its_name")},
       .expressions = {sql::Expression{newer}},
       .reads = {sql::Identifier("note")}}};
  expect_refused(retype, "statistics its_name");
}

TEST_F(UnreadableObjectTest, SoIsACheck) {
  add_check(orders(), "its_name", {"note"}, newer);
  expect_refused(retype, "check its_name");
}

TEST_F(UnreadableObjectTest, AWordThatIsNoColumnIsANewersKeyword) {
  add_check(orders(), "its_name", {"note"}, "((note = PRESENT_USER))");
  EXPECT_THAT(codes_after(retype), ElementsAre("column.unreadable-object"));
}

TEST_F(UnreadableObjectTest, WhatReadsOtherColumnsIsLeftAlone) {
  auto& index = add_index();
  index.predicate = {"(status IS YAML)"};
  index.keys[0].column = sql::Identifier("status");
  index.reads = {sql::Identifier("status")};
  EXPECT_THAT(codes_after(retype), ElementsAre());
}

TEST_F(UnreadableObjectTest, WhatGoesWithADroppedColumnIsNamed) {
  add_index().predicate = {newer};
  orders().statistics = {
      {.name = {sql::Identifier("public"), sql::Identifier("its_statistics")},
       .expressions = {sql::Expression{newer}},
       .reads = {sql::Identifier("note")}}};
  ASSERT_TRUE(plan("  - drop_column: {table: orders, column: note}\n"));
  EXPECT_THAT(codes(), ElementsAre("column.takes-along"));
  EXPECT_THAT(findings_.all()[0].message, HasSubstr("index its_name"));
  EXPECT_THAT(findings_.all()[0].message, HasSubstr("statistics its_stat"));
}

TEST_F(UnreadableObjectTest, ATypeIsNotChangedInPlaceUnderIt) {
  auto& index = add_index();
  index.predicate = {newer};
  index.reads.emplace_back("status");
  EXPECT_FALSE(plan(
      "  - alter_column: {table: orders, column: status, type: varchar(50)}"
      "\n"));
  EXPECT_THAT(codes(), Contains("column.unreadable-object"));
}

/// What the user writes, or the server makes of it.
class NewerTextTest : public OperationTest {
 protected:
  NewerTextTest() : OperationTest("add_column") {}

  std::string sent(const std::string& operations, plan::Phase phase) {
    const auto planned = plan(operations);
    EXPECT_TRUE(planned) << testing::PrintToString(codes());
    return planned ? statements_of(*planned, phase) : std::string{};
  }
};

TEST_F(NewerTextTest, AnUpMustBeReadByUs) {
  EXPECT_THAT(
      codes_of("{table: orders, column: a, type: text, up: note IS YAML}"),
      ElementsAre("sql.syntax"));
  EXPECT_TRUE(findings_.has_errors());
  EXPECT_THAT(findings_.all()[0].hint, HasSubstr(grammar()));
}

TEST_F(NewerTextTest, AnUpThatTheServerWritesInNewerSyntaxIsRefused) {
  for (const char* text :
       {"YAML(orders.note KEEP text)", "(orders.note || PRESENT_USER)"}) {
    server_.when_asked("f(note)", [&](catalog::ExpressionAnswer& answer) {
      answer.deparsed = {text};
    });
    EXPECT_THAT(codes_of("{table: orders, column: a, type: text, up: f(note)}"),
                ElementsAre("sql.unreadable"));
    EXPECT_TRUE(findings_.has_errors());
    EXPECT_THAT(findings_.all()[0].message, HasSubstr(text));
    EXPECT_THAT(findings_.all()[0].message, HasSubstr(grammar()));
  }
}

TEST_F(NewerTextTest, ADefaultBesideAnUpIsPartOfTheTrigger) {
  const std::string fields =
      "{table: orders, column: a, type: text, default: yaml(1 KEEP text)";
  EXPECT_THAT(codes_of(fields + ", up: note}"), ElementsAre("sql.syntax"));
  EXPECT_TRUE(findings_.has_errors());
  EXPECT_THAT(codes_of(fields + "}"),
              ElementsAre("sql.syntax", "column.default-may-fail"));
  EXPECT_FALSE(findings_.blocks());
}

TEST_F(NewerTextTest, WhatGoesIntoDdlIsLeftToTheServer) {
  server_.when_asked("note IS YAML", [](catalog::ExpressionAnswer& answer) {
    answer.deparsed = {"(orders.note IS YAML)"};
  });
  EXPECT_THAT(sent("  - create_index: {table: orders, columns: [{expression: "
                   "note IS YAML}], where: note IS YAML}\n",
                   plan::Phase::switch_over),
              HasSubstr("((note IS YAML)) WHERE (note IS YAML)"));
  EXPECT_THAT(codes(), ElementsAre("sql.syntax", "sql.syntax"));
  EXPECT_THAT(sent("  - add_column: {table: orders, column: a, type: text, "
                   "check: {expression: note IS YAML}}\n",
                   plan::Phase::switch_over),
              HasSubstr("CHECK (note IS YAML)"));
}

TEST_F(NewerTextTest, ANewersKeywordStaysAsItIs) {
  server_.when_asked("f(note)", [](catalog::ExpressionAnswer& answer) {
    answer.deparsed = {"(orders.note = PRESENT_USER)"};
  });
  EXPECT_THAT(sent("  - add_column: {table: orders, column: a, type: text, "
                   "check: {expression: f(note)}}\n",
                   plan::Phase::switch_over),
              HasSubstr("CHECK (f(note))"));
}

TEST_F(NewerTextTest, ButNotWhereColumnsHaveOtherNamesUntilContract) {
  EXPECT_FALSE(
      plan("  - rename_column: {table: orders, from: status, to: state}\n"
           "  - create_index: {table: orders, columns: [{expression: "
           "note IS YAML}]}\n"));
  EXPECT_THAT(codes(), ElementsAre("sql.syntax", "sql.unreadable"));
}

TEST_F(NewerTextTest, AnIndexWeCannotReadTouchesEveryColumn) {
  const auto planned = plan(
      "  - create_index: {table: orders, columns: [{expression: note IS "
      "YAML}]}\n");
  ASSERT_TRUE(planned);
  EXPECT_EQ(planned->tables.at(0).columns.size(), orders().columns.size());
}

}  // namespace
}  // namespace pgexpand::ops
