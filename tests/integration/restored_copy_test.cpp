// pg_dump in any phase, pg_restore into another database: the migration goes
// on there, or is undone, as plain SQL would have left the table.
#include "integration/restored_fixture.hpp"

namespace pgexpand::testing {
namespace {

class RestoredCopy : public Restored,
                     public ::testing::WithParamInterface<Stop> {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(prepare(GetParam().mode));
    ASSERT_NO_FATAL_FAILURE(go_to(GetParam().phase));
    move_to_a_copy();
  }
  bool is_switched() const { return GetParam().phase == "switch"; }
};

TEST_P(RestoredCopy, GoesOnToTheEnd) {
  const std::string before = is_switched() ? "" : old_writes(5'002);
  copy_.exec(before);
  ASSERT_EQ(run({"apply", "1_change", "--through", "switch"}), 0) << line_.err;
  copy_.exec(new_writes(new_table(), 5'003));
  EXPECT_EQ(run({"verify", "1_change"}), 0) << line_.err << line_.out;
  ASSERT_EQ(run({"contract", "1_change"}), 0) << line_.err;
  copy_.exec(new_writes(new_table(), 5'004));
  make_control(old_writes(5'001) + before + plain_change +
               new_writes("orders", 5'003) + new_writes("orders", 5'004));
  expect_as_control(new_columns);
  if (mode_ == "none") {
    expect_nothing_left();
  }
}

TEST_P(RestoredCopy, IsUndone) {
  copy_.exec(is_switched() ? new_writes(new_table(), 5'002)
                           : old_writes(5'002));
  ASSERT_EQ(run({"rollback", "1_change"}), 0) << line_.err;
  copy_.exec(old_writes(5'003));
  make_control(old_writes(5'001) + old_writes(5'002) + old_writes(5'003));
  expect_as_control(old_columns);
  expect_nothing_left();
  EXPECT_EQ(run({"apply", "1_change", "--through", "switch"}), 0) << line_.err;
}

INSTANTIATE_TEST_SUITE_P(After,
                         RestoredCopy,
                         ::testing::ValuesIn(all_stops()),
                         name_of);

}  // namespace
}  // namespace pgexpand::testing
