#include "pgexpand/campaign/pace.hpp"

#include "pgexpand/backfill/live_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgexpand::campaign {
namespace {

/// The settings with another value for `key` than the built-in one.
spec::Settings changed(const std::string& key) {
  for (const char* text : {"7", "70", "7s", "7MB", "wait"}) {
    spec::Settings settings;
    if (!spec::set_setting(settings, key, text) &&
        live_value(key, settings) != live_value(key, {})) {
      return settings;
    }
  }
  ADD_FAILURE() << key << " does not reach the walk";
  return {};
}

TEST(LiveSettings, EachIsASettingThatReachesTheWalk) {
  const auto built_in = backfill::values_of(pace_of({}));
  for (const std::string& key : live_keys()) {
    const auto values =
        backfill::values_of(pace_of(changed("backfill." + key)));
    std::size_t different = 0;
    for (const auto& [name, value] : values) {
      different += built_in.at(name) == value ? 0 : 1;
    }
    EXPECT_EQ(different, 1) << key;
  }
}

TEST(LiveSettings, OthersHaveNoLiveValue) {
  EXPECT_EQ(live_value("pause", {}).size(), 0);
  EXPECT_EQ(live_value("backfill.throttle_query", {}).size(), 0);
  EXPECT_EQ(live_value("lock.timeout", {}).size(), 0);
  EXPECT_EQ(live_value("backfill.pause", {}),
            (state::WalkSettings{{"pause_ms", 100}}));
}

}  // namespace
}  // namespace pgexpand::campaign
