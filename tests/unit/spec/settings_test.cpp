#include "pgexpand/spec/settings.hpp"

#include "pgexpand/base/error.hpp"
#include "unit/spec/findings.hpp"

#include <gmock/gmock.h>

#include <set>

namespace pgexpand::spec {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string wrong(std::string_view key, std::string_view text) {
  Settings settings;
  return set_setting(settings, key, text).value_or("");
}

TEST(SettingsTest, EverySettingHasItsOwnSpellings) {
  std::set<std::string_view> keys;
  std::set<std::string_view> flags;
  for (const SettingName& name : setting_names()) {
    EXPECT_TRUE(keys.insert(name.key).second) << name.key;
    EXPECT_FALSE(name.help.empty()) << name.key;
    EXPECT_TRUE(name.flag.empty() || flags.insert(name.flag).second);
  }
  EXPECT_EQ(keys.size(), 23U);
}

TEST(SettingsTest, AVariableIsItsFlagInCapitals) {
  for (const SettingName& name : setting_names()) {
    std::string expected = name.flag.empty() ? "" : "PGEXPAND_";
    for (const char c : name.flag.substr(name.flag.empty() ? 0 : 2)) {
      expected += c == '-' ? '_' : static_cast<char>(std::toupper(c));
    }
    EXPECT_EQ(name.variable, expected);
  }
}

TEST(SettingsTest, EveryDefaultReadsBack) {
  const Settings defaults;
  for (const SettingName& name : setting_names()) {
    EXPECT_EQ(wrong(name.key, get_setting(defaults, name.key)), "");
  }
}

TEST(SettingsTest, DefaultsAreThoseOfTheManual) {
  const Settings settings;
  EXPECT_EQ(get_setting(settings, "lock.timeout"), "300ms");
  EXPECT_EQ(get_setting(settings, "lock.budget"), "10m");
  EXPECT_EQ(get_setting(settings, "backfill.batch_rows"), "10000");
  EXPECT_EQ(get_setting(settings, "backfill.max_wal"), "off");
  EXPECT_EQ(get_setting(settings, "contract.after"), "0");
}

TEST(SettingsTest, AnAliasIsANameThatIsFreeToUse) {
  Settings settings;
  EXPECT_EQ(get_setting(settings, "versions_alias"), "off");
  EXPECT_EQ(set_setting(settings, "versions_alias", "app"), std::nullopt);
  EXPECT_EQ(settings.versions_alias, "app");
  EXPECT_EQ(set_setting(settings, "versions_alias", "off"), std::nullopt);
  EXPECT_EQ(settings.versions_alias, "");
  EXPECT_NE(wrong("versions_alias", "pg_app"), "");
  EXPECT_NE(wrong("versions_alias", "pgexpand_app"), "");
  EXPECT_NE(wrong("versions_alias", std::string(64, 'a')), "");
}

TEST(SettingsTest, WhatWasSetIsReadBack) {
  Settings settings;
  EXPECT_EQ(set_setting(settings, "backfill.max_wal", "50MB"), std::nullopt);
  EXPECT_EQ(set_setting(settings, "backfill.workers", "4"), std::nullopt);
  EXPECT_EQ(set_setting(settings, "runner.max_runtime", "2h"), std::nullopt);
  EXPECT_EQ(settings.backfill_max_wal_bytes, 50 << 20);
  EXPECT_EQ(settings.backfill_workers, 4);
  EXPECT_EQ(settings.runner_max_runtime, 2h);
  EXPECT_EQ(get_setting(settings, "backfill.max_wal"), "50MB");
}

TEST(SettingsTest, OffSwitchesOffOnlyWhatCanBeOff) {
  Settings settings;
  settings.backfill_max_active = 5;
  EXPECT_EQ(set_setting(settings, "backfill.max_active", "off"), std::nullopt);
  EXPECT_EQ(settings.backfill_max_active, std::nullopt);
  EXPECT_NE(wrong("lock.timeout", "off"), "");
  EXPECT_EQ(set_setting(settings, "backfill.max_lag", "off"), std::nullopt);
  EXPECT_EQ(settings.backfill_max_lag, std::nullopt);
}

TEST(SettingsTest, ADurationIsNeverABareNumber) {
  EXPECT_EQ(wrong("lock.timeout", "300"),
            "lock.timeout must be a duration with its unit, such as 250ms, 5s "
            "or 1h, not \"300\"");
  EXPECT_NE(wrong("runner.max_runtime", "60"), "");
  EXPECT_NE(wrong("backfill.max_wal", "1000"), "");
}

TEST(SettingsTest, LimitsAreChecked) {
  EXPECT_EQ(wrong("backfill.batch_rows", "10"), "");
  EXPECT_EQ(wrong("backfill.batch_rows", "1000000"), "");
  EXPECT_EQ(wrong("backfill.batch_rows", "9"),
            "backfill.batch_rows must be between 10 and 1000000, not \"9\"");
  for (const auto& [key, text] :
       std::vector<std::pair<std::string_view, std::string_view>>{
           {"backfill.batch_rows", "1000001"},
           {"backfill.batch_rows", "1e3"},
           {"backfill.batch_rows", "10 "},
           {"backfill.batch_rows", "99999999999999999999"},
           {"backfill.workers", "0"},
           {"backfill.workers", "65"},
           {"backfill.workers", "4294967297"},
           {"lock.timeout", "0"},
           {"lock.timeout", "25d"},
           {"step.budget", "0ms"},
           {"backfill.max_active", "0"},
           {"backfill.max_wal", "1B"},
           {"versions", "both"},
           {"backfill.pinned", "maybe"},
           {"dir", ""},
           {"backfill.throttle_query", ""},
           {"state_schema", "pg_state"}}) {
    EXPECT_THAT(wrong(key, text), HasSubstr(key)) << text;
  }
}

TEST(SettingsTest, AWrongTextChangesNothing) {
  Settings settings;
  static_cast<void>(set_setting(settings, "backfill.workers", "65"));
  EXPECT_EQ(settings.backfill_workers, 1);
}

TEST(SettingsTest, AnUnknownSettingGetsTheNearestOne) {
  EXPECT_EQ(wrong("lock.tiemout", "5s"),
            "there is no setting \"lock.tiemout\"; did you mean "
            "\"lock.timeout\"?");
  EXPECT_THROW(static_cast<void>(get_setting({}, "lock.tiemout")), Error);
}

TEST(SettingsTest, SpecsMaySetOnlySome) {
  for (const SettingName& name : setting_names()) {
    const bool is_general = name.key.find('.') == std::string_view::npos ||
                            name.key.starts_with("runner.");
    EXPECT_EQ(name.in_spec, !is_general) << name.key;
  }
}

class ResolveTest : public testing::Test {
 protected:
  ResolveTest() {
    spec_.settings["backfill.pause"] = {"3s", {"a.yaml", 4, 12, {}}};
    layers_.flags["backfill.pause"] = {"1s", "--pause"};
    layers_.variables["backfill.pause"] = {"2s", "PGEXPAND_PAUSE"};
    layers_.environment["backfill.pause"] = {"4s", "pgexpand.yaml:9"};
    layers_.defaults["backfill.pause"] = {"5s", "pgexpand.yaml:2"};
  }
  SettingValue pause() {
    std::map<std::string, SettingValue> sources;
    static_cast<void>(resolve(layers_, &spec_, findings_, &sources));
    return sources.at("backfill.pause");
  }

