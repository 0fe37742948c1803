#include "pgexpand/report/text_reporter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace pgexpand::report {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class TextReporterTest : public ::testing::Test {
 protected:
  TextReporter reporter(bool is_terminal, int width = 120) {
    return {out_,
            {.is_terminal = is_terminal,
             .width = width,
             .style = {},
             .clock = [this] { return now_; }}};
  }
  std::string text() const { return out_.str(); }

  std::ostringstream out_;
  std::chrono::steady_clock::time_point now_{1h};
  Progress progress_{.id = "1_a",
                     .step = "backfill-1",
                     .phase = plan::Phase::backfill,
                     .rows = 840'000,
                     .blocks_done = 42,
                     .blocks_total = 100,
                     .rows_per_second = 12'300,
                     .eta = 192s,
                     .wal_bytes = 0,
                     .hot_share = 0,
                     .quarantined = 0,
                     .waiting_for = {}};
};

TEST_F(TextReporterTest, AStepIsALineWhenItStartsAndWhenItEnds) {
  auto reporter = this->reporter(false);
  reporter.on(PhaseStarted{"1_a", plan::Phase::expand});
  reporter.on(StepStarted{"1_a", "expand-1", "add column a"});
  reporter.on(StepDone{"1_a", "expand-1", 12ms});
  EXPECT_EQ(text(),
            " expand\n"
            "  add column a ...\n"
            "  add column a done (12 ms)\n");
}

TEST_F(TextReporterTest, WithoutATerminalProgressIsALineEvery30Seconds) {
  auto reporter = this->reporter(false);
  reporter.on(StepStarted{"1_a", "backfill-1", "fill a"});
  now_ += 29s;
  reporter.on(progress_);
  EXPECT_THAT(text(), Not(HasSubstr("840,000")));
  now_ += 1s;
  reporter.on(progress_);
  EXPECT_THAT(text(),
              HasSubstr("  backfill: 42 %, 840,000 rows, 12,300 rows/s, "
                        "ETA 3 min 12 s\n"));
}

TEST_F(TextReporterTest, WithoutATerminalANewReasonToWaitIsALineAtOnce) {
  auto reporter = this->reporter(false);
  reporter.on(StepStarted{"1_a", "backfill-1", "fill a"});
  progress_.waiting_for = "replica lag 12 s";
  reporter.on(progress_);
  reporter.on(progress_);
  EXPECT_THAT(text(), ::testing::EndsWith("waiting: replica lag 12 s\n"));
  EXPECT_EQ(text().find("replica lag"), text().rfind("replica lag"));
}

TEST_F(TextReporterTest, OnATerminalProgressIsRedrawnTenTimesASecondAtMost) {
  auto reporter = this->reporter(true);
  reporter.on(progress_);
  now_ += 99ms;
  progress_.rows = 1;
  reporter.on(progress_);
  EXPECT_EQ(text(),
            "\r\x1b[2K  [########............] 42 %, 840,000 rows, "
            "12,300 rows/s, ETA 3 min 12 s");
  now_ += 1ms;
  reporter.on(progress_);
  EXPECT_THAT(text(), HasSubstr(", 1 rows"));
}

TEST_F(TextReporterTest, TheRedrawnLineFitsTheTerminal) {
  auto reporter = this->reporter(true, 20);
  reporter.on(progress_);
  EXPECT_EQ(text(), "\r\x1b[2K  [########........");
}

TEST_F(TextReporterTest, AWaitNamesWhoIsInTheWay) {
  auto reporter = this->reporter(false);
  Waiting wait{.id = "1_a",
               .what = "a lock on public.orders",
               .attempt = 4,
               .waited = 3s,
               .blockers = {{.pid = 123,
                             .application = "psql",
                             .state = "idle in transaction",
                             .transaction_age = 90s}}};
  reporter.on(wait);
  wait.attempt = 5;
  reporter.on(wait);
  EXPECT_THAT(text(), HasSubstr("waiting for a lock on public.orders, attempt "
                                "4, 3.0 s so far; in the way: pid 123 (psql, "
                                "idle in transaction, transaction open for "));
  EXPECT_THAT(text(), Not(HasSubstr("attempt 5")));
}

TEST_F(TextReporterTest, VerifySaysHowManyRowsDiffer) {
  auto reporter = this->reporter(false);
  reporter.on(VerifyResult{.id = "1_a",
                           .table = "public.t",
                           .rows = 2'000,
                           .differences = 3,
                           .repaired = 0,
                           .quarantined = 1,
                           .sample_keys = {"id=1", "id=2"}});
  EXPECT_EQ(text(),
            "  public.t: 2,000 rows compared, 3 differ, 1 in quarantine\n"
            "    for example id=1, id=2\n");
}

TEST_F(TextReporterTest, ABrokenStreamStopsNothing) {
  auto reporter = this->reporter(false);
  out_.setstate(std::ios::badbit);
  reporter.on(StepStarted{"1_a", "expand-1", "add column a"});
  EXPECT_EQ(text(), "");
}

}  // namespace
}  // namespace pgexpand::report
