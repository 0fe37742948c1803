#include "pgexpand/sql/parser.hpp"
#include "sql/parse_tree.hpp"

#include <algorithm>
#include <array>

namespace pgexpand::sql {
namespace {

using nlohmann::json;

// Built-in functions that have a result for every argument of their types.
constexpr std::array total_functions{
    "lower",        "upper",       "initcap",
    "btrim",        "ltrim",       "rtrim",
    "length",       "md5",         "reverse",
    "char_length",  "now",         "clock_timestamp",
    "left",         "right",       "gen_random_uuid",
    "random",       "to_tsvector", "statement_timestamp",
    "octet_length", "concat",      "transaction_timestamp",
    "concat_ws",    "starts_with", "replace"};

// Those that refuse some words for a unit, a zone or a place: a constant one is
// known to be right by now.
constexpr std::array total_by_first{"date_trunc", "timezone", "date_part",
                                    "extract"};
constexpr std::array total_by_last{"split_part"};

constexpr std::array total_operators{
    "=", "<>", "<", ">", "<=", ">=", "||", "->", "->>", "@>", "<@", "?"};

bool is_const(const json& node) {
  const auto [tag, body] = view(node);
  return body != nullptr &&
         (tag == "A_Const" || (tag == "TypeCast" && is_const((*body)["arg"])));
}

bool is_text(const json& type) {
  const auto names = string_list(type["names"]);
  const auto& name = names.back();
  return !type.contains("typmods") && !type.contains("arrayBounds") &&
         (name == "text" || name == "varchar");
}

bool is_total(const json& node);

bool all_total(const json& list) {
  return std::ranges::all_of(list,
                             [](const json& one) { return is_total(one); });
}

bool all_total(const json& body, const char* member) {
  return !body.contains(member) || all_total(body[member]);
}

bool is_total_case(const json& body) {
  return all_total(body["args"]) &&
         (!body.contains("arg") || is_total(body["arg"])) &&
         (!body.contains("defresult") || is_total(body["defresult"]));
}

bool is_total_call(const json& body) {
  const auto names = string_list(body["funcname"]);
  if (names.size() != 1 && (names.size() != 2 || names[0] != "pg_catalog")) {
    return false;
  }
  const auto is_among = [&](const auto& known) {
    return std::ranges::find(known, names.back()) != known.end();
  };
  if (!body.contains("args") || body["args"].empty()) {
    return is_among(total_functions);
  }
  const json& args = body["args"];
  const bool is_known = is_among(total_functions) ||
                        (is_among(total_by_first) && is_const(args.front())) ||
                        (is_among(total_by_last) && is_const(args.back()));
  return is_known && all_total(args);
}

bool is_total_operator(const json& body) {
  const std::string kind = body.value("kind", "");
  constexpr std::array kinds{
      "AEXPR_OP",     "AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT",
      "AEXPR_IN",     "AEXPR_BETWEEN",  "AEXPR_NOT_BETWEEN",
      "AEXPR_OP_ANY", "AEXPR_OP_ALL",   "AEXPR_NULLIF"};
  const auto names = string_list(body["name"]);
  const bool is_like = kind == "AEXPR_LIKE" || kind == "AEXPR_ILIKE";
  const bool is_known =
      is_like ? is_const(body["rexpr"])
              : std::ranges::find(kinds, kind) != kinds.end() &&
                    (kind != "AEXPR_OP" ||
                     (names.size() == 1 &&
                      std::ranges::find(total_operators, names.back()) !=
                          total_operators.end()));
  return is_known && (!body.contains("lexpr") || is_total(body["lexpr"])) &&
         is_total(body["rexpr"]);
}

bool is_total(const json& node) {
  if (node.is_array()) {
    return all_total(node);
  }
  const auto [tag, body] = view(node);
  if (body == nullptr) {
    return false;
  }
  if (tag == "ColumnRef" || tag == "SQLValueFunction" || is_const(node)) {
    return true;
  }
  if (tag == "TypeCast") {
    return is_text((*body)["typeName"]) && is_total((*body)["arg"]);
  }
  if (tag == "NullTest" || tag == "BooleanTest" || tag == "CollateClause") {
    return is_total((*body)["arg"]);
  }
  if (tag == "CoalesceExpr" || tag == "BoolExpr" || tag == "MinMaxExpr" ||
      tag == "List") {
    return all_total((*body)[tag == "List" ? "items" : "args"]);
  }
  if (tag == "A_ArrayExpr") {
    return all_total(*body, "elements");
  }
  if (tag == "CaseExpr") {
    return is_total_case(*body);
  }
  if (tag == "CaseWhen") {
    return is_total((*body)["expr"]) && is_total((*body)["result"]);
  }
  if (tag == "FuncCall") {
    return is_total_call(*body);
  }
  return tag == "A_Expr" && is_total_operator(*body);
}

}  // namespace

bool cannot_fail(std::string_view text) {
  return can_read(text) && is_total(expression_tree(text));
}

}  // namespace pgexpand::sql
