#include "ops/operation_test.hpp"

namespace pgexpand::ops {
namespace {

using testing::ElementsAre;

class DropIndexTest : public OperationTest {
 protected:
  DropIndexTest() : OperationTest("drop_index") {}
};

TEST_F(DropIndexTest, TheExampleIsPlannedAsBefore) { expect_golden(); }

TEST_F(DropIndexTest, AnIndexThatIsNotThereIsFound) {
  EXPECT_THAT(codes_of("{index: nothing_idx}"),
              ElementsAre("catalog.unknown-index"));
}

TEST_F(DropIndexTest, TheIndexOfAConstraintGoesWithTheConstraint) {
  EXPECT_THAT(codes_of("{index: public.orders_pkey}"),
              ElementsAre("index.of-constraint"));
}

TEST_F(DropIndexTest, TheReplicaIdentityStays) {
  orders().indexes.back().is_replica_identity = true;
  ASSERT_EQ(orders().indexes.back().name.name.name(), "orders_total_idx");
  EXPECT_THAT(codes_of("{index: orders_total_idx}"),
              ElementsAre("index.is-replica-identity"));
}

TEST_F(DropIndexTest, AnUnknownFieldIsFound) {
  EXPECT_THAT(codes_of("{index: orders_total_idx, cascade: true}"),
              ElementsAre("spec.unknown-field"));
}

}  // namespace
}  // namespace pgexpand::ops
