#include "pgexpand/planner/planner.hpp"

#include <gmock/gmock.h>

#include <set>

namespace pgexpand::planner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

catalog::Catalog empty_shop() {
  catalog::Catalog catalog{.server_version_num = 150004,
                           .user = "app",
                           .search_path = {"\"public\""}};
  catalog.tables.push_back(
      {.name = {sql::Identifier("public"), sql::Identifier("orders")},
       .oid = 7,
       .access_method = "heap",
       .owner = "app",
       .estimated_rows = 12});
  return catalog;
}

class DraftingTest : public testing::Test {
 protected:
  /// Plans a file whose operations are `operations`.
  std::optional<plan::Plan> plan(const std::string& operations) {
    findings_ = {};
    spec_ = spec::parse("description: d\noperations:\n" + operations, "m1.yaml",
                        findings_)
                .value();
    Drafting drafting(spec_, "state", findings_);
    request_ = drafting.request();
    probes_ = drafting.probes(catalog_, findings_);
    catalog::Answers
        answers;  // every one of them empty, and so without finding
    for (const auto& [key, probe] : probes_.types) {
      answers.types[key] = {};
    }
    for (const auto& [key, probe] : probes_.expressions) {
      answers.expressions[key] = {};
    }
    return drafting.finish(catalog_, answers, findings_);
  }

  catalog::Catalog catalog_ = empty_shop();
  spec::MigrationSpec spec_;
  catalog::Request request_;
  catalog::Probes probes_;
  Diagnostics findings_;
};

TEST_F(DraftingTest, APlanNamesItsMigration) {
  const auto planned = plan("  - sql: {contract: SELECT 1}\n");
  ASSERT_TRUE(planned);
  EXPECT_EQ(planned->id, "m1");
  EXPECT_EQ(planned->description, "d");
  EXPECT_EQ(planned->spec_hash, spec_.hash);
  EXPECT_EQ(planned->state_schema, "state");
  EXPECT_THAT(planned->search_path, ElementsAre("\"public\""));
}

TEST_F(DraftingTest, EveryTableAnOperationNamesIsRequested) {
  plan(
      "  - create_index: {table: orders, columns: [a]}\n"
      "  - add_column: {table: a.b, column: c, type: int, references: {table: "
      "d}}\n"
      "  - drop_index: {index: x}\n");
  EXPECT_THAT(request_.tables, SizeIs(3));
  EXPECT_THAT(request_.indexes, SizeIs(1));
}

TEST_F(DraftingTest, NothingIsAskedAboutAShapeThatCannotBe) {
  EXPECT_FALSE(plan(
      "  - add_column: {table: nothing, column: c, type: int, up: \"1\"}\n"));
  EXPECT_THAT(probes_.types, IsEmpty());
  EXPECT_THAT(probes_.expressions, IsEmpty());
}

TEST_F(DraftingTest, FindingsOfAllOperationsAreCollected) {
  EXPECT_FALSE(
      plan("  - drop_index: {index: x}\n"
           "  - drop_column: {table: orders, column: y}\n"
           "  - rename_column: {table: nothing, from: a, to: b}\n"));
  EXPECT_THAT(findings_.all(), SizeIs(3));
}

TEST_F(DraftingTest, OperationsOfOneKindAskUnderKeysOfTheirOwn) {
  plan(
      "  - add_column: {table: orders, column: a, type: int, default: \"1\"}\n"
      "  - add_column: {table: orders, column: b, type: int, default: "
      "\"2\"}\n");
  EXPECT_THAT(probes_.types, SizeIs(2));
  EXPECT_THAT(probes_.expressions, SizeIs(2));
}

TEST_F(DraftingTest, TheSameInputGivesTheSamePlan) {
  const std::string operations =
      "  - sql: {expand: SELECT 1, switch: SELECT 2, rollback: SELECT 3}\n"
      "  - sql: {contract: SELECT 4}\n";
  EXPECT_EQ(plan(operations), plan(operations));
}

TEST_F(DraftingTest, StepsAreInOrderOfPhaseWithIdsOfTheirOwn) {
  const auto planned = plan(
      "  - sql: {contract: SELECT 1, expand: SELECT 2, rollback: A}\n"
      "  - sql: {switch: SELECT 3, expand: SELECT 4, rollback: A}\n");
  ASSERT_TRUE(planned);
  std::vector<std::string> ids;
  for (const auto& step : planned->steps) {
    ids.push_back(step.id);
  }
  EXPECT_THAT(ids,
              ElementsAre("expand-1", "expand-2", "switch-1", "contract-1"));
}

TEST_F(DraftingTest, WarningsBecomeThePlansHazards) {
  const auto planned = plan("  - sql: {contract: FROBNICATE}\n");
  ASSERT_TRUE(planned);
  EXPECT_EQ(planned->hazards, findings_.all());
  EXPECT_THAT(planned->hazards, SizeIs(1));
}

}  // namespace
}  // namespace pgexpand::planner
