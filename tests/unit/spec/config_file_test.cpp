#include "pgexpand/spec/settings.hpp"
#include "unit/spec/findings.hpp"

#include <gmock/gmock.h>

namespace pgexpand::spec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ConfigFileTest : public testing::Test {
 protected:
  ConfigFile read(const std::string& text) {
    return parse_config(text, "/srv/shop/pgexpand.yaml", findings_);
  }

  Diagnostics findings_;
};

TEST_F(ConfigFileTest, DefaultsEnvironmentsAndConnectionsAreRead) {
  const ConfigFile config = read(
      "dsn: service=shop\n"
      "dir: db\n"
      "versions: none\n"
      "backfill: {pause: 50ms, max_wal: off}\n"
      "environments:\n"
      "  prod:\n"
      "    dsn: service=prod\n"
      "    lock: {timeout: 100ms}\n"
      "  test: {}\n");
  EXPECT_THAT(places(findings_), IsEmpty());
  EXPECT_EQ(config.path, "/srv/shop/pgexpand.yaml");
  EXPECT_EQ(config.dsn, "service=shop");
  EXPECT_EQ(config.defaults.at("dir").text, "db");
  EXPECT_EQ(config.defaults.at("backfill.pause").text, "50ms");
  EXPECT_EQ(config.defaults.at("backfill.pause").source, "pgexpand.yaml:4");
  EXPECT_EQ(config.environment_dsn.at("prod"), "service=prod");
  EXPECT_EQ(config.environments.at("prod").at("lock.timeout").text, "100ms");
  EXPECT_TRUE(config.environments.contains("test"));
}

TEST_F(ConfigFileTest, AnEmptyFileSetsNothing) {
  EXPECT_THAT(read("# later\n").defaults, IsEmpty());
  EXPECT_THAT(places(findings_), IsEmpty());
}

TEST_F(ConfigFileTest, UnknownKeysAreFoundAtEveryLevel) {
  static_cast<void>(
      read("backfil: {pause: 5s}\n"
           "environment: {}\n"
           "environments:\n"
           "  prod: {lock: {timout: 5s}, environments: {}}\n"
           "  test: 5\n"));
  EXPECT_THAT(
      places(findings_),
      ElementsAre("1:1 spec.unknown-setting", "2:1 spec.unknown-setting",
                  "4:17 spec.unknown-setting", "4:30 spec.unknown-setting",
                  "5:9 spec.wrong-type"));
  EXPECT_EQ(findings_.all()[0].hint, "did you mean \"backfill\"?");
  EXPECT_EQ(findings_.all()[1].hint, "did you mean \"environments\"?");
  EXPECT_EQ(findings_.all()[2].hint, "did you mean \"lock.timeout\"?");
}

TEST_F(ConfigFileTest, ABadValueIsFoundAndLeftOut) {
  const ConfigFile config = read("lock: {timeout: 5}\n");
  EXPECT_THAT(places(findings_), ElementsAre("1:17 spec.bad-setting"));
  EXPECT_FALSE(config.defaults.contains("lock.timeout"));
}

TEST_F(ConfigFileTest, ALineThatMayHoldAPasswordIsNeverShown) {
  for (const auto* text : {"dsn: [postgres://u:secret@h/db]\n",
                           "dsn: 1\ndsn: postgres://u:secret@h/db\n",
                           "environments: {p: postgres://u:secret@h/db}\n",
                           "dsn: 'host=h password=secret\n",
                           "dsn:\n  - host=h password=secret\n"}) {
    static_cast<void>(read(text));
  }
  EXPECT_EQ(findings_.all().size(), 5U);
  for (const Diagnostic& finding : findings_.all()) {
    EXPECT_THAT(finding.message + finding.hint + finding.where.line_text,
                Not(HasSubstr("secret")));
  }
}

TEST_F(ConfigFileTest, AListIsNoConfiguration) {
  static_cast<void>(read("- a\n"));
  EXPECT_THAT(places(findings_), ElementsAre("1:1 spec.wrong-type"));
}

}  // namespace
}  // namespace pgexpand::spec
