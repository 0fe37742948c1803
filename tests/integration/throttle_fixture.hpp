#pragma once

#include "backfill/throttle.hpp"
#include "support/standby.hpp"
#include "support/test_database.hpp"

#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <vector>

namespace pgexpand::testing {

using Reasons = std::vector<std::string>;

inline sql::Statement text(const std::string& sql) {
  return sql::Statement::verbatim(sql);
}

/// A throttle of a database with a table public.orders, whose clock goes only
/// when told.
class ThrottleTest : public ::testing::Test {
 protected:
  using Limits = backfill::Limits;

  ThrottleTest() {
    database_.exec("CREATE TABLE public.orders (id int PRIMARY KEY)");
  }

  /// A second passes: the throttle looks again.
  Reasons next(const Limits& limits) {
    now_ += std::chrono::seconds(1);
    return throttle_.reasons(limits);
  }
  /// Looks in real time until the reasons are so; the last ones.
  template <typename Matcher>
  Reasons await(const Limits& limits, const Matcher& matcher) {
    Reasons reasons;
    for (int i = 0; i < 300; ++i) {
      reasons = throttle_.reasons(limits);
      if (::testing::Matches(matcher)(reasons)) {
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      now_ += std::chrono::milliseconds(100);
    }
    return reasons;
  }
  /// As the monitor, but with the rights of `role` alone.
  std::shared_ptr<pg::Session> session_of(const std::string& role) {
    std::shared_ptr<pg::Session> session = database_.session();
    session->run(sql::Statement::of("SET SESSION AUTHORIZATION {}",
                                    sql::Identifier(role)));
    return session;
  }
  /// The code of what first_look() throws; empty: nothing.
  static std::string refusal(backfill::Throttle& throttle,
                             const Limits& limits) {
    try {
      throttle.first_look(limits);
    } catch (const Error& error) {
      return error.code();
    }
    return {};
  }
  void watch_orders(const std::vector<int>& own_pids = {}) {
    throttle_.watch_tables({oid_of_orders()}, own_pids);
  }
  std::uint32_t oid_of_orders() {
    return static_cast<std::uint32_t>(std::stoul(
        *database_.query_one("SELECT 'public.orders'::regclass::oid")));
  }
  /// A whole segment of WAL, 16 MB.
  void write_a_segment() {
    database_.query("SELECT pg_logical_emit_message(false, 'x', 'y')");
    database_.query("SELECT pg_switch_wal()");
  }
  void use_some_xids() {
    for (int i = 0; i < 3; ++i) {
      database_.query("SELECT pg_current_xact_id()");
    }
  }

  TestDatabase database_;
  std::shared_ptr<pg::Session> monitor_;
  backfill::Throttle::TimePoint now_ = std::chrono::steady_clock::now();
  backfill::Throttle throttle_{[this] {
                                 monitor_ = database_.session();
                                 return monitor_;
                               },
                               [this] { return now_; }};
};

/// A setting of the shared server, set back with the object.
class ServerSetting {
 public:
  ServerSetting(std::string name, const std::string& value)
      : name_(std::move(name)) {
    alter("SET " + name_ + " = " + value);
  }
  ~ServerSetting() { alter("RESET " + name_); }
  ServerSetting(const ServerSetting&) = delete;
  ServerSetting& operator=(const ServerSetting&) = delete;

 private:
  static void alter(const std::string& what) {
    const auto session = pg::connect({.dsn = shared_server().dsn()}).session;
    session->run(text("ALTER SYSTEM " + what));
    session->run(text("SELECT pg_reload_conf()"));
  }

  std::string name_;
};

}  // namespace pgexpand::testing
