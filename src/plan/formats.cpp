// The formats of stored plans. A plan outlives the release that stored it: the
// migration may be under way for months. So each format has a step that makes
// the next one of it, and only the newest is decoded.
#include "plan/formats.hpp"

#include "pgexpand/plan/plan.hpp"
#include "pgexpand/sql/subject.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

namespace pgexpand::plan {
namespace {

using Json = nlohmann::json;

// Format 1 is format 2 before it had a number and the name of a release.
void lift_1(Json& /*stored*/) {}

void collect_own(const Json& node, std::set<std::string>& names) {
  if (node.is_string()) {
    for (const auto& name :
         sql::own_names_of(sql::Statement::verbatim(node.get<std::string>()))) {
      names.insert(name.name());
    }
  } else if (node.is_array()) {
    for (const Json& element : node) {
      collect_own(element, names);
    }
  }
}

// What all sessions had, and the sync functions of such plans have still.
Json settings_of_2() {
  Json settings = Json::array();
  const auto add = [&](const char* name, const char* value) {
    settings.push_back({{"name", name}, {"value", value}});
  };
  add("TimeZone", "UTC");
  add("DateStyle", "ISO, MDY");
  add("IntervalStyle", "postgres");
  add("extra_float_digits", "1");
  add("bytea_output", "hex");
  add("xmloption", "content");
  return settings;
}

// Format 2 did not list the names it gives: its statements tell.
void lift_2(Json& stored) {
  std::set<std::string> names;
  const auto steps = stored.find("steps");  // reading it says what is wrong
  for (const Json& step : steps == stored.end() ? Json::array() : *steps) {
    const auto action = step.find("action");
    if (action != step.end()) {
      for (const char* key : {"statements", "create"}) {
        const auto found = action->find(key);
        if (found != action->end()) {
          collect_own(*found, names);
        }
      }
    }
  }
  stored.emplace("own", names);
  stored.emplace("settings", settings_of_2());
}

// Format 3 did not look for code that names what contract takes away.
void lift_3(Json& stored) { stored.emplace("names_to_miss", Json::array()); }

}  // namespace

int format_of(const Json& stored) {
  if (!stored.is_object()) {
    throw Unreadable("it is no JSON object");
  }
  const auto found = stored.find("format");
  if (found == stored.end()) {
    return 1;
  }
  if (!found->is_number_unsigned() || *found == 0U ||
      !std::in_range<int>(found->get<std::uint64_t>())) {
    throw Unreadable("\"format\" is no number of a format");
  }
  return found->get<int>();
}

std::string release_of(const Json& stored) {
  constexpr std::size_t longest = 40;
  const auto found = stored.find("written_by");  // end() of what is no object
  if (found == stored.end() || !found->is_string()) {
    return {};
  }
  auto release = found->get<std::string>();
  const bool is_name = std::ranges::all_of(release, [](char each) {
    return (each >= '0' && each <= '9') || (each >= 'a' && each <= 'z') ||
           (each >= 'A' && each <= 'Z') || each == '.' || each == '-' ||
           each == '+' || each == '~';
  });
  return is_name && release.size() <= longest ? release : std::string();
}

void lift(Json& stored, int from) {
  // lifts[n] makes format n + 2 of format n + 1.
  constexpr std::array lifts{lift_1, lift_2, lift_3};
  static_assert(lifts.size() + 1 == stored_format);
  for (auto at = static_cast<std::size_t>(from - 1); at < lifts.size(); ++at) {
    lifts.at(at)(stored);
  }
}

}  // namespace pgexpand::plan
