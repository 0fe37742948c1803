#include "pgexpand/report/json.hpp"

#include "pgexpand/report/json_reporter.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace pgexpand::report {
namespace {

using namespace std::chrono_literals;

std::string line_of(const Event& event) {
  std::ostringstream out;
  JsonReporter reporter(out, [] {
    return std::chrono::system_clock::time_point(1'795'262'400s + 7ms);
  });
  reporter.on(event);
  return out.str();
}

TEST(JsonReporter, AnEventIsOneLineWithTypeTimeAndAllItsKeys) {
  EXPECT_EQ(line_of(PhaseDone{"1_a", plan::Phase::switch_over, 12ms}),
            R"({"type":"phase_done","at":"2026-11-21T12:00:00.007Z",)"
            R"("migration":"1_a","phase":"switch","took_ms":12})"
            "\n");
}

TEST(JsonReporter, WhatIsUnknownIsNullNotMissing) {
  const Json json = to_json(Event{Progress{.id = "1_a", .step = "s"}});
  EXPECT_TRUE(json.at("eta_ms").is_null());
  EXPECT_TRUE(json.at("waiting_for").is_null());
}

TEST(JsonReporter, AWaitHoldsItsBlockers) {
  const Json json = to_json(Event{Waiting{.id = "1_a",
                                          .what = "a lock",
                                          .attempt = 1,
                                          .waited = 2s,
                                          .blockers = {{.pid = 7}}}});
  EXPECT_EQ(json.at("waited_ms"), 2000);
  EXPECT_EQ(json.at("blockers").at(0).at("pid"), 7);
}

TEST(Json, AnErrorHasAllItsKeys) {
  EXPECT_EQ(to_line(to_json(Error(ErrorKind::lock_timeout, "lock.budget",
                                  "no lock on public.t")
                                .hint("run pgexpand apply again"))),
            R"({"kind":"lock_timeout","code":"lock.budget",)"
            R"("message":"no lock on public.t","detail":null,)"
            R"("hint":"run pgexpand apply again","sqlstate":null})");
}

TEST(Json, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(to_line(Json("a\xff")), "\"a\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace pgexpand::report
