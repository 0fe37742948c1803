#include "sql/parse_tree.hpp"

#include <fmt/format.h>
#include <pg_query.h>

#include <memory>
#include <vector>

namespace pgexpand::sql {

ParseOutcome parse_sql(const std::string& text) {
  PgQueryParseResult raw = pg_query_parse(text.c_str());
  const auto release = [](PgQueryParseResult* result) {
    pg_query_free_parse_result(*result);
  };
  const std::unique_ptr<PgQueryParseResult, decltype(release)> owner(&raw,
                                                                     release);
  ParseOutcome outcome;
  if (raw.error != nullptr) {
    outcome.error = raw.error->message;
    outcome.error_offset =
        raw.error->cursorpos > 0 ? raw.error->cursorpos - 1 : 0;
    return outcome;
  }
  outcome.tree = nlohmann::json::parse(raw.parse_tree, nullptr, false);
  return outcome;
}

nlohmann::json expression_tree(std::string_view expression) {
  const auto outcome =
      parse_sql(fmt::format("{}{}\n", expression_prefix, expression));
  if (!outcome.error.empty() || !outcome.tree.contains("stmts") ||
      outcome.tree["stmts"].size() != 1) {
    return nullptr;
  }
  const auto& statement = outcome.tree["stmts"][0]["stmt"];
  if (!statement.contains("SelectStmt")) {
    return nullptr;
  }
  const auto& select = statement["SelectStmt"];
  // limitOption and op are always there; anything else is more than a target.
  if (select.size() != 3 || !select.contains("targetList") ||
      select["targetList"].size() != 1) {
    return nullptr;
  }
  const auto& target = select["targetList"][0]["ResTarget"];
  if (target.contains("name") || !target.contains("val")) {
    return nullptr;
  }
  return target["val"];
}

NodeView view(const nlohmann::json& node) {
  if (!node.is_object() || node.size() != 1) {
    return {};
  }
  const auto member = node.begin();
  return {member.key(), &member.value()};
}

std::vector<std::string> string_list(const nlohmann::json& list) {
  std::vector<std::string> names;
  for (const auto& item : list) {
    const NodeView node = view(item);
    if (node.tag == "String") {
      names.push_back(node.body->value("sval", ""));
    } else if (node.tag == "A_Star") {
      names.emplace_back("*");
    }
  }
  return names;
}

}  // namespace pgexpand::sql
