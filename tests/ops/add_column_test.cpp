#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AddColumnTest : public OperationTest {
 protected:
  AddColumnTest() : OperationTest("add_column") {}
};

TEST_F(AddColumnTest, TheExampleIsPlannedAsBefore) { expect_golden(); }

TEST_F(AddColumnTest, ATakenNameIsFound) {
  EXPECT_THAT(codes_of("{table: orders, column: note, type: text}"),
              ElementsAre("catalog.column-exists"));
}

TEST_F(AddColumnTest, TheServerKeepsSomeNamesForItself) {
  EXPECT_THAT(codes_of("{table: orders, column: ctid, type: text}"),
              ElementsAre("column.system-name"));
}

TEST_F(AddColumnTest, TheTableMustExist) {
  EXPECT_THAT(codes_of("{table: nothing, column: a, type: text}"),
              ElementsAre("catalog.unknown-table"));
}

TEST_F(AddColumnTest, TheTypeMustExist) {
  EXPECT_THAT(codes_of("{table: orders, column: a, type: colour}"),
              ElementsAre("type.unknown"));
  EXPECT_THAT(codes_of("{table: orders, column: a, type: \"text, b text\"}"),
              ElementsAre("sql.not-a-type"));
}

TEST_F(AddColumnTest, ADomainWithConstraintsWouldRewriteTheTable) {
  server_.create_type("email", {.name = {"public.email"},
                                .is_domain = true,
                                .domain_has_constraints = true});
  EXPECT_THAT(codes_of("{table: orders, column: a, type: email}"),
              ElementsAre("column.constrained-domain"));
}

TEST_F(AddColumnTest, ANotNullColumnNeedsAValue) {
  EXPECT_THAT(
      codes_of("{table: orders, column: a, type: text, nullable: false}"),
      ElementsAre("column.needs-value"));
}

TEST_F(AddColumnTest, FieldsThatExcludeOneAnotherAreFound) {
  EXPECT_THAT(
      codes_of("{table: orders, column: a, type: bigint, identity: "
               "always, default: \"1\", up: id}"),
      ElementsAre("spec.conflicting-fields", "spec.conflicting-fields"));
  EXPECT_THAT(codes_of("{table: orders, column: a, type: bigint, identity: "
                       "always, generated: id}"),
              ElementsAre("spec.conflicting-fields"));
}

TEST_F(AddColumnTest, AGeneratedColumnOfALargeTableIsRefused) {
  const std::string fields =
      "{table: orders, column: a, type: text, generated: lower(note)}";
  EXPECT_THAT(codes_of(fields), IsEmpty());
  orders().size_bytes = 1'000'000'000;
  EXPECT_THAT(codes_of(fields), ElementsAre("column.generated-rewrites"));
  catalog_.server_version_num = 180001;
  EXPECT_THAT(codes_of(fields), IsEmpty());
}

TEST_F(AddColumnTest, WhatMayFailInOldCodesInsertIsSaid) {
  EXPECT_THAT(codes_of("{table: orders, column: a, type: bigint, generated: "
                       "total_cents / customer_id}"),
              ElementsAre("column.generated-may-fail"));
  EXPECT_THAT(codes_of("{table: orders, column: a, type: int, default: "
                       "\"current_setting('app.tenant')::int\"}"),
              ElementsAre("column.default-may-fail"));
  EXPECT_THAT(
      codes_of("{table: orders, column: a, type: timestamptz, default: now()}"),
      IsEmpty());
}

TEST_F(AddColumnTest, AReferenceNeedsATableWithAKey) {
  EXPECT_THAT(codes_of("{table: orders, column: a, type: bigint, references: "
                       "{table: nothing}}"),
              ElementsAre("catalog.unknown-table"));
  orders().constraints.clear();
  EXPECT_THAT(codes_of("{table: orders, column: a, type: bigint, references: "
                       "{table: orders}}"),
              ElementsAre("column.references-what"));
}

TEST_F(AddColumnTest, TheSequenceOfAnIdentityMustHaveItsName) {
  const std::string fields =
      "{table: orders, column: a, type: bigint, identity: always}";
  EXPECT_THAT(codes_of(fields), ElementsAre("column.lastval"));
  catalog_.relation_names.push_back(
      {sql::Identifier("public"), sql::Identifier("orders_a_seq")});
  EXPECT_THAT(codes_of(fields), ElementsAre("catalog.name-taken"));
}

}  // namespace
}  // namespace pgexpand::ops
