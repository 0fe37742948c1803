#include "cli/command_line.hpp"
#include "cli/dsn.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace pgexpand::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class Config : public ::testing::Test {
 protected:
  CommandLine line_;
};

TEST_F(Config, EverySettingNamesWhereItComesFrom) {
  line_.write("pgexpand.yaml", "backfill: {pause: 50ms}\n");
  line_.variables["PGEXPAND_LOCK_TIMEOUT"] = "200ms";
  EXPECT_EQ(line_.run({"config", "--batch-rows", "5000"}), 0);
  EXPECT_THAT(line_.out, ContainsRegex("backfill.pause +50ms +.*yaml:1"));
  EXPECT_THAT(line_.out,
              ContainsRegex("lock.timeout +200ms +PGEXPAND_LOCK_TIMEOUT"));
  EXPECT_THAT(line_.out, ContainsRegex("batch_rows +5000 +--batch-rows"));
  EXPECT_THAT(line_.out, ContainsRegex("lock.hold +500ms +built-in"));
}

TEST_F(Config, TheFileIsFoundUpwards) {
  line_.write("pgexpand.yaml", "state_schema: deploy\n");
  line_.write("deep/er/x.txt", "");
  line_.subfolder = "deep/er";
  EXPECT_EQ(line_.run({"config"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("deploy"));
}

TEST_F(Config, AnUnknownKeyIsShownWithItsPlace) {
  line_.write("pgexpand.yaml", "lock:\n  timout: 1s\n");
  EXPECT_EQ(line_.run({"config"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("pgexpand.yaml:2:3"));
  EXPECT_THAT(line_.err, HasSubstr("error[config.findings]"));
}

TEST_F(Config, ABadValueOfAFlagIsRefused) {
  EXPECT_EQ(line_.run({"config", "--pause", "50"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("error[config.bad-setting]"));
}

TEST_F(Config, VersionsAreNoneOrViews) {
  line_.write("pgexpand.yaml", "versions: views\n");
  EXPECT_EQ(line_.run({"config"}), 0) << line_.err;
  EXPECT_THAT(line_.out, ContainsRegex("versions +views +pgexpand.yaml:1"));
  line_.write("pgexpand.yaml", "versions: tables\n");
  EXPECT_EQ(line_.run({"config"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("versions"));
}

TEST_F(Config, AnUnknownEnvironmentIsRefused) {
  line_.write("pgexpand.yaml",
              "environments: {staging: {dsn: host=staging}}\n");
  EXPECT_EQ(line_.run({"config", "--env", "stagin"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("did you mean \"staging\"?"));
}

TEST_F(Config, TheConnectionOfTheEnvironmentBeatsDatabaseUrl) {
  line_.write("pgexpand.yaml",
              "environments: {staging: {dsn: host=staging password=s3cret}}\n");
  line_.variables["DATABASE_URL"] = "postgresql://u:s3cret@other/db";
  line_.variables["PGEXPAND_ENV"] = "staging";
  EXPECT_EQ(line_.run({"config"}), 0);
  EXPECT_THAT(line_.out, HasSubstr("host=staging"));
  EXPECT_THAT(line_.out + line_.err, Not(HasSubstr("s3cret")));
}

TEST_F(Config, TheFlagBeatsEveryOtherConnection) {
  line_.variables["PGEXPAND_DSN"] = "host=variable";
  EXPECT_EQ(line_.run({"config", "--dsn", "host=flag", "-o", "json"}), 0);
  const auto answer = nlohmann::json::parse(line_.out);
  EXPECT_EQ(answer.at("settings").at("dsn").at("value"), "host=flag");
  EXPECT_EQ(answer.at("settings").at("dsn").at("source"), "--dsn");
}

TEST_F(Config, AFailedConnectionShowsNoSecret) {
  for (const char* dsn :
       {"postgresql://u:s3cret@/nowhere?host=/nowhere",
        "host=/nowhere password=s3cret", "host=/nowhere password='s3cret",
        "postgres://u:s3cret@[::1/db", "password s3cret",
        "postgresql://u:p?s3cret@h/db", "postgresql://u:s3cret@h:p0rt/db"}) {
    line_.write("migrations/.keep", "");
    EXPECT_NE(line_.run({"status", "--dsn", dsn}), 0) << dsn;
    EXPECT_THAT(line_.out + line_.err, Not(HasSubstr("s3cret"))) << dsn;
  }
}

struct Shown {
  const char* dsn;
  const char* shown;
};

class WithoutSecrets : public ::testing::TestWithParam<Shown> {};

TEST_P(WithoutSecrets, KeepsOnlyWhatCannotBeOne) {
  EXPECT_EQ(without_secrets(GetParam().dsn), GetParam().shown);
}

constexpr const char* hidden = "(set, but not readable, so not shown)";

INSTANTIATE_TEST_SUITE_P(
    Dsns,
    WithoutSecrets,
    ::testing::Values(Shown{"postgresql://u:pw@h:5432/db?sslmode=require",
                            "postgresql://u@h:5432/db"},
                      Shown{"postgres://h/db?password=pw", "postgresql://h/db"},
                      Shown{"postgres://u:p@w@h/db", hidden},
                      Shown{"postgres://u:p/w@h/db", hidden},
                      Shown{"postgres://u:p?w@h/db", hidden},
                      Shown{"host=h password=pw dbname=db", "host=h dbname=db"},
                      Shown{"host=h password = 'p w' user=u", "host=h user=u"},
                      Shown{"host=h password='p\\' host=w' user=u",
                            "host=h user=u"},
                      Shown{"host=h password=my pw", hidden},
                      Shown{"host=h password='pw", hidden},
                      Shown{"dbname=postgres://u:pw@h/db", hidden},
                      Shown{"pw", hidden}));

}  // namespace
}  // namespace pgexpand::cli
