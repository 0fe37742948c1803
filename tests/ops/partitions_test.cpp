#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// public.orders as a partitioned table without indexes.
class PartitionsTest : public OperationTest {
 protected:
  explicit PartitionsTest(const std::string& operation = "add_column")
      : OperationTest(operation) {
    orders().kind = 'p';
    orders().has_children = true;
    orders().indexes.clear();
    orders().constraints.clear();
  }
  void depend(const std::string& name, const std::string& kind) {
    column_in(catalog_, "orders", name)
        .dependents.push_back({kind, kind + " of p1"});
  }
};

TEST_F(PartitionsTest, WhatWouldBuildAnIndexOrAKeyIsRefused) {
  const std::string column = "{table: orders, column: a, type: bigint, ";
  EXPECT_THAT(codes_of(column + "up: id}"), IsEmpty());
  EXPECT_THAT(codes_of(column + "unique: {}}"),
              ElementsAre("table.partitioned"));
  EXPECT_THAT(codes_of(column + "identity: always}"),
              ElementsAre("table.partitioned"));
}

TEST_F(PartitionsTest, ARowThatMovesKeepsItsNullAfterTheSwitchOnly) {
  const auto planned =
      plan_one("{table: orders, column: a, type: text, up: note}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(statements_of(*planned, plan::Phase::expand),
              Not(HasSubstr("pgexpand.moved")));
  EXPECT_THAT(statements_of(*planned, plan::Phase::switch_over),
              HasSubstr("IF TG_OP = 'INSERT' AND pg_catalog.current_setting("
                        "'pgexpand.moved', true) = ROW(NEW.\"a\", "
                        "NEW.\"note\")::text THEN"));
}

TEST_F(PartitionsTest, ATableWithoutPartitionsDoesNotRememberRows) {
  orders().kind = 'r';
  orders().has_children = false;
  const auto planned =
      plan_one("{table: orders, column: a, type: text, up: note}");
  ASSERT_TRUE(planned);
  EXPECT_THAT(statements_of(*planned, plan::Phase::switch_over),
              Not(HasSubstr("pgexpand.moved")));
}

class PartitionsBackfillTest : public PartitionsTest {
 protected:
  PartitionsBackfillTest() : PartitionsTest("backfill") {}
};

TEST_F(PartitionsBackfillTest, NoPartitionKeyIsFilledAtAnyLevel) {
  const std::string fields = "{table: orders, set: {status: \"'x'\"}}";
  EXPECT_THAT(codes_of(fields), IsEmpty());
  for (const char* kind : {"partition key", "partition's key"}) {
    depend("status", kind);
    EXPECT_THAT(codes_of(fields), ElementsAre("column.partition-key"));
    column_in(catalog_, "orders", "status").dependents.clear();
  }
}

TEST_F(PartitionsBackfillTest, ChildrenByInheritsNeedNoTrigger) {
  orders().kind = 'r';
  EXPECT_THAT(codes_of("{table: orders, set: {status: \"'x'\"}}"), IsEmpty());
}

class PartitionsDropTest : public PartitionsTest {
 protected:
  PartitionsDropTest() : PartitionsTest("drop_column") {}
};

TEST_F(PartitionsDropTest, WhatOnePartitionHasGoesOrStandsInTheWay) {
  const std::string fields = "{table: orders, column: note}";
  for (const char* kind : {"partition's index", "partition's constraint",
                           "partition's statistics"}) {
    depend("note", kind);
    EXPECT_THAT(codes_of(fields), ElementsAre("column.takes-along"));
    column_in(catalog_, "orders", "note").dependents.clear();
  }
  depend("note", "partition's view");
  EXPECT_THAT(codes_of(fields), ElementsAre("column.has-dependents"));
}

}  // namespace
}  // namespace pgexpand::ops
