#include "fuzz/deparse.hpp"

#include "fuzz/target.hpp"

#include <fmt/format.h>
#include <pg_query.h>

namespace pgexpand::fuzz {

std::optional<std::string> deparse_expression(const std::string& text) {
  constexpr std::string_view prefix = "SELECT ";
  auto parsed =
      pg_query_parse_protobuf(fmt::format("{}{}\n", prefix, text).c_str());
  std::optional<std::string> result;
  if (parsed.error == nullptr) {
    auto deparsed = pg_query_deparse_protobuf(parsed.parse_tree);
    if (deparsed.error == nullptr) {
      const std::string query = deparsed.query;
      if (query.starts_with(prefix)) {
        result = query.substr(prefix.size());
      }
    }
    pg_query_free_deparse_result(deparsed);
  }
  pg_query_free_protobuf_parse_result(parsed);
  return result;
}

nlohmann::json plpgsql_tree(const std::string& create) {
  auto parsed = pg_query_parse_plpgsql(create.c_str());
  check(parsed.error == nullptr, "a function's body parses", create);
  auto tree = nlohmann::json::parse(parsed.plpgsql_funcs);
  pg_query_free_plpgsql_parse_result(parsed);
  return tree;
}

}  // namespace pgexpand::fuzz
