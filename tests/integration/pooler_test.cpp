// Behind pgbouncer every command refuses, says why, and leaves nothing on the
// pooled connections; an application behind it goes on.
#include "flow.hpp"
#include "support/pgbouncer.hpp"

#include <fmt/format.h>

#include <atomic>
#include <map>
#include <thread>

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

sql::Statement verbatim(const std::string& text) {
  return sql::Statement::verbatim(text);
}

/// What a client of the pooler finds on the server connection it is given.
constexpr const char* left_in_pool =
    "SELECT coalesce((SELECT string_agg(name || '=' || setting, ', ' ORDER BY"
    " name) FROM pg_settings WHERE source = 'session'), '')"
    " || ' role ' || current_user || ' locks '"
    " || (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    "     AND database = (SELECT oid FROM pg_database"
    "                     WHERE datname = current_database()))"
    " || ' temporary '"
    " || (SELECT count(*) FROM pg_class WHERE relpersistence = 't')"
    " || ' prepared ' || (SELECT count(*) FROM pg_prepared_statements)";

class Pooled : public Flow, public ::testing::WithParamInterface<const char*> {
 protected:
  Pooled() : pooler_(GetParam()) {
    database_.exec(
        "CREATE TABLE orders (id bigint PRIMARY KEY, status text);"
        "INSERT INTO orders SELECT g, 'status ' || g"
        " FROM generate_series(1, 3000) AS g; ANALYZE orders");
    write_spec(
        "1_column", "add_column",
        {"table: orders", "column: shout", "type: text", "up: upper(status)"});
  }

  [[nodiscard]] std::string dsn() const {
    return pooler_.dsn(database_.name());
  }
  int run_pooled(std::vector<std::string> words) {
    words.insert(words.begin(), {"--dsn", dsn()});
    return line_.run(words);
  }
  /// As an application connects, without any setting of ours.
  [[nodiscard]] std::unique_ptr<pg::Session> client(
      const std::string& name = "application") const {
    return pg::connect(
               {.dsn = dsn(), .application_name = name, .allow_pooler = true})
        .session;
  }
  [[nodiscard]] std::string pool() const {
    return client()->run(verbatim(left_in_pool)).single().value();
  }
  std::string everything() {
    return dump() +
           one("SELECT coalesce(md5(string_agg(o::text, '' ORDER BY"
               " id)), '') FROM orders AS o") +
           (one("SELECT to_regclass('pgexpand.migration')") == "NULL"
                ? ""
                : one("SELECT string_agg(m::text, '') FROM pgexpand.migration"
                      " AS m") +
                      one("SELECT count(*) FROM pgexpand.event"));
  }
  void expect_all_refused() {
    const auto pool_before = pool();
    const auto before = everything();
    for (const auto& words : commands) {
      EXPECT_EQ(run_pooled(words), 7) << words.front() << ": " << line_.err;
      EXPECT_THAT(line_.out + line_.err, HasSubstr("pooler")) << words.front();
    }
    EXPECT_EQ(pool(), pool_before);
    EXPECT_EQ(everything(), before);
  }

  const std::vector<std::vector<std::string>> commands{
      {"init"},
      {"plan"},
      {"apply"},
      {"apply", "1_column", "--through", "contract"},
      {"status"},
      {"history"},
      {"verify", "1_column"},
      {"contract", "1_column"},
      {"rollback", "1_column"},
      {"pause", "1_column"},
      {"resume", "1_column"},
      {"wait", "1_column", "--for", "switch"},
      {"doctor"}};
  PgBouncer pooler_;
};

TEST_P(Pooled, EveryCommandIsRefusedBeforeAnything) {
  expect_all_refused();
  EXPECT_EQ(one("SELECT to_regnamespace('pgexpand')"), "NULL");
}

TEST_P(Pooled, EveryCommandIsRefusedHalfWay) {
  ASSERT_EQ(run({"apply", "--through", "backfill"}), 0) << line_.err;
  expect_all_refused();
  EXPECT_EQ(run({"apply", "--through", "contract"}), 0) << line_.err;
}

TEST_P(Pooled, WhatSomebodyLeavesInThePoolIsSeen) {
  if (std::string(GetParam()) == "session") {
    return;  // There the pooler itself clears its connections.
  }
  client()->run(verbatim("SET lock_timeout = 4711"));
  EXPECT_THAT(pool(), HasSubstr("lock_timeout=4711"));
}

TEST_P(Pooled, AStartupParameterThatThePoolerDoesNotKnowIsNamed) {
  line_.variables["PGEXPAND_DSN"] = dsn() + " options='-c geqo=off'";
  EXPECT_EQ(run({"apply"}), 7) << line_.err;
  EXPECT_THAT(line_.err, HasSubstr("unsupported startup parameter"));
}

TEST_P(Pooled, AStartupParameterThatItIgnoresChangesNothing) {
  const PgBouncer ignores(GetParam(), "ignore_startup_parameters = options");
  line_.variables["PGEXPAND_DSN"] =
      ignores.dsn(database_.name()) + " options='-c geqo=off'";
  EXPECT_EQ(run({"apply"}), 7) << line_.err;
  EXPECT_THAT(line_.err, HasSubstr("connection pooler, not the server"));
}

TEST_P(Pooled, AFullPoolIsNotWaitedForWithoutALimit) {
  const auto holder = client();
  holder->run(verbatim("BEGIN"));
  try {
    static_cast<void>(pg::connect({.dsn = dsn(), .connect_timeout = 1s}));
    FAIL() << "connected through a full pool";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::connection);
    EXPECT_THAT(error.message(), HasSubstr("no answer for"));
  }
}

