// A standby as target, a published table with a live subscriber, the
// subscriber's own table, and an orphan prepared transaction.
#include "integration/flow.hpp"
#include "support/standby.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class StandbyAsTarget : public Flow {
 protected:
  StandbyAsTarget() {
    database_.exec(
        "CREATE TABLE orders (id bigint PRIMARY KEY, status text);"
        "INSERT INTO orders SELECT g, 's' FROM generate_series(1, 50) AS g");
    write_spec(
        "1_column", "add_column",
        {"table: orders", "column: c", "type: text", "up: upper(status)"});
    write_spec("2_index", "create_index",
               {"table: orders", "name: by_status", "columns: [status]"});
  }
};

TEST_F(StandbyAsTarget, IsRefusedByEveryCommandThatActs) {
  ASSERT_EQ(run({"apply", "1_column", "--through", "backfill"}), 0)
      << line_.err;
  const Standby standby("read_only");
  const std::string before = dump();
  line_.variables["PGEXPAND_DSN"] = standby.dsn(database_.name());
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"plan"},
                                             {"init"},
                                             {"apply"},
                                             {"apply", "2_index"},
                                             {"switch", "1_column"},
                                             {"contract"},
                                             {"rollback", "1_column"},
                                             {"resume", "1_column"},
                                             {"pause", "1_column"},
                                             {"set", "1_column", "pause=1s"},
                                             {"verify", "1_column"}}) {
    EXPECT_EQ(line_.run(words), 7) << words.front() << line_.err;
    EXPECT_THAT(line_.err, AllOf(HasSubstr("standby"), HasSubstr("primary")))
        << words.front();
  }
  EXPECT_EQ(line_.run({"status"}), 0) << line_.err;
  EXPECT_EQ(line_.run({"history"}), 0) << line_.err;
  line_.variables["PGEXPAND_DSN"] = database_.dsn();
  EXPECT_EQ(dump(), before);
  EXPECT_EQ(run({"apply", "--through", "contract"}), 0) << line_.err;
}

/// A server of its own, for wal_level = logical, with a publisher and a
/// subscriber. Both are dropped with it.
class Published : public ::testing::Test {
 protected:
  Published() {
    server_.emplace(sandbox::Options{
        .settings = {"wal_level = logical", "max_wal_senders = 4"},
        .fast_and_unsafe = true});
    on("postgres", "CREATE DATABASE publisher");
    on("postgres", "CREATE DATABASE subscriber");
    for (const std::string where : {"publisher", "subscriber"}) {
      on(where, "CREATE TABLE orders (id bigint PRIMARY KEY, status text)");
    }
    on("publisher",
       "INSERT INTO orders SELECT g, 's ' || g FROM generate_series(1, 500) g");
    on("publisher", "CREATE PUBLICATION p FOR TABLE orders");
    // Both ends on one server: the slot cannot be made by the subscription.
    on("publisher",
       "SELECT pg_create_logical_replication_slot('sub', 'pgoutput')");
    on("subscriber",
       fmt::format("CREATE SUBSCRIPTION sub CONNECTION '{}' PUBLICATION p WITH"
                   " (create_slot = false)",
                   dsn("publisher")));
    expect_in_step();
  }

  [[nodiscard]] std::string dsn(const std::string& database) const {
    std::string text = server_->dsn();
    const std::string maintenance = "dbname=postgres";
    return text.replace(text.find(maintenance), maintenance.size(),
                        "dbname=" + database);
  }
  pg::Value on(const std::string& database, const std::string& sql) const {
    const auto session = pg::connect({.dsn = dsn(database)}).session;
    session->run(sql::Statement::verbatim("SET search_path = public"));
    const auto result = session->run(sql::Statement::verbatim(sql));
    return result.rows.empty() || result.rows[0].empty() ? std::nullopt
                                                         : result.rows[0][0];
  }

  int run_on(const std::string& database, std::vector<std::string> words) {
    line_.variables["PGEXPAND_DSN"] = dsn(database);
    words.insert(words.end(), {"--pause", "0ms"});
    return line_.run(words);
  }

