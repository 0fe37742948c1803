// A plan as JSON text.
#include "pgexpand/base/overloaded.hpp"
#include "plan/json_members.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace pgexpand::plan {
namespace {

using Json = nlohmann::json;

Json written(bool value) { return value; }
Json written(std::integral auto value) { return value; }
Json written(const std::string& value) { return value; }
Json written(const sql::Identifier& value) { return value.name(); }
Json written(const sql::Expression& value) { return value.text; }
Json written(const sql::Statement& value) { return value.text(); }
Json written(Phase value) { return name(value); }
Json written(LockMode value) { return static_cast<int>(value); }
Json written(Severity value) {
  return severity_words.at(static_cast<std::size_t>(value));
}
Json written(Budget value) {
  return budget_words.at(static_cast<std::size_t>(value));
}
Json written(const Action& action);
template <HasMembers Type>
Json written(const Type& value);

template <typename Type>
Json written(const std::optional<Type>& value) {
  return value ? written(*value) : Json();
}

template <typename Type>
Json written(const std::vector<Type>& values) {
  Json array = Json::array();
  for (const Type& value : values) {
    array.push_back(written(value));
  }
  return array;
}

class Writer {
 public:
  void needs(const char* key, const auto& member) {
    object_[key] = written(member);
  }
  void may_lack(const char* key, const auto& member) { needs(key, member); }

  [[nodiscard]] Json take() && { return std::move(object_); }

 private:
  Json object_ = Json::object();
};

template <HasMembers Type>
Json written(const Type& value) {
  Writer writer;
  members(writer, value);
  return std::move(writer).take();
}

Json written(const Action& action) {
  Json json =
      std::visit([](const auto& one) -> Json { return written(one); }, action);
  json["kind"] = action_kinds.at(action.index());
  return json;
}

}  // namespace

std::string to_json(const Plan& plan) {
  Json json = written(plan);
  json["format"] = stored_format;
  json["written_by"] = PGEXPAND_VERSION;
  return json.dump();
}

}  // namespace pgexpand::plan
