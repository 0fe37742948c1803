#include "fuzz/fuzz_server.hpp"

#include "fuzz/deparse.hpp"
#include "fuzz/target.hpp"
#include "ops/example_catalog.hpp"
#include "pgexpand/sql/parser.hpp"
#include "sql/parse_tree.hpp"

#include <algorithm>
#include <optional>

namespace pgexpand::fuzz {
namespace {

using catalog::ExpressionAnswer;
using catalog::ExpressionProbe;
using catalog::Type;
using nlohmann::json;

constexpr std::array<std::string_view, 6> types{
    "text", "integer", "boolean", "jsonb", "varchar(50)", "timestamptz"};

Type type_named(const std::string& text) {
  if (const auto known = ops::known_type(text)) {
    return *known;
  }
  const auto deparsed = deparse_expression("NULL::" + text);
  constexpr std::string_view cast = "NULL::";
  const bool is_cast = deparsed && deparsed->starts_with(cast);
  return {.name = {is_cast ? deparsed->substr(cast.size()) : text},
          .oid = 90'000,
          .base_oid = 90'000};
}

Diagnostic refusal(const Location& where) {
  return {.code = "expression.rejected",
          .message = "the server does not like it",
          .where = where};
}

bool has_qualified_column(const json& node) {
  if (node.is_object()) {
    return std::ranges::any_of(node.items(), [](const auto& member) {
      return (member.key() == "ColumnRef" &&
              member.value()["fields"].size() != 1) ||
             has_qualified_column(member.value());
    });
  }
  return node.is_array() && std::ranges::any_of(node, has_qualified_column);
}

/// The text as the server would write it; nothing for what it would refuse.
std::optional<sql::Expression> deparse(const ExpressionProbe& probe) {
  const auto text = deparse_expression(probe.text);
  if (!text || sql::check_expression(*text) ||
      has_qualified_column(sql::expression_tree(*text))) {
    return std::nullopt;
  }
  for (const auto& column : sql::columns_of(*text)) {
    const bool is_there =
        std::ranges::find(probe.columns, column, &catalog::ScopeColumn::name) !=
        probe.columns.end();
    if (!is_there) {
      return std::nullopt;
    }
  }
  const std::string alias = probe.table ? probe.table->name.quoted() : "";
  return sql::rewrite_columns({*text}, alias);
}

void bend(Input& input, ExpressionAnswer& answer) {
  answer.assignable = !input.one_in(16);
  answer.castable = answer.assignable || !input.one_in(4);
  answer.binary_coercible = input.one_in(4);
  if (input.one_in(4)) {
    answer.type = *ops::known_type(input.pick(types));
  }
  if (input.one_in(8)) {
    answer.stability = catalog::Stability::session;
    answer.unstable_because = "now()";
  }
  if (input.one_in(16)) {
    answer.sampled_rows = 10;
    answer.failed_rows = 1;
    answer.failed_sqlstate = "22P02";
  }
  answer.has_aggregate = input.one_in(64);
}

ExpressionAnswer answer(Input& input, const ExpressionProbe& probe) {
  const auto finding =
      sql::check_expression(probe.text, {.allow_subquery = true});
  check(!finding || (probe.is_for_ddl && finding->code == "sql.syntax"),
        "only what was checked is asked", probe.text);
  ExpressionAnswer answer;
  const auto deparsed = deparse(probe);
  if (!deparsed) {
    answer.finding = refusal(probe.where);
    return answer;
  }
  answer.deparsed = *deparsed;
  answer.type = type_named(
      probe.is_predicate ? "boolean" : probe.target_type.value_or("text"));
  if (!input.is_empty()) {
    bend(input, answer);
  }
  return answer;
}

catalog::TypeAnswer answer(Input& input, const catalog::TypeProbe& probe) {
  const auto finding = sql::check_type(probe.text);
  check(!finding || finding->code == "sql.syntax",
        "only a checked type is asked", probe.text);
  if (finding) {
    return {.finding = refusal(probe.where)};
  }
  catalog::TypeAnswer answer{.type = type_named(probe.text)};
  if (input.one_in(32)) {
    answer.finding = refusal(probe.where);
  }
  answer.type.is_domain = input.one_in(16);
  answer.type.domain_has_constraints = input.one_in(32);
  if (probe.collation) {
    answer.collation = sql::quote_identifier(*probe.collation);
  }
  return answer;
}

}  // namespace

catalog::Answers answer(Input& input, const catalog::Probes& probes) {
  catalog::Answers answers;
  for (const auto& [key, probe] : probes.types) {
    answers.types[key] = answer(input, probe);
  }
  for (const auto& [key, probe] : probes.expressions) {
    answers.expressions[key] = answer(input, probe);
  }
  for (const auto& [key, probe] : probes.keys) {
    answers.keys[key] = {.is_comparable = !input.one_in(16),
                         .from_type = "integer",
                         .to_type = "bigint"};
  }
  for (const auto& [key, probe] : probes.opclasses) {
    answers.opclasses[key].name = probe.name.quoted();
    if (input.one_in(32)) {
      answers.opclasses[key].finding = refusal(probe.where);
    }
  }
  return answers;
}

}  // namespace pgexpand::fuzz
