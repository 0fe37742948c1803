#include "pgexpand/sql/parser.hpp"
#include "sql/parse_tree.hpp"

#include <fmt/format.h>

namespace pgexpand::sql {

std::optional<BuiltinType> builtin_type(std::string_view text) {
  const nlohmann::json tree = expression_tree(fmt::format("NULL::{}", text));
  if (!tree.contains("TypeCast")) {
    return std::nullopt;
  }
  const auto& type = tree["TypeCast"]["typeName"];
  const auto names = string_list(type["names"]);
  const bool is_ours =
      names.size() == 1 || (names.size() == 2 && names[0] == "pg_catalog");
  if (!is_ours || type.contains("arrayBounds") || type.contains("setof")) {
    return std::nullopt;
  }
  BuiltinType result{names.back(), {}};
  if (type.contains("typmods")) {
    for (const auto& modifier : type["typmods"]) {
      const NodeView node = view(modifier);
      if (node.tag != "A_Const" || !node.body->contains("ival")) {
        return std::nullopt;
      }
      result.modifiers.push_back((*node.body)["ival"].value("ival", 0));
    }
  }
  if (result.name == "interval" && !result.modifiers.empty()) {
    return std::nullopt;  // a set of fields, which no number orders
  }
  return result;
}

}  // namespace pgexpand::sql
