#include "unit/exec/run_test.hpp"

namespace pgexpand::exec::testing {
namespace {

using plan::Phase;
using ::testing::HasSubstr;

/// "m1" is switched; what was published before or after it varies.
class VersionOrderTest : public RunTest {
 protected:
  VersionOrderTest() {
    plan_.steps = {step("switch-1", Phase::switch_over, "SWAP"),
                   step("contract-1", Phase::contract, "DROP OLD")};
    plan_.steps[0].undo = {undo("SWAP BACK")};
    options_.through = Phase::contract;
    session_.tables.completed = "switch";
    session_.tables.steps = {{"switch-1", "done"}};
  }
  /// Migrations in order of publication; those with "!" are contracted.
  void published(const std::vector<std::string>& migrations) {
    session_.answer("c.relname = 'version'", [] {
      return pg::Result{.rows = {{"1"}}, .columns = {"one"}};
    });
    session_.answer(".version AS v", [migrations] {
      pg::Result found{.columns = {"migration", "position", "shape", "alias",
                                   "is_softened", "published_at", "schemas",
                                   "aliases"}};
      for (std::string id : migrations) {
        pg::Value shape = R"({"tables": []})";
        if (id.back() == '!') {
          id.pop_back();
          shape = std::nullopt;
        }
        found.rows.push_back(
            {id, "1", shape, std::nullopt, "f", "", "[]", "[]"});
      }
      return found;
    });
  }
  std::string hint_of_rollback() {
    try {
      static_cast<void>(roll_back());
      return "";
    } catch (const Error& error) {
      return error.code() + ": " + error.hint();
    }
  }
};

TEST_F(VersionOrderTest, ContractWaitsForWhatWasPublishedBefore) {
  published({"m-1", "m0", "m1", "m2"});
  try {
    static_cast<void>(run());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "contract.out-of-order");
    EXPECT_EQ(exit_code(error.kind()), 7);
    EXPECT_THAT(error.hint(), HasSubstr("pgexpand contract m-1"));
  }
  EXPECT_EQ(session_.find("DROP OLD"), -1);
}

TEST_F(VersionOrderTest, ContractedOnesAndLaterOnesDoNotBarContract) {
  published({"m0!", "m1", "m2"});
  EXPECT_EQ(error_of_run(), "");
  EXPECT_NE(session_.find("DROP OLD"), -1);
}

TEST_F(VersionOrderTest, RollbackWaitsForWhatWasPublishedLater) {
  published({"m0!", "m1", "m2", "m3"});
  EXPECT_THAT(hint_of_rollback(),
              HasSubstr("rollback.out-of-order: run pgexpand rollback m3"));
  EXPECT_EQ(session_.find("SWAP BACK"), -1);
}

TEST_F(VersionOrderTest, TheNewestVersionIsRolledBack) {
  published({"m0", "m1"});
  EXPECT_EQ(hint_of_rollback(), "");
  EXPECT_NE(session_.find("SWAP BACK"), -1);
}

TEST_F(VersionOrderTest, AMigrationWithoutVersionMindsNoOrder) {
  published({"m0", "m2"});
  EXPECT_EQ(hint_of_rollback(), "");
}

}  // namespace
}  // namespace pgexpand::exec::testing
