#pragma once

#include "flow.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <thread>

namespace pgexpand::testing {

inline constexpr int table_rows = 4'000;

/// public.orders, by range of day: a partition like the parent, one of another
/// column order with a dropped column, one that is partitioned again, and the
/// default one.
class Partitions : public Flow {
 protected:
  Partitions() {
    database_.exec(fmt::format(
        "CREATE SEQUENCE ids START 100000;"
        "CREATE TABLE orders (id bigint NOT NULL DEFAULT nextval('ids'),"
        " day int NOT NULL, status text NOT NULL, amount int DEFAULT 1,"
        " note text, CONSTRAINT positive CHECK (amount > -10),"
        " PRIMARY KEY (id, day)) PARTITION BY RANGE (day);"
        "CREATE TABLE first PARTITION OF orders FOR VALUES FROM (0) TO (10);"
        "CREATE TABLE second (note text, gone int, status text NOT NULL,"
        " day int NOT NULL, amount int DEFAULT 1, id bigint NOT NULL"
        " DEFAULT nextval('ids'), CONSTRAINT positive CHECK (amount > -10));"
        "ALTER TABLE second DROP COLUMN gone;"
        "ALTER TABLE orders ATTACH PARTITION second"
        " FOR VALUES FROM (10) TO (20);"
        "CREATE TABLE third PARTITION OF orders FOR VALUES FROM (20) TO (30)"
        " PARTITION BY LIST (day);"
        "CREATE TABLE third_even PARTITION OF third"
        " FOR VALUES IN (20, 22, 24, 26, 28);"
        "CREATE TABLE third_rest PARTITION OF third DEFAULT;"
        "CREATE TABLE rest PARTITION OF orders DEFAULT;"
        "INSERT INTO orders SELECT g, g % 35, 's' || g % 7, g % 100,"
        " CASE WHEN g % 3 > 0 THEN 'n' || g END"
        " FROM generate_series(1, {}) AS g; ANALYZE orders",
        table_rows));
    line_.variables["PGEXPAND_LOCK_HOLD"] = "20s";
    line_.variables["PGEXPAND_BATCH_ROWS"] = "200";
  }

  void add_status_copy() const {
    write_spec(
        "1_m", "add_column",
        {"table: orders", "column: fresh", "type: text", "up: upper(status)"});
  }
  int apply(const std::string& through = "switch") {
    return run({"apply", "--through", through});
  }
  [[nodiscard]] std::string said() const { return line_.err + line_.out; }

  std::string count(const std::string& condition) {
    return one("SELECT count(*) FROM orders WHERE " + condition);
  }
  std::string wrong() { return count("fresh IS DISTINCT FROM upper(status)"); }
  /// Ours outside the state schema, in any partition.
  std::string leftovers() {
    return one(
        "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE"
        " '%pgexpand%') + (SELECT count(*) FROM pg_constraint WHERE conname"
        " LIKE '%pgexpand%') + (SELECT count(*) FROM pg_attribute WHERE attname"
        " LIKE '%pgexpand%') + (SELECT count(*) FROM pg_proc WHERE proname LIKE"
        " 'sync\\_%')");
  }
  /// How many tables of the tree have the column so.
  std::string members(const std::string& column, const std::string& condition) {
    return one(fmt::format(
        "SELECT count(*) FROM pg_partition_tree('orders') JOIN pg_attribute"
        " ON attrelid = relid WHERE attname = '{}' AND {}",
        column, condition));
  }
  /// A loaded table for days from 100 on becomes a partition.
  void attach(const std::string& name = "late") {
    database_.exec(fmt::format(
        "CREATE TABLE {0} (LIKE orders INCLUDING DEFAULTS INCLUDING"
        " CONSTRAINTS); INSERT INTO {0} (id, day, status)"
        " SELECT g, 100, 'late' FROM generate_series(50001, 50300) AS g;"
        "ALTER TABLE orders ATTACH PARTITION {0} FOR VALUES FROM (100)"
        " TO (200)",
        name));
  }
  void wait_for_rows(Process& process, int rows) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::seconds(30);
    while (one("SELECT to_regclass('pgexpand.progress')") == "NULL" ||
           std::stoi(one("SELECT coalesce(sum(rows), 0) FROM"
                         " pgexpand.progress")) < rows) {
      ASSERT_TRUE(process.is_running()) << process.err() << process.out();
      ASSERT_LT(Clock::now(), deadline);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
};

}  // namespace pgexpand::testing
