// A link that carries nothing any more, while the next hop's kernel takes what
// is sent: no error ever comes, so somebody must look at the clock.
#include "exec/workbench.hpp"
#include "pgexpand/exec/executor.hpp"
#include "support/fault_proxy.hpp"
#include "support/test_database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;
using exec::Runner;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

class Quiet : public report::Reporter {
 public:
  void on(const report::Event& /*event*/) override {}
};

constexpr const char* heartbeat = "SET LOCAL lock_timeout = 0";

class SilentLink : public ::testing::Test {
 protected:
  FaultProxy& proxy_for(Strike strike) {
    if (strike.fault == Fault::none) {
      strike.fault = Fault::silence;
    }
    strike.at = 0;
    proxy_ = std::make_unique<FaultProxy>(shared_server().folder(), strike);
    return *proxy_;
  }
  std::unique_ptr<Runner> runner() {
    return std::make_unique<Runner>(
        Runner::Options{.connect = {.dsn = dsn(), .connect_timeout = 2s},
                        .state_schema = sql::Identifier("pgexpand"),
                        .heartbeat = 200ms,
                        .silence = 1'500ms},
        quiet_, stop_);
  }
  [[nodiscard]] std::string dsn() const {
    return proxy_->dsn(database_.name());
  }

  static pg::Result ask(pg::Session& session, const std::string& text) {
    return session.run(sql::Statement::verbatim(text));
  }
  /// The Error that `act` throws.
  template <typename Act>
  static std::optional<Error> error_of(Act act) {
    try {
      act();
    } catch (const Error& error) {
      return error;
    }
    return std::nullopt;
  }
  static bool becomes(const std::function<bool()>& is_so) {
    const auto end = Clock::now() + 20s;
    while (!is_so() && Clock::now() < end) {
      std::this_thread::sleep_for(20ms);
    }
    return is_so();
  }

  TestDatabase database_;
  std::unique_ptr<FaultProxy> proxy_;
  Quiet quiet_;
  exec::StopRequest stop_;
};

TEST_F(SilentLink, AStatementWithALimitDoesNotWaitForEver) {
  FaultProxy& proxy = proxy_for({});
  const auto session =
      pg::connect({.dsn = dsn(), .answer_limit = 500ms}).session;
  proxy.strike_in(1);
  const auto error = error_of([&] { ask(*session, "SELECT 1"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::connection);
  EXPECT_THAT(error->message(), HasSubstr("no answer for"));
  EXPECT_FALSE(session->is_open());
}

TEST_F(SilentLink, AnAnswerWithinTheLimitIsTaken) {
  proxy_for({});
  const auto session = pg::connect({.dsn = dsn(), .answer_limit = 10s}).session;
  EXPECT_EQ(ask(*session, "SELECT 7 FROM pg_sleep(0.2)").single(), "7");
  EXPECT_EQ(ask(*session, "SELECT repeat('x', 3000000)").single()->size(),
            3'000'000U);
}

TEST_F(SilentLink, ACommitWithoutAnAnswerIsInDoubt) {
  FaultProxy& proxy = proxy_for({.types = "E", .statement = "^COMMIT$"});
  const auto session =
      pg::connect({.dsn = dsn(), .answer_limit = 500ms}).session;
  pg::Transaction transaction(*session, {});
  proxy.strike_in(1);
  const auto error = error_of([&] { transaction.commit(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::in_doubt);
}

TEST_F(SilentLink, ConnectingThroughOneEnds) {
  FaultProxy& proxy = proxy_for({.statement = "set_config"});
  proxy.strike_in(1);
  const auto error = error_of([&] {
    static_cast<void>(pg::connect({.dsn = dsn(), .connect_timeout = 1s}));
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::connection);
}

TEST_F(SilentLink, ACancelThatCannotBeDeliveredShutsTheSession) {
  FaultProxy& proxy = proxy_for({.everywhere = true});
  const auto session = pg::connect({.dsn = dsn()}).session;
  std::optional<Error> error;
  proxy.strike_in(1);
  std::jthread stuck(
      [&] { error = error_of([&] { ask(*session, "SELECT 1"); }); });
  ASSERT_TRUE(becomes([&] { return proxy.has_struck(); }));
  session->cancel();
  stuck.join();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::connection);
}

TEST_F(SilentLink, TheHeartbeatFindsASilentNetwork) {
  FaultProxy& proxy = proxy_for({.everywhere = true});
  const auto first = runner();
  proxy.strike_in(1);
  const auto error = error_of([&] { ask(first->work(), "SELECT 1"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::connection);
  EXPECT_TRUE(becomes([&] { return first->lost(); }));
  proxy.heal();
  first->recover(30s);
  EXPECT_EQ(ask(first->work(), "SELECT 1").single(), "1");
}

TEST_F(SilentLink, ALeaseWhoseOwnLinkIsSilentIsLost) {
  FaultProxy& proxy = proxy_for({.statement = heartbeat});
  const auto first = runner();
  proxy.strike_in(1);
  // Its work is cut off with it, in the middle of a statement.
  const auto error =
      error_of([&] { ask(first->work(), "SELECT pg_sleep(60)"); });
  ASSERT_TRUE(error);
  EXPECT_TRUE(first->lost());
  first->recover(30s);
  EXPECT_FALSE(first->lost());
}

TEST_F(SilentLink, AQuestionThatGotLostIsNotAwaitedWhileTheLeaseLives) {
  FaultProxy& proxy = proxy_for({.statement = "SELECT 4711"});
  const auto first = runner();
  proxy.strike_in(1);
  const auto error = error_of([&] { ask(first->work(), "SELECT 4711"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::connection);
  EXPECT_FALSE(first->lost());
  first->recover(30s);
  EXPECT_EQ(ask(first->work(), "SELECT 1").single(), "1");
}

TEST_F(SilentLink, AnAnswerThatGotLostIsNotAwaitedEither) {
  FaultProxy& proxy = proxy_for({.fault = Fault::silence_after,
                                 .types = "S",
                                 .statement = "SELECT 4711"});
  const auto first = runner();
  proxy.strike_in(1);
  EXPECT_TRUE(error_of([&] { ask(first->work(), "SELECT 4711"); }));
  EXPECT_FALSE(first->lost());
}

TEST_F(SilentLink, NorIsThatOfAHalfSentOne) {
  FaultProxy& proxy = proxy_for({.types = "S", .statement = "SELECT 4711"});
  const auto first = runner();
  proxy.strike_in(1);
  EXPECT_TRUE(error_of([&] { ask(first->work(), "SELECT 4711"); }));
  EXPECT_FALSE(first->lost());
}

TEST_F(SilentLink, AFurtherSessionIsWatchedToo) {
  FaultProxy& proxy = proxy_for({.statement = "SELECT 4711"});
  const auto first = runner();
  const auto further = first->workbench().open_session();
  proxy.strike_in(1);
  EXPECT_TRUE(error_of([&] { ask(*further, "SELECT 4711"); }));
  EXPECT_EQ(ask(first->work(), "SELECT 1").single(), "1");
}

TEST_F(SilentLink, AStatementThatTakesLongIsLeftAlone) {
  proxy_for({});
  const auto first = runner();
  EXPECT_EQ(ask(first->work(), "SELECT 1 FROM pg_sleep(5)").single(), "1");
  EXPECT_FALSE(first->lost());
}

}  // namespace
}  // namespace pgexpand::testing