  MigrationSpec spec_;
  SettingLayers layers_;
  Diagnostics findings_;
};

TEST_F(ResolveTest, TheNearestLayerWins) {
  EXPECT_EQ(pause().source, "--pause");
  layers_.flags.clear();
  EXPECT_EQ(pause().source, "PGEXPAND_PAUSE");
  layers_.variables.clear();
  EXPECT_EQ(pause().source, "a.yaml:4");
  spec_.settings.clear();
  EXPECT_EQ(pause().source, "pgexpand.yaml:9");
  layers_.environment.clear();
  EXPECT_EQ(pause().text, "5s");
  layers_.defaults.clear();
  EXPECT_EQ(pause().source, "built-in");
  EXPECT_EQ(pause().text, "100ms");
  EXPECT_THAT(places(findings_), IsEmpty());
}

TEST_F(ResolveTest, NoSpecIsAllowed) {
  layers_ = {};
  EXPECT_EQ(resolve(layers_, nullptr, findings_).backfill_pause, 100ms);
}

TEST_F(ResolveTest, AValueThatDoesNotReadNamesItsSource) {
  layers_.flags.clear();
  layers_.variables["backfill.pause"] = {"2", "PGEXPAND_PAUSE"};
  EXPECT_EQ(resolve(layers_, &spec_, findings_).backfill_pause, 100ms);
  EXPECT_THAT(places(findings_), ElementsAre("0:0 spec.bad-setting"));
  EXPECT_THAT(findings_.all()[0].message, HasSubstr("from PGEXPAND_PAUSE"));
}

}  // namespace
}  // namespace pgexpand::spec
