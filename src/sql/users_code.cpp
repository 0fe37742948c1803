#include "pgexpand/sql/parser.hpp"
#include "sql/parse_tree.hpp"

#include <algorithm>

namespace pgexpand::sql {
namespace {

using nlohmann::json;

// The server names the schema of what is not its own.
bool is_users_name(const json& node, const char* member) {
  const auto found = node.find(member);
  if (found == node.end() || !found->is_array()) {
    return false;
  }
  const auto names = string_list(*found);
  return names.size() > 1 && names.front() != "pg_catalog";
}

bool names_users_code(const json& node) {
  if (node.is_object() &&
      (is_users_name(node, "funcname") || is_users_name(node, "name") ||
       is_users_name(node, "names"))) {
    return true;
  }
  return node.is_structured() && std::ranges::any_of(node, names_users_code);
}

}  // namespace

bool calls_users_code(std::string_view text) {
  return !can_read(text) || names_users_code(expression_tree(text));
}

}  // namespace pgexpand::sql
