#include "integration/flow.hpp"

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;

/// A table of an access method with another name, so that nobody takes it for
/// the heap by that.
class OtherAccessMethod : public Flow {
 protected:
  OtherAccessMethod() {
    database_.exec(
        "CREATE ACCESS METHOD heap_too TYPE TABLE HANDLER heap_tableam_handler;"
        "CREATE TABLE orders (id bigint PRIMARY KEY, status text)"
        " USING heap_too;"
        "INSERT INTO orders SELECT g, 's' FROM generate_series(1, 2000) AS g;"
        "ANALYZE orders");
    write_spec(
        "1_m", "add_column",
        {"table: orders", "column: fresh", "type: text", "up: upper(status)"});
  }
};

TEST_F(OtherAccessMethod, IsMigratedWithAPrimaryKey) {
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT count(*) FROM orders WHERE fresh = 'S'"), "2000");
  EXPECT_EQ(run({"contract"}), 0) << line_.err;
}

TEST_F(OtherAccessMethod, IsRefusedWithoutOne) {
  database_.exec("ALTER TABLE orders DROP CONSTRAINT orders_pkey");
  EXPECT_EQ(run({"apply"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("table.access-method"));
}

}  // namespace
}  // namespace pgexpand::testing
