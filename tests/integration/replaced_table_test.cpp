// A table that was dropped, and made again by hand or by pg_restore, in the
// database of its migration: rollback ends, whatever the phase.
#include "integration/restored_fixture.hpp"

#include <fmt/format.h>

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;

class ReplacedTable : public Restored,
                      public ::testing::WithParamInterface<Stop> {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(prepare(GetParam().mode));
    ASSERT_NO_FATAL_FAILURE(go_to(GetParam().phase));
  }
  void expect_forgotten() {
    EXPECT_EQ(run({"apply", "1_change", "--through", "contract"}), 7)
        << line_.err;
    EXPECT_THAT(line_.err, HasSubstr("[drift.table-replaced]"));
    EXPECT_EQ(run({"rollback", "1_change"}), 7) << line_.err;
    EXPECT_EQ(run({"rollback", "1_change", "--accept-drift"}), 0) << line_.err;
    EXPECT_EQ(one("SELECT status FROM pgexpand.migration"), "pending");
    EXPECT_EQ(one("SELECT count(*) FROM pg_trigger WHERE tgname LIKE"
                  " '~pgexpand%'"),
              "0");
    EXPECT_EQ(one("SELECT count(*) FROM pg_proc WHERE proname LIKE 'sync\\_%'"),
              "0");
  }
};

TEST_P(ReplacedTable, ByAnotherIsForgotten) {
  database_.exec(
      "DROP TABLE orders CASCADE; CREATE TABLE orders (id bigint PRIMARY KEY,"
      " amount text); INSERT INTO orders VALUES (1, 'theirs')");
  expect_forgotten();
  EXPECT_EQ(one("SELECT amount FROM orders"), "theirs");
}

TEST_P(ReplacedTable, ByItselfFromADumpLosesItsTrigger) {
  dump_into(dump_file(), database_.dsn(), {"--table=orders"});
  database_.exec("DROP TABLE orders CASCADE");
  restore(dump_file(), database_.dsn());
  const std::string count = one("SELECT count(*) FROM orders");
  expect_forgotten();
  EXPECT_THAT(line_.err, HasSubstr("warning[rollback.put-back]"));
  EXPECT_EQ(one("SELECT count(*) FROM orders"), count);
  database_.exec(fmt::format(
      "UPDATE orders SET {0} = {0}",
      GetParam().phase == "switch" && GetParam().mode == "none" ? "remark"
                                                                : "note"));
}

INSTANTIATE_TEST_SUITE_P(After,
                         ReplacedTable,
                         ::testing::ValuesIn(all_stops()),
                         name_of);

}  // namespace
}  // namespace pgexpand::testing
