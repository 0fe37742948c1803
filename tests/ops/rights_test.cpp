#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RightsTest : public OperationTest {
 protected:
  RightsTest() : OperationTest("add_column") { catalog_.user = "deploy"; }

  std::vector<std::string> codes_of_column(const std::string& more = "") {
    return codes_of("{table: orders, column: a, type: bigint, up: id" + more +
                    "}");
  }
};

TEST_F(RightsTest, OnlyAnIndexNeedsCreateOnTheSchema) {
  orders().may_create_in_schema = false;
  EXPECT_THAT(codes_of_column(), IsEmpty());
  EXPECT_THAT(codes_of_column(", unique: {}"), ElementsAre("rights.schema"));
}

TEST_F(RightsTest, AnIdentityNeedsItForItsSequence) {
  orders().may_create_in_schema = false;
  EXPECT_THAT(codes_of("{table: orders, column: a, type: bigint, "
                       "identity: always}"),
              ElementsAre("rights.schema"));
}

TEST_F(RightsTest, TheSchemaMustBeUsable) {
  orders().may_use_schema = false;
  EXPECT_THAT(codes_of_column(), ElementsAre("rights.schema"));
}

TEST_F(RightsTest, RowsThatAreHiddenFromUsWouldBeLeftOut) {
  orders().hides_rows = true;
  EXPECT_THAT(codes_of_column(), ElementsAre("rights.row-security"));
}

TEST_F(RightsTest, ATableThatIsReferredToIsLockedToo) {
  EXPECT_THAT(codes_of_column(", references: {table: customers}"), IsEmpty());
  for (catalog::Table& table : catalog_.tables) {
    table.may_act_as_owner = table.name == orders().name;
  }
  EXPECT_THAT(codes_of_column(), IsEmpty());
  EXPECT_THAT(codes_of_column(", references: {table: customers}"),
              ElementsAre("rights.not-owner"));
}

TEST_F(RightsTest, OneOwnerAtATimeIsTakenBySetRole) {
  EXPECT_EQ(catalog_.owner_to_become(), "");
  orders().owner = "sales";
  orders().must_become_owner = true;
  EXPECT_EQ(catalog_.owner_to_become(), "sales");
  EXPECT_THAT(codes_of_column(), ElementsAre("rights.many-owners"));
}

}  // namespace
}  // namespace pgexpand::ops