  /// Waits until the subscriber has what the publisher has, as `columns` say.
  void expect_in_step(const std::string& columns = "id, status") {
    const std::string sum = fmt::format(
        "SELECT count(*) || ' ' || coalesce(sum(hashtext(ROW({})::"
        "text)), 0) FROM orders",
        columns);
    constexpr int tries = 300;
    for (int i = 0; i < tries; ++i) {
      if (on("publisher", sum) == on("subscriber", sum)) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    FAIL() << "the subscriber does not follow: "
           << on("publisher", sum).value_or("") << " and "
           << on("subscriber", sum).value_or("");
  }

  void write_add_column(const std::string& allow = "") const {
    line_.write("migrations/1_column.yaml",
                "operations:\n  - add_column:\n      table: orders\n"
                "      column: loud\n      type: text\n"
                "      up: upper(status)\n" +
                    allow);
  }

  std::optional<sandbox::Sandbox> server_;
  cli::CommandLine line_;
};

TEST_F(Published, IsRefusedUntilTheSubscriberHasTheColumn) {
  write_add_column();
  EXPECT_EQ(run_on("publisher", {"apply"}), 7);
  EXPECT_THAT(line_.err, AllOf(HasSubstr("[table.published]"),
                               HasSubstr("publication p")));
  on("subscriber", "ALTER TABLE orders ADD COLUMN loud text");
  write_add_column("      allow: [published]\n");
  EXPECT_EQ(run_on("publisher", {"apply"}), 0) << line_.err;
  expect_in_step("id, status, loud");
  on("publisher", "INSERT INTO orders VALUES (501, 'by old code')");
  on("publisher", "UPDATE orders SET status = 'again' WHERE id = 7");
  expect_in_step("id, status, loud");
  EXPECT_EQ(run_on("publisher", {"rollback", "1_column"}), 0) << line_.err;
  on("publisher", "INSERT INTO orders VALUES (502, 'after')");
  expect_in_step();
  EXPECT_EQ(run_on("publisher", {"apply", "--through", "contract"}), 0)
      << line_.err;
  on("publisher", "DELETE FROM orders WHERE id = 8");
  expect_in_step("id, status, loud");
}

TEST_F(Published, DoctorNamesTheTableAndTheSubscribersSlot) {
  write_add_column();
  EXPECT_EQ(run_on("publisher", {"doctor"}), 0) << line_.err;
  EXPECT_THAT(line_.out, AllOf(HasSubstr("doctor.published"),
                               HasSubstr("standby sub is streaming")));
}

// The apply worker is a session with session_replication_role = replica.
TEST_F(Published, TheSubscribersOwnTableFollowsItsApplyWorker) {
  write_add_column();
  EXPECT_EQ(run_on("subscriber", {"apply"}), 0) << line_.err;
  on("publisher", "INSERT INTO orders VALUES (501, 'by the publisher')");
  on("publisher", "UPDATE orders SET status = 'again' WHERE id = 7");
  expect_in_step();
  EXPECT_EQ(on("subscriber",
               "SELECT count(*) FROM orders WHERE loud ="
               " upper(status)"),
            "501");
  EXPECT_EQ(run_on("subscriber", {"verify", "1_column"}), 0) << line_.err;
  EXPECT_EQ(run_on("subscriber", {"contract"}), 0) << line_.err;
  on("publisher", "INSERT INTO orders VALUES (502, 'after')");
  expect_in_step();
}

class Orphan : public Flow {
 protected:
  Orphan() {
    database_.exec(
        "CREATE TABLE orders (id bigint PRIMARY KEY, status text);"
        "INSERT INTO orders SELECT g, 's ' || g FROM generate_series(1, 200)"
        " AS g");
    write_spec("1_column", "add_column",
               {"table: orders", "column: c", "type: text", "up: upper(status)",
                "unique: {name: orders_c}"});
  }
  ~Orphan() override {
    if (is_prepared_) end();
  }

  /// Prepared by a coordinator that never comes back.
  void prepare(const std::string& sql) {
    const auto lost = database_.application();
    for (const std::string& each :
         {std::string("BEGIN"), sql,
          "PREPARE TRANSACTION '" + database_.name() + "'"}) {
      lost->run(sql::Statement::verbatim(each));
    }
    is_prepared_ = true;
  }
  void end() {
    database_.query("ROLLBACK PREPARED '" + database_.name() + "'");
    is_prepared_ = false;
  }
  void expect_named(const std::vector<std::string>& words, int code) {
    auto all = words;
    all.insert(all.end(), {"--lock-budget", "1s", "--max-runtime", "4s"});
    EXPECT_EQ(run(all), code) << line_.err;
    line_.stop.deadline.reset();
    EXPECT_THAT(line_.err, HasSubstr("'" + database_.name() + "'"));
  }

  bool is_prepared_ = false;
};

TEST_F(Orphan, WithALockOnTheTableIsNamedAndWaitedFor) {
  prepare("LOCK TABLE orders IN ACCESS SHARE MODE");
  const std::string before = dump();
  expect_named({"apply"}, 4);
  EXPECT_EQ(dump(), before);
  end();
  EXPECT_EQ(run({"apply", "--through", "contract"}), 0) << line_.err;
}

TEST_F(Orphan, WithALockedRowHoldsNoOtherRowUp) {
  ASSERT_EQ(run({"apply", "--through", "expand"}), 0) << line_.err;
  prepare("UPDATE orders SET status = 'never' WHERE id = 7");
  EXPECT_EQ(run({"apply", "--lock-budget", "1s", "--max-runtime", "4s"}), 6)
      << line_.err;
  line_.stop.deadline.reset();
  EXPECT_EQ(one("SELECT count(c) FROM orders"), "199");
  end();
  EXPECT_EQ(run({"apply", "--through", "contract"}), 0) << line_.err;
  EXPECT_EQ(one("SELECT count(c) FROM orders"), "200");
}

}  // namespace
}  // namespace pgexpand::testing
