// What holds a walk up on the server itself, in its table, and by order of an
// operator.
#include "integration/throttle_fixture.hpp"

#include <fstream>

namespace pgexpand::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(ThrottleTest, AQuietServerIsNoReason) {
  throttle_.first_look({});
  EXPECT_THAT(next({}), IsEmpty());
}

TEST_F(ThrottleTest, AFileHoldsAsLongAsItExists) {
  const std::string path = ::testing::TempDir() + "/pgexpand-stop";
  const Limits limits{.throttle_file = path};
  EXPECT_THAT(next(limits), IsEmpty());
  std::ofstream(path) << "stop";
  EXPECT_THAT(next(limits), ElementsAre("the file " + path + " exists"));
  std::remove(path.c_str());
  EXPECT_THAT(next(limits), IsEmpty());
}

TEST_F(ThrottleTest, AFileThatCannotBeLookedForHolds) {
  EXPECT_THAT(next({.throttle_file = std::string(5'000, 'x')}),
              ElementsAre(HasSubstr("cannot be looked for")));
}

TEST_F(ThrottleTest, AllReasonsAreGiven) {
  EXPECT_THAT(next({.throttle_file = "/", .throttle_query = "SELECT true"}),
              ElementsAre("the throttle query says so", "the file / exists"));
}

TEST_F(ThrottleTest, BetweenTwoLooksTheAnswerStays) {
  const Limits limits{.throttle_query = "SELECT stop FROM public.flag"};
  database_.exec("CREATE TABLE public.flag AS SELECT true AS stop");
  EXPECT_THAT(next(limits), Contains("the throttle query says so"));
  database_.exec("UPDATE public.flag SET stop = false");
  now_ += 900ms;
  EXPECT_THAT(throttle_.reasons(limits),
              Contains("the throttle query says so"));
  now_ += 100ms;
  EXPECT_THAT(throttle_.reasons(limits), IsEmpty());
}

TEST_F(ThrottleTest, AQueryHoldsWhileItIsTrue) {
  database_.exec("CREATE TABLE public.flag AS SELECT false AS stop");
  const Limits limits{.throttle_query = "SELECT stop FROM flag -- the flag",
                      .search_path = "public"};
  throttle_.first_look(limits);
  EXPECT_THAT(next(limits), IsEmpty());
  database_.exec("UPDATE public.flag SET stop = true");
  EXPECT_THAT(next(limits), ElementsAre("the throttle query says so"));
}

TEST_F(ThrottleTest, AQueryThatBeginsToFailHolds) {
  database_.exec("CREATE TABLE public.flag AS SELECT false AS stop");
  const Limits limits{.throttle_query = "SELECT stop FROM public.flag"};
  throttle_.first_look(limits);
  database_.exec("DROP TABLE public.flag");
  EXPECT_THAT(next(limits), ElementsAre(HasSubstr("does not exist")));
}

TEST_F(ThrottleTest, AQueryWithoutAnAnswerHoldsAndIsNotRefused) {
  database_.exec("CREATE TABLE public.flag (stop boolean)");
  for (const auto& [query, reason] : std::map<std::string, std::string>{
           {"SELECT NULL::boolean", "gives NULL"},
           {"SELECT stop FROM public.flag", "gives no row"},
           {"VALUES (true), (true), (true)", "gives more than one row"},
           {"SELECT pg_sleep(30) IS NULL", "fails: canceling statement"},
           {"SELECT 1 / (SELECT count(*) FROM public.flag) = 1", "fails:"}}) {
    const Limits limits{.throttle_query = query};
    EXPECT_EQ(refusal(throttle_, limits), "") << query;
    EXPECT_THAT(next(limits),
                ElementsAre(HasSubstr("the throttle query " + reason)));
  }
}

TEST_F(ThrottleTest, AQueryThatCanNeverAnswerIsRefusedAtFirst) {
  for (const char* query :
       {"SELECT 1", "SELECT", "SELECT true, true", "not SQL", "", "-- nothing",
        "SELECT true; SELECT true", "SELECT stop FROM public.nothing"}) {
    EXPECT_EQ(refusal(throttle_, {.throttle_query = query}),
              "throttle.bad-query")
        << query;
  }
}

TEST_F(ThrottleTest, AQueryCannotChangeAnything) {
  database_.exec(
      "CREATE TABLE public.flag (stop boolean); CREATE SEQUENCE public.used;"
      "CREATE FUNCTION public.writes() RETURNS boolean LANGUAGE plpgsql AS"
      " 'BEGIN PERFORM set_config(''transaction_read_only'', ''off'', true);"
      " INSERT INTO public.flag VALUES (true); RETURN false; END'");
  for (const char* query :
       {"INSERT INTO public.flag VALUES (true) RETURNING true",
        "WITH new AS (INSERT INTO public.flag VALUES (true) RETURNING stop)"
        " SELECT stop FROM new",
        "SELECT nextval('public.used') > 0", "SELECT public.writes()",
        "SELECT true INTO public.other", "COMMIT", "DROP TABLE public.flag",
        "SET default_transaction_read_only = off",
        "COPY (SELECT 1) TO PROGRAM 'touch /tmp/pgexpand-was-here'",
        "DO 'BEGIN INSERT INTO public.flag VALUES (true); END'"}) {
    EXPECT_EQ(refusal(throttle_, {.throttle_query = query}),
              "throttle.bad-query")
        << query;
  }
  EXPECT_EQ(database_.query_one("SELECT count(*) FROM public.flag"), "0");
  EXPECT_EQ(database_.query_one("SELECT is_called FROM public.used"), "f");
  EXPECT_FALSE(std::ifstream("/tmp/pgexpand-was-here").is_open());
}

TEST_F(ThrottleTest, TheQueryIsAskedAsTheRoleThatWorks) {
  database_.exec(
      "DROP ROLE IF EXISTS deployer, worker;"
      "CREATE ROLE worker; CREATE ROLE deployer IN ROLE worker, pg_monitor");
  backfill::Throttle throttle(
      [this] {
        auto session = session_of("deployer");
        session->run(text("SET ROLE worker"));
        return session;
      },
      [this] { return now_; });
  const Limits limits{.max_active = 50,
                      .throttle_query = "SELECT current_user <> 'worker'"};
  EXPECT_EQ(refusal(throttle, limits), "");
  EXPECT_THAT(throttle.reasons(limits), IsEmpty());
}

TEST_F(ThrottleTest, ActiveBackendsHoldAndOurOwnDoNotCount) {
  const auto first = database_.application();
  const auto second = database_.application();
  const auto busy = [](pg::Session& session) {
    EXPECT_THROW(session.run(text("SELECT pg_sleep(30)")), Error);
  };
  std::thread one([&] { busy(*first); });
  std::thread two([&] { busy(*second); });
  const Limits limits{.max_active = 1};
  const auto expected = ElementsAre("more than 1 backends are active");
  EXPECT_THAT(await(limits, expected), expected);
  EXPECT_THAT(next({.max_active = 3}), IsEmpty());
  throttle_.watch_tables({}, {first->backend_pid(), second->backend_pid()});
  EXPECT_THAT(next(limits), IsEmpty());
  first->cancel();
  second->cancel();
  one.join();
  two.join();
}

TEST_F(ThrottleTest, WalAboveTheRateHolds) {
  const Limits limits{.max_wal = 1 << 20};
  throttle_.first_look(limits);
  EXPECT_THAT(next(limits), IsEmpty());
  write_a_segment();
  EXPECT_THAT(next(limits), ElementsAre("more than 1 MB of WAL a second"));
  EXPECT_THAT(next(limits), IsEmpty());
}

TEST_F(ThrottleTest, WhoeverWaitsForTheWholeTableGoesFirst) {
  watch_orders();
  const auto holder = database_.application();
  holder->run(text("BEGIN"));
  holder->run(text("LOCK TABLE public.orders IN ROW SHARE MODE"));
  const auto waiter = database_.application();
  std::thread wait([&] {
    waiter->run(text("BEGIN"));
    waiter->run(text("LOCK TABLE public.orders"));
    waiter->run(text("COMMIT"));
  });
  const auto expected = ElementsAre(
      fmt::format("pid {} (pgexpand) waits for a lock on public.orders",
                  waiter->backend_pid()));
  EXPECT_THAT(await({}, expected), expected);
  holder->run(text("COMMIT"));
  wait.join();
  EXPECT_THAT(next({}), IsEmpty());
}

TEST_F(ThrottleTest, ATableOfAnotherDatabaseIsNotOursWithTheSameOid) {
  const TestDatabase other;
  other.exec("CREATE TABLE public.orders (id int)");
  const auto holder = other.application();
  holder->run(text("BEGIN"));
  const auto oid =
      holder->run(text("SELECT 'public.orders'::regclass::oid")).single();
  holder->run(text("LOCK TABLE public.orders"));
  const auto waiter = other.application();
  std::thread wait(
      [&] { waiter->run(text("SELECT count(*) FROM public.orders")); });
  throttle_.watch_tables({static_cast<std::uint32_t>(std::stoul(*oid))}, {});
  while (database_.query_one(
             "SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_THAT(next({}), IsEmpty());
  holder->run(text("COMMIT"));
  wait.join();
}

TEST_F(ThrottleTest, WhoWaitsLongForRowsOfOursHolds) {
  database_.exec("INSERT INTO public.orders VALUES (1)");
  const auto ours = database_.application();
  ours->run(text("BEGIN"));
  ours->run(text("UPDATE public.orders SET id = 1"));
  const auto waiter = database_.application();
  waiter->run(text("SET application_name = 'shop'"));
  std::thread wait(
      [&] { waiter->run(text("UPDATE public.orders SET id = 1")); });
  watch_orders({ours->backend_pid()});
  const auto expected = ElementsAre(fmt::format(
      "pid {} (shop) waits for a batch of ours", waiter->backend_pid()));
  EXPECT_THAT(await({}, expected), expected);
  watch_orders();
  EXPECT_THAT(next({}), IsEmpty()) << "it waits for somebody else";
  ours->run(text("COMMIT"));
  wait.join();
}

TEST_F(ThrottleTest, SlowCommitsHoldUntilTheyAreForgotten) {
  throttle_.first_look({});
  for (int i = 0; i < 10; ++i) {
    throttle_.record_commit(400ms);
  }
  EXPECT_THAT(next({}), ElementsAre("commits take more than 200ms"));
  now_ += 10s;
  EXPECT_THAT(next({}), IsEmpty());
}

TEST_F(ThrottleTest, AMonitorThatIsLostHoldsAndIsReplaced) {
  throttle_.first_look({});
  database_.query("SELECT pg_terminate_backend(" +
                  std::to_string(monitor_->backend_pid()) + ", 5000)");
  EXPECT_THAT(next({}), ElementsAre("the monitoring connection is lost"));
  EXPECT_THAT(next({}), IsEmpty());
}

TEST_F(ThrottleTest, AServerThatCannotBeReachedHolds) {
  bool is_there = true;
  backfill::Throttle throttle(
      [&]() -> std::shared_ptr<pg::Session> {
        if (is_there) {
          return database_.session();
        }
        throw Error(ErrorKind::connection, "pg.cannot-connect", "no route");
      },
      [this] { return now_; });
  is_there = false;
  EXPECT_THAT(throttle.reasons({}),
              ElementsAre("the load of the server cannot be read: no route"));
  is_there = true;
  now_ += 1s;
  EXPECT_THAT(throttle.reasons({}), IsEmpty());
}

TEST_F(ThrottleTest, AMonitorThatTheQueryEndsIsReplaced) {
  const Limits limits{.throttle_query =
                          "SELECT NOT pg_terminate_backend(pg_backend_pid())"};
  EXPECT_THAT(next(limits), ElementsAre(HasSubstr("the throttle query fails")));
  EXPECT_THAT(throttle_.reasons(
                  {.max_active = 7, .throttle_query = limits.throttle_query}),
              ElementsAre("the monitoring connection is lost"));
  EXPECT_THAT(next({}), IsEmpty());
}

}  // namespace
}  // namespace pgexpand::testing
