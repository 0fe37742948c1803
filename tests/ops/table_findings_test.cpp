#include "ops/operation_test.hpp"

#include <utility>

namespace pgexpand::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What is found in the table itself, whatever the operation.
class TableFindingsTest : public OperationTest {
 protected:
  TableFindingsTest() : OperationTest("add_column") {}

  std::vector<std::string> codes_of_up(const std::string& allow = "") {
    return codes_of("{table: orders, column: a, type: text, up: note" + allow +
                    "}");
  }
};

TEST_F(TableFindingsTest, OnlyOrdinaryTablesThatCanBeWalkedAreHandled) {
  EXPECT_THAT(codes_of_up(), IsEmpty());
  orders().kind = 'p';
  EXPECT_THAT(codes_of_up(), IsEmpty());
  orders().kind = 'v';
  EXPECT_THAT(codes_of_up(), ElementsAre("table.not-a-table"));
  orders().kind = 'r';
  orders().access_method = "columnar";
  EXPECT_THAT(codes_of_up(), IsEmpty());  // by its primary key
  const auto keys = std::exchange(orders().constraints, {});
  EXPECT_THAT(codes_of_up(), ElementsAre("table.access-method"));
  orders().constraints = keys;
  orders().access_method = "heap";
  orders().persistence = 't';
  EXPECT_THAT(codes_of_up(), ElementsAre("table.temporary"));
}

TEST_F(TableFindingsTest, OneAloneOfAFamilyIsRefused) {
  orders().has_parents = true;
  EXPECT_THAT(codes_of_up(), ElementsAre("table.inherits"));
  orders().is_partition = true;
  EXPECT_THAT(codes_of_up(), ElementsAre("table.is-partition"));
  orders().is_partition = orders().has_parents = false;
  orders().has_children = true;
  EXPECT_THAT(codes_of_up(), ElementsAre("table.inherits"));
  orders().kind = 'p';
  EXPECT_THAT(codes_of_up(), IsEmpty());
}

TEST_F(TableFindingsTest, TheServersTablesAndOursAreLeftAlone) {
  for (const char* schema : {"pg_catalog", "information_schema", "pgexpand"}) {
    catalog_ = example_catalog("add_column");
    catalog_.search_path.push_back(sql::quote_identifier(schema));
    orders().name.schema = sql::Identifier(schema);
    EXPECT_THAT(codes_of_up(), ElementsAre("table.system"));
  }
}

TEST_F(TableFindingsTest, TheFunctionOfAnotherOwnersTableBecomesTheirs) {
  catalog_.user = "deploy";
  const auto planned =
      plan_one("{table: orders, column: a, type: text, up: note}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(statements_of(*planned, plan::Phase::expand),
              HasSubstr("ALTER FUNCTION "
                        "\"pgexpand\".\"sync_m1_public_orders\"() OWNER TO "
                        "\"app\""));
}

TEST_F(TableFindingsTest, APublishedTableNeedsItsSubscribersFirst) {
  orders().publications = {"feed"};
  EXPECT_THAT(codes_of_up(), ElementsAre("table.published"));
  EXPECT_THAT(codes_of_up(", allow: [published]"), IsEmpty());
}

TEST_F(TableFindingsTest, ColumnNumbersRunOut) {
  orders().next_column_number = 1595;
  EXPECT_THAT(codes_of_up(), ElementsAre("table.too-many-columns"));
}

TEST_F(TableFindingsTest, ATriggerThatSortsLastSpoilsOurs) {
  orders().triggers = {make_trigger("~zz")};
  EXPECT_THAT(codes_of_up(", allow: [user_triggers]"),
              ElementsAre("table.trigger-sorts-last"));
  orders().triggers = {make_trigger("zz")};
  EXPECT_THAT(codes_of_up(", allow: [user_triggers]"), IsEmpty());
}

TEST_F(TableFindingsTest, UserTriggersFireOnlyIfThatIsFine) {
  orders().triggers = {make_trigger("touch")};
  EXPECT_THAT(codes_of_up(), ElementsAre("table.user-triggers"));
  EXPECT_THAT(codes_of_up(", allow: [user_triggers]"), IsEmpty());
  catalog_.may_skip_triggers = true;
  EXPECT_THAT(codes_of_up(), IsEmpty());
}

TEST_F(TableFindingsTest, ATriggerOnOtherColumnsDoesNotFire) {
  orders().triggers = {make_trigger("touch")};
  orders().triggers[0].update_of = {sql::Identifier("status")};
  EXPECT_THAT(codes_of_up(), IsEmpty());
}

TEST_F(TableFindingsTest, AnAlwaysTriggerCannotBeSkipped) {
  catalog_.may_skip_triggers = true;
  orders().triggers = {make_trigger("touch")};
  orders().triggers[0].enabled = 'A';
  EXPECT_THAT(codes_of_up(), ElementsAre("table.user-triggers"));
}

TEST_F(TableFindingsTest, AForeignKeyIsNotSkippedWithTheTriggers) {
  catalog_ = example_catalog("alter_column");
  catalog_.may_skip_triggers = true;
  table_in(catalog_, "invoices").triggers = {make_trigger("touch")};
  const std::string fields = "{table: invoices, set: {customer_id: \"1\"}}";
  EXPECT_FALSE(plan("  - backfill: " + fields + "\n"));
  EXPECT_THAT(codes(), ElementsAre("table.user-triggers"));
}

}  // namespace
}  // namespace pgexpand::ops
