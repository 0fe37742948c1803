// An application that writes all the time, before, during and after each
// phase, meets no error and loses no write.
#include "example.hpp"
#include "writers.hpp"

#include <gtest/gtest.h>

namespace pgexpand {
namespace {

using testing::Example;
using testing::Shape;
using testing::Writers;

constexpr int plenty = 100;

Shape orders_shape(const std::string& column, const std::string& seen) {
  return {.insert = "INSERT INTO orders (customer_id, total_cents, " + column +
                    ") VALUES (1, 5, $1) RETURNING id, " + seen,
          .update = "UPDATE orders SET " + column +
                    " = $2 WHERE id = $1 RETURNING id, " + seen,
          .remove = "DELETE FROM orders WHERE id = $1"};
}

std::string orders_rows(const std::string& column) {
  return "SELECT id, " + column + ", 0 FROM orders ORDER BY id";
}

std::string count(Example& example,
                  const std::string& table,
                  const std::string& where) {
  return example.database()
      .query_one("SELECT count(*) FROM " + table + " WHERE " + where)
      .value();
}

TEST(LifecycleWithWriters, AddColumnFollowsEveryOldWrite) {
  Example example("add_column");
  const auto differ = [&] {
    return count(example, "orders", "status_v2 IS DISTINCT FROM status");
  };
  Writers writers(example.database(), orders_rows("status"),
                  orders_shape("status", "status"));
  EXPECT_EQ(example.apply(), 0) << example.said();
  EXPECT_EQ(differ(), "0");
  writers.use({orders_shape("status", "status_v2")});
  writers.await(plenty);
  EXPECT_EQ(differ(), "0");
  writers.use({orders_shape("status", "status_v2"),
               orders_shape("status_v2", "status_v2")});
  writers.await(plenty);
  writers.use({orders_shape("status_v2", "status_v2")});
  EXPECT_EQ(example.contract(), 0) << example.said();
  writers.await(plenty);
  EXPECT_EQ(writers.stop_and_compare(orders_rows("status_v2")), "");
  EXPECT_EQ(example.leftovers(), "");
}

TEST(LifecycleWithWriters, RenameColumnShowsEachReleaseTheOthersWrites) {
  Example example("rename_column");
  Writers writers(example.database(), orders_rows("note"),
                  orders_shape("note", "note"));
  EXPECT_EQ(example.apply(), 0) << example.said();
  writers.use({orders_shape("note", "remark"), orders_shape("remark", "note")});
  writers.await(plenty);
  EXPECT_EQ(example.run({"verify", example.id()}), 0) << example.said();
  EXPECT_EQ(count(example, "orders", "note IS DISTINCT FROM remark"), "0");
  writers.use({orders_shape("remark", "remark")});
  EXPECT_EQ(example.contract(), 0) << example.said();
  writers.await(plenty);
  EXPECT_EQ(writers.stop_and_compare(orders_rows("remark")), "");
  EXPECT_EQ(example.leftovers(), "");
}

TEST(LifecycleWithWriters, RenameColumnLosesNoWriteInARollback) {
  Example example("rename_column");
  Writers writers(example.database(), orders_rows("note"),
                  orders_shape("note", "note"));
  EXPECT_EQ(example.apply(), 0) << example.said();
  writers.use({orders_shape("note", "remark"), orders_shape("remark", "note")});
  writers.await(plenty);
  writers.use({orders_shape("note", "note")});
  EXPECT_EQ(example.roll_back(), 0) << example.said();
  writers.await(plenty);
  EXPECT_EQ(writers.stop_and_compare(orders_rows("note")), "");
  EXPECT_EQ(example.leftovers(), "");
}

constexpr const char* customers_rows =
    "SELECT c.id, c.name, count(i.id) FROM customers AS c"
    " LEFT JOIN invoices AS i ON i.customer_id = c.id"
    " GROUP BY c.id, c.name ORDER BY c.id";

Shape customers_shape() {
  return {
      .insert = "INSERT INTO customers (name) VALUES ($1) RETURNING id, name",
      .update =
          "UPDATE customers SET name = $2 WHERE id = $1 RETURNING id, name",
      .remove = "DELETE FROM customers WHERE id = $1",
      .extra = "INSERT INTO invoices (customer_id, amount) VALUES ($1, 1)"};
}

TEST(LifecycleWithWriters, AlterColumnSwapsAReferencedKeyUnderItsWriters) {
  Example example("alter_column");
  Writers writers(example.database(), customers_rows, customers_shape());
  EXPECT_EQ(example.apply(), 0) << example.said();
  writers.await(plenty);
  EXPECT_EQ(example.run({"verify", example.id()}), 0) << example.said();
  EXPECT_EQ(count(example, "customers", "pgexpand_old_id IS DISTINCT FROM id"),
            "0");
  EXPECT_EQ(example.contract(), 0) << example.said();
  Shape without_invoices = customers_shape();
  without_invoices.extra = "";  // Their customer_id is still an integer.
  writers.use({without_invoices});
  example.database().query("SELECT setval('customers_id_seq', 3000000000)");
  writers.await(plenty);
  EXPECT_EQ(writers.stop_and_compare(customers_rows), "");
  EXPECT_NE(count(example, "customers", "id > 3000000000"), "0");
  EXPECT_EQ(example.leftovers(), "");
}

TEST(LifecycleWithWriters, AlterColumnSwapsBackUnderItsWriters) {
  Example example("alter_column");
  const auto start = example.schema();
  Writers writers(example.database(), customers_rows, customers_shape());
  EXPECT_EQ(example.apply(), 0) << example.said();
  writers.await(plenty);
  EXPECT_EQ(example.roll_back(), 0) << example.said();
  writers.await(plenty);
  EXPECT_EQ(writers.stop_and_compare(customers_rows), "");
  EXPECT_EQ(example.schema(), start);
}

}  // namespace
}  // namespace pgexpand
