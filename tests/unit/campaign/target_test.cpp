#include "pgexpand/campaign/target.hpp"

#include "pgexpand/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgexpand::campaign {
namespace {

using ::testing::ElementsAre;

/// Keeps the codes it is shown; of the rest nothing is asked here.
class RecordingTarget final : public Target {
 public:
  pg::ConnectOptions connect_options(bool /*read_only*/) override { return {}; }
  const spec::Settings& settings() override { return settings_; }
  spec::Settings settings_for(const spec::MigrationSpec* /*spec*/) override {
    return settings_;
  }
  std::filesystem::path spec_folder() override { return {}; }
  exec::StopRequest& stop() const override { return stop_; }
  void warn_of_connection(
      const std::vector<std::string>& /*warnings*/) override {}
  void show(const Diagnostics& findings) override {
    for (const Diagnostic& finding : findings.all()) {
      shown.push_back(finding.code);
    }
  }
  std::unique_ptr<report::Reporter> begin_run() override { return nullptr; }
  void conclude(const Known& /*known*/,
                Outcome /*outcome*/,
                const std::string& /*reason*/) override {}

  std::vector<std::string> shown;

 private:
  spec::Settings settings_;
  mutable exec::StopRequest stop_;
};

/// What stops a run; empty: nothing does.
std::string stopped_by(const Diagnostics& findings, RecordingTarget& target) {
  try {
    target.show_and_stop(findings);
  } catch (const Error& error) {
    return error.code() + ": " + error.message();
  }
  return "";
}

TEST(Target, GoesOnAfterWarnings) {
  Diagnostics findings;
  findings.warn({}, "a", "");
  RecordingTarget target;
  EXPECT_EQ(stopped_by(findings, target), "");
  EXPECT_THAT(target.shown, ElementsAre("a"));
}

TEST(Target, ShowsAllAndStopsAtAnErrorBeforeARefusal) {
  Diagnostics findings;
  findings.refuse({}, "a", "");
  findings.error({}, "b", "");
  findings.error({}, "c", "");
  RecordingTarget target;
  EXPECT_EQ(stopped_by(findings, target),
            "spec.findings: 2 errors in the specs; nothing was changed");
  EXPECT_THAT(target.shown, ElementsAre("a", "b", "c"));
}

TEST(Target, StopsAtARefusal) {
  Diagnostics findings;
  findings.warn({}, "a", "");
  findings.refuse({}, "b", "");
  RecordingTarget target;
  EXPECT_EQ(stopped_by(findings, target),
            "plan.refused: 1 refusal to do this here; nothing was changed");
}

}  // namespace
}  // namespace pgexpand::campaign
