#include "pgexpand/sql/parser.hpp"
#include "sql/parse_tree.hpp"

#include <algorithm>
#include <array>

namespace pgexpand::sql {
namespace {

using nlohmann::json;
using IsNullable = std::function<bool(const Identifier&)>;

// Built-in functions that return NULL only for a NULL argument.
constexpr std::array strict_functions{
    "lower",
    "upper",
    "initcap",
    "trim",
    "btrim",
    "ltrim",
    "rtrim",
    "length",
    "char_length",
    "abs",
    "round",
    "ceil",
    "floor",
    "trunc",
    "replace",
    "left",
    "right",
    "md5",
    "concat",
    "concat_ws",
    "substr",
    "split_part",
    "timezone",
    "date_trunc",
    "lpad",
    "rpad",
    "reverse",
    "repeat",
    "jsonb_build_object",
};

// Operators of the built-in types that do the same.
constexpr std::array strict_operators{"+",  "-", "*", "/",  "%",  "||", "=",
                                      "<>", "<", ">", "<=", ">=", "&",  "|"};

class Prover {
 public:
  explicit Prover(const IsNullable& is_nullable) : is_nullable_(is_nullable) {}

  [[nodiscard]] bool proves(const json& node) const {
    const auto [tag, body] = view(node);
    if (body == nullptr) {
      return false;
    }
    if (tag == "ColumnRef") {
      return !is_nullable_(Identifier(string_list((*body)["fields"]).back()));
    }
    if (tag == "A_Const") {
      return !body->value("isnull", false);
    }
    if (tag == "TypeCast" || tag == "CollateClause") {
      return proves((*body)["arg"]);
    }
    if (tag == "CoalesceExpr") {
      return std::ranges::any_of((*body)["args"],
                                 [&](const json& arg) { return proves(arg); });
    }
    if (tag == "NullTest" || tag == "BooleanTest") {
      return true;
    }
    if (tag == "CaseExpr") {
      return proves_case(*body);
    }
    if (tag == "BoolExpr" || tag == "MinMaxExpr") {
      return all(*body, "args");
    }
    if (tag == "FuncCall") {
      return is_strict_call(*body) && all(*body, "args");
    }
    return tag == "A_Expr" && proves_operator(*body);
  }

 private:
  [[nodiscard]] bool all(const json& body, const char* member) const {
    return body.contains(member) &&
           std::ranges::all_of(body[member],
                               [&](const json& arg) { return proves(arg); });
  }

  [[nodiscard]] bool proves_case(const json& body) const {
    return body.contains("defresult") && proves(body["defresult"]) &&
           std::ranges::all_of(body["args"], [&](const json& branch) {
             return proves(branch["CaseWhen"]["result"]);
           });
  }

  [[nodiscard]] static bool is_strict_call(const json& body) {
    const auto names = string_list(body["funcname"]);
    const bool is_builtin =
        names.size() == 1 || (names.size() == 2 && names[0] == "pg_catalog");
    return is_builtin && std::ranges::find(strict_functions, names.back()) !=
                             strict_functions.end();
  }

  [[nodiscard]] bool proves_operator(const json& body) const {
    const std::string kind = body.value("kind", "");
    if (kind == "AEXPR_DISTINCT" || kind == "AEXPR_NOT_DISTINCT") {
      return true;
    }
    const auto names = string_list(body["name"]);
    const bool is_known = names.size() == 1 &&
                          std::ranges::find(strict_operators, names.back()) !=
                              strict_operators.end();
    return kind == "AEXPR_OP" && is_known && proves(body["rexpr"]) &&
           (!body.contains("lexpr") || proves(body["lexpr"]));
  }

  const IsNullable& is_nullable_;
};

}  // namespace

bool never_null(std::string_view text, const IsNullable& is_nullable) {
  return Prover(is_nullable).proves(expression_tree(text));
}

}  // namespace pgexpand::sql
