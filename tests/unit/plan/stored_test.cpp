// Plans that releases stored, kept for ever: tests/golden/stored/make.
#include "pgexpand/plan/plan.hpp"
#include "places.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

namespace pgexpand::plan {
namespace {

using Json = nlohmann::json;

/// The plans that some release stored in `format`.
std::vector<Json> stored_in(int format) {
  std::vector<Json> plans;
  const auto folder = testing::source_folder() / "tests/golden/stored";
  const std::string ending = fmt::format("-format{}.json", format);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().string().ends_with(ending)) {
      std::ifstream file(entry.path());
      for (const Json& one : Json::parse(file)) {
        plans.push_back(one.at("plan"));
      }
    }
  }
  return plans;
}

TEST(StoredPlans, ThereAreSomeOfEachFormat) {
  for (int format = 1; format <= stored_format; ++format) {
    const auto plans = stored_in(format);
    EXPECT_GE(plans.size(), 10U) << format;
    for (const Json& plan : plans) {
      EXPECT_EQ(plan.value("format", 1), format);
    }
  }
}

TEST(StoredPlans, EachIsReadAndNothingInItIsLost) {
  for (int format = 1; format <= stored_format; ++format) {
    for (Json stored : stored_in(format)) {
      const Plan plan = from_json(stored.dump());
      EXPECT_FALSE(plan.steps.empty()) << plan.id;
      stored["format"] = stored_format;
      stored["written_by"] = PGEXPAND_VERSION;
      stored.emplace("leaves", "");  // Came later, and may be missing.
      const Json now = Json::parse(to_json(plan));
      // Since format 3.
      stored.emplace("own", now["own"]);
      stored.emplace("settings", now["settings"]);
      stored.emplace("values_depend_on", Json::array());
      // Since format 4.
      stored.emplace("names_to_miss", Json::array());
      stored.emplace("column_orders", Json::array());
      for (Json& step : stored["steps"]) {
        if (step["action"]["kind"] == "build_index") {
          step["action"].emplace("is_users", false);
        }
      }
      EXPECT_EQ(now, stored);
    }
  }
}

TEST(StoredPlans, TheOlderFormatsNamesAreThoseThatTheFirstToListThemHas) {
  constexpr int lists_them = 3;
  const auto listed = stored_in(lists_them);
  for (int format = 1; format < lists_them; ++format) {
    const auto older = stored_in(format);
    ASSERT_EQ(older.size(), listed.size());
    for (std::size_t n = 0; n < older.size(); ++n) {
      const Plan plan = from_json(older.at(n).dump());
      EXPECT_EQ(plan.own, from_json(listed.at(n).dump()).own) << plan.id;
    }
  }
}

}  // namespace
}  // namespace pgexpand::plan