/// An application that inserts through a pooler, and notes each row that was
/// acknowledged. A lost connection is opened again; any other error ends it.
class Inserting {
 public:
  using Connect = std::function<std::unique_ptr<pg::Session>()>;

  Inserting(Connect connect, std::string insert)
      : connect_(std::move(connect)),
        insert_(std::move(insert)),
        thread_([this](const std::stop_token& stop) { work(stop); }) {}

  void await(int writes) const {
    const int goal = done_ + writes;
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (done_ < goal && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(5ms);
    }
    EXPECT_GE(done_, goal);
  }
  void stop() {
    thread_.request_stop();
    thread_.join();
  }
  [[nodiscard]] const std::vector<std::string>& keys() const { return keys_; }
  [[nodiscard]] const std::string& errors() const { return errors_; }

 private:
  void work(const std::stop_token& stop) {
    std::unique_ptr<pg::Session> session;
    for (int key = 10'000; !stop.stop_requested(); ++key) {
      try {
        if (!session) {
          session = connect_();
        }
        session->run(verbatim(insert_), {std::to_string(key)});
        keys_.push_back(std::to_string(key));
        ++done_;
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::connection) {
          errors_ = error.message();
          return;
        }
        session.reset();
        std::this_thread::sleep_for(10ms);
      }
    }
  }

  Connect connect_;
  std::string insert_;
  std::atomic<int> done_{0};
  std::vector<std::string> keys_;
  std::string errors_;
  std::jthread thread_;
};

TEST_P(Pooled, AnApplicationBehindItGoesOnThroughARestart) {
  Inserting application([this] { return client(); },
                        "INSERT INTO orders (id, status) VALUES"
                        " ($1::bigint, 'status ' || $1::bigint)");
  application.await(20);
  EXPECT_EQ(run({"apply", "--through", "expand"}), 0) << line_.err;
  application.await(20);
  auto backfill =
      database_.spawn_pgexpand({"apply", "--dir", line_.folder() / "migrations",
                                "--batch-rows", "100", "--pause", "20ms"});
  application.await(10);
  pooler_.restart();
  application.await(20);
  EXPECT_EQ(backfill.wait().exit_code, 0) << backfill.err();
  application.stop();
  EXPECT_EQ(application.errors(), "");
  EXPECT_EQ(one("SELECT count(*) FROM orders WHERE shout IS DISTINCT FROM"
                " upper(status)"),
            "0");
  std::string list;
  for (const auto& key : application.keys()) {
    list += (list.empty() ? "" : ",") + key;
  }
  EXPECT_EQ(one("SELECT count(*) FROM unnest('{" + list +
                "}'::bigint[]) AS k WHERE NOT EXISTS"
                " (SELECT FROM orders WHERE id = k)"),
            "0");
  EXPECT_EQ(run({"contract"}), 0) << line_.err;
}

TEST_P(Pooled, AStatementThatWasPreparedBeforeGoesOn) {
  if (std::string(GetParam()) == "transaction") {
    // There the pooler itself does not keep it, migration or not.
    return;
  }
  const auto session = client();
  session->run(verbatim(
      "PREPARE add AS INSERT INTO orders (id, status) VALUES ($1, $2)"));
  int key = 20'000;
  const auto insert = [&] {
    session->run(verbatim(fmt::format("EXECUTE add({}, 'x')", ++key)));
  };
  for (const char* phase : {"expand", "backfill", "switch", "contract"}) {
    insert();
    EXPECT_EQ(run({"apply", "--through", phase}), 0) << line_.err;
    insert();
  }
  EXPECT_EQ(one("SELECT count(*) FROM orders WHERE id > 20000"), "8");
}

INSTANTIATE_TEST_SUITE_P(Modes,
                         Pooled,
                         ::testing::Values("transaction", "session"),
                         [](const auto& mode) { return mode.param; });

}  // namespace
}  // namespace pgexpand::testing
