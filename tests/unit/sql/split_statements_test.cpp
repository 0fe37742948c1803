#include "pgexpand/sql/parser.hpp"

#include <gmock/gmock.h>

namespace pgexpand::sql {
namespace {

using testing::ElementsAre;

std::vector<std::string> texts(std::string_view text) {
  std::vector<std::string> result;
  const auto outcome = split_statements(text);
  if (const auto* statements = std::get_if<std::vector<Statement>>(&outcome)) {
    for (const Statement& statement : *statements) {
      result.push_back(statement.text());
    }
  }
  return result;
}

std::string code_of(std::string_view text) {
  const auto outcome = split_statements(text);
  const auto* finding = std::get_if<SyntaxFinding>(&outcome);
  return finding == nullptr ? "" : finding->code;
}

TEST(SplitStatements, EveryStatementStandsAlone) {
  EXPECT_THAT(texts("SELECT 1;\n  SELECT 'ä;b' ;;\nSELECT 3"),
              ElementsAre("SELECT 1", "SELECT 'ä;b'", "SELECT 3"));
}

TEST(SplitStatements, ABodyIsNotSplit) {
  const std::string function =
      "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; "
      "END $$";
  EXPECT_THAT(texts(function + "; SELECT f()"),
              ElementsAre(function, "SELECT f()"));
}

TEST(SplitStatements, CommentsStayWithTheirStatement) {
  EXPECT_THAT(texts("-- first\nSELECT 1; -- second\nSELECT 2"),
              ElementsAre("-- first\nSELECT 1", "-- second\nSELECT 2"));
}

TEST(SplitStatements, TransactionsAreOurs) {
  for (const char* text : {"BEGIN", "SELECT 1; COMMIT", "ROLLBACK",
                           "SAVEPOINT a", "START TRANSACTION"}) {
    EXPECT_EQ(code_of(text), "sql.transaction-control") << text;
  }
}

TEST(SplitStatements, ASettingMustBeLocal) {
  EXPECT_EQ(code_of("SET search_path = a"), "sql.set-without-local");
  EXPECT_EQ(code_of("RESET ALL"), "sql.set-without-local");
  EXPECT_EQ(code_of("SET LOCAL search_path = a"), "");
}

TEST(SplitStatements, CopyNeedsAClient) {
  EXPECT_EQ(code_of("COPY a FROM STDIN"), "sql.copy");
  EXPECT_EQ(code_of("COPY a FROM '/tmp/a'"), "");
}

TEST(SplitStatements, NothingIsAFinding) {
  EXPECT_EQ(code_of(""), "sql.empty");
  EXPECT_EQ(code_of(" ; -- only this\n"), "sql.empty");
}

TEST(SplitStatements, AStatementThatIsTooLongIsNotParsed) {
  std::string sum = "SELECT 1";
  while (sum.size() < 600'000) {
    sum += "+1";
  }
  EXPECT_EQ(code_of(sum), "sql.too-long");
  EXPECT_EQ(code_of("SELECT 1; " + sum), "sql.too-long");
  EXPECT_EQ(code_of(sum.substr(0, 60'000) + "1"), "sql.syntax");
}

TEST(SplitStatements, ManyShortStatementsAreSplitInATrice) {
  std::string many;
  for (int n = 0; n < 20'000; ++n) {
    many += "SELECT 'a long enough text';";
  }
  EXPECT_EQ(texts(many).size(), 20'000U);
}

TEST(SplitStatements, ASyntaxErrorHasItsPlace) {
  const auto outcome = split_statements("SELECT 1; SELCT 2");
  const auto* finding = std::get_if<SyntaxFinding>(&outcome);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->code, "sql.syntax");
  EXPECT_EQ(finding->offset, 10);
}

}  // namespace
}  // namespace pgexpand::sql
