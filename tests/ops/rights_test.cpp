#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What the role lacks is said before anything runs, with its cure.
class RightsTest : public OperationTest {
 protected:
  RightsTest() : OperationTest("create_index") { catalog_.user = "deploy"; }

  std::vector<std::string> codes_of_index() {
    return codes_of("{table: orders, columns: [note]}");
  }
};

TEST_F(RightsTest, TheRoleMustBeAbleToActAsTheOwner) {
  orders().may_act_as_owner = false;
  EXPECT_THAT(codes_of_index(), ElementsAre("rights.not-owner"));
  EXPECT_EQ(findings_.all()[0].hint, "GRANT \"app\" TO \"deploy\"");
}

TEST_F(RightsTest, OneOwnerAtATimeCanBeActedAs) {
  orders().must_become_owner = true;
  EXPECT_THAT(codes_of_index(), ElementsAre("rights.many-owners"));
  EXPECT_THAT(findings_.all()[0].hint,
              HasSubstr("ALTER ROLE \"deploy\" INHERIT"));
  catalog_.server_version_num = 160000;
  EXPECT_THAT(codes_of_index(), ElementsAre("rights.many-owners"));
  EXPECT_THAT(findings_.all()[0].hint,
              HasSubstr("GRANT \"app\" TO \"deploy\" WITH INHERIT TRUE"));
}

TEST_F(RightsTest, TheSchemaMustBeOpen) {
  orders().may_use_schema = false;
  EXPECT_THAT(codes_of_index(), ElementsAre("rights.schema"));
}

TEST_F(RightsTest, OnlyAnIndexNeedsCreateOnTheSchema) {
  orders().may_create_in_schema = false;
  EXPECT_FALSE(plan("  - create_index: {table: orders, columns: [note]}\n"));
  EXPECT_THAT(codes(), ElementsAre("rights.schema"));
  EXPECT_TRUE(plan("  - add_column: {table: orders, column: a, type: text}\n"));
  EXPECT_THAT(codes(), IsEmpty());
}

TEST_F(RightsTest, HiddenRowsWouldNeverBeFilled) {
  orders().hides_rows = true;
  EXPECT_THAT(codes_of_index(), ElementsAre("rights.row-security"));
}

TEST_F(RightsTest, TheTableAForeignKeyRefersToIsLockedToo) {
  catalog_ = example_catalog("alter_column");
  table_in(catalog_, "customers").may_act_as_owner = false;
  EXPECT_FALSE(
      plan("  - alter_column: {table: invoices, column: customer_id, type: "
           "bigint, allow: [column_order]}\n"));
  EXPECT_THAT(codes(), ElementsAre("rights.not-owner"));
}

TEST_F(RightsTest, AnIdentityNeedsCreateForItsSequence) {
  orders().may_create_in_schema = false;
  EXPECT_FALSE(
      plan("  - add_column: {table: orders, column: a, type: bigint, "
           "identity: always}\n"));
  EXPECT_THAT(codes(), Contains("rights.schema"));
}

TEST_F(RightsTest, ASwapAltersTheTriggerFunctions) {
  auto trigger = make_trigger("stamp");
  trigger.function = "app.stamp()";
  trigger.function_language = "plpgsql";
  trigger.function_owner = "app";
  trigger.may_alter_function = false;
  orders().triggers = {trigger, trigger};
  orders().triggers[1].name = sql::Identifier("stamp_too");
  const std::string retype =
      "  - alter_column: {table: orders, column: note, type: bytea, allow: "
      "[user_triggers]}\n";
  EXPECT_FALSE(plan(retype));
  EXPECT_THAT(codes(), ElementsAre("rights.trigger-function"));
  EXPECT_THAT(findings_.all()[0].message,
              AllOf(HasSubstr("app.stamp()"), HasSubstr("its owner app")));
  EXPECT_TRUE(
      plan("  - alter_column: {table: orders, column: note, comment: a}\n"));
  for (auto& each : orders().triggers) {
    each.function_language = "c";
  }
  EXPECT_TRUE(plan(retype)) << testing::PrintToString(codes());
}

TEST_F(RightsTest, OneOwnerAtATimeIsTakenBySetRole) {
  EXPECT_EQ(catalog_.owner_to_become(), "");
  orders().owner = "sales";
  orders().must_become_owner = true;
  EXPECT_EQ(catalog_.owner_to_become(), "sales");
  auto& other = catalog_.tables.emplace_back(orders());
  other.owner = "support";
  EXPECT_EQ(catalog_.owner_to_become(), "");
}

}  // namespace
}  // namespace pgexpand::ops
