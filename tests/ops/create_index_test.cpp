#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class CreateIndexTest : public OperationTest {
 protected:
  CreateIndexTest() : OperationTest("create_index") {}
};

TEST_F(CreateIndexTest, TheExampleIsPlannedAsBefore) { expect_golden(); }

TEST_F(CreateIndexTest, AUniqueOneIsBuiltAtAVisibleSwitch) {
  const auto planned =
      plan_one("{table: orders, columns: [customer_id], unique: true}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(planned->visible_because,
              ElementsAre("unique index orders_customer_id_idx rejects "
                          "duplicates"));
  EXPECT_THAT(statements_of(*planned, plan::Phase::switch_over),
              HasSubstr("CREATE UNIQUE INDEX CONCURRENTLY"));
  EXPECT_THAT(planned->steps_of(plan::Phase::backfill), IsEmpty());
}

TEST_F(CreateIndexTest, AnUnnamedOneTakesTheNextFreeName) {
  orders().indexes.push_back(make_index("orders_status_idx", {"status"}));
  take_names(catalog_);
  const auto planned = plan_one("{table: orders, columns: [status]}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(statements_of(*planned, plan::Phase::backfill),
              HasSubstr("\"orders_status_idx1\""));
}

TEST_F(CreateIndexTest, ATakenNameIsFound) {
  EXPECT_THAT(codes_of("{table: orders, columns: [status], name: orders_pkey}"),
              ElementsAre("catalog.name-taken"));
}

TEST_F(CreateIndexTest, EveryColumnMustExistAfterTheMigration) {
  EXPECT_THAT(codes_of("{table: orders, columns: [nothing], include: [none]}"),
              ElementsAre("catalog.unknown-column", "catalog.unknown-column"));
}

TEST_F(CreateIndexTest, AKeyIsAColumnOrAnExpression) {
  EXPECT_THAT(codes_of("{table: orders, columns: [{order: desc}]}"),
              ElementsAre("spec.index-key"));
  EXPECT_THAT(
      codes_of("{table: orders, columns: [{column: id, expression: id}]}"),
      ElementsAre("spec.index-key"));
}

TEST_F(CreateIndexTest, ColumnsAreRequired) {
  EXPECT_THAT(codes_of("{table: orders}"), ElementsAre("spec.missing-field"));
}

TEST_F(CreateIndexTest, NullsNotDistinctNeedsPostgres15) {
  const std::string fields =
      "{table: orders, columns: [note], unique: true, nulls_not_distinct: "
      "true}";
  EXPECT_THAT(codes_of(fields), IsEmpty());
  catalog_.server_version_num = 140010;
  EXPECT_THAT(codes_of(fields), ElementsAre("server.too-old"));
}

TEST_F(CreateIndexTest, EveryPartOfAKeyIsWritten) {
  const auto planned = plan_one(
      "{table: orders, method: btree, with: {fillfactor: \"70\"}, columns: "
      "[{column: note, order: desc, nulls: last, opclass: text_pattern_ops, "
      "collation: pg_catalog.C}]}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(statements_of(*planned, plan::Phase::backfill),
              HasSubstr("(\"note\" COLLATE \"pg_catalog\".\"C\" "
                        "\"pg_catalog\".\"text_pattern_ops\" DESC NULLS LAST) "
                        "WITH "
                        "(\"fillfactor\" = '70')"));
}

TEST_F(CreateIndexTest, AnOperatorClassMayHaveParameters) {
  const auto keys_of = [&](const std::string& opclass) {
    const auto planned =
        plan_one("{table: orders, columns: [{column: note, opclass: '" +
                 opclass + "'}]}");
    return planned ? statements_of(*planned, plan::Phase::backfill) : "";
  };
  EXPECT_THAT(keys_of("ext.signed_ops ( siglen = 64, mode=''it''''s'' )"),
              HasSubstr("\"note\" \"ext\".\"signed_ops\" (\"siglen\" = '64', "
                        "\"mode\" = 'it''s')"));
  EXPECT_THAT(keys_of("\"a (b)\""), HasSubstr("\"pg_catalog\".\"a (b)\")"));
  for (const auto* bad : {"ops(siglen)", "ops(siglen=64", "ops()", "ops(a=1) x",
                          "ops(a=1,)", "ops(a=1); DROP", "ops(a=''x)"}) {
    EXPECT_EQ(keys_of(bad), "") << bad;
  }
}

TEST_F(CreateIndexTest, AnIndexOnANonDeterministicExpressionIsRefused) {
  server_.when_asked("now()", [](catalog::ExpressionAnswer& answer) {
    answer.stability = catalog::Stability::session;
    answer.unstable_because = "now";
  });
  EXPECT_THAT(codes_of("{table: orders, columns: [{expression: now()}]}"),
              ElementsAre("expression.not-deterministic"));
}

}  // namespace
}  // namespace pgexpand::ops
