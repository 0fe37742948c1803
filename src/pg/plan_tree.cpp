#include "pg/plan_tree.hpp"

#include <charconv>
#include <optional>
#include <vector>

namespace pgexpand::pg {
namespace {

bool is_break(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '(' || c == ')' || c == '}';
}

/// Tokens of the server's node format: a backslash keeps the next character
/// in its token, `{` begins the name of a node, `}` ends the node.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> next() {
    while (!rest_.empty() && rest_.front() != '}' && is_break(rest_.front())) {
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) {
      return std::nullopt;
    }
    std::size_t end = rest_.front() == '}' ? 1 : 0;
    if (end == 0) {
      end = end_of_word();
    }
    const auto token = rest_.substr(0, end);
    rest_.remove_prefix(token.size());
    return token;
  }

 private:
  [[nodiscard]] std::size_t end_of_word() const {
    std::size_t end = 0;
    while (end < rest_.size() && !is_break(rest_[end]) &&
           (end == 0 || rest_[end] != '{')) {
      end += rest_[end] == '\\' ? 2 : 1;
    }
    return end;
  }

  std::string_view rest_;
};

template <typename Number>
std::optional<Number> number_in(std::string_view token) {
  Number value{};
  const auto* end = token.data() + token.size();
  const auto [stop, error] = std::from_chars(token.data(), end, value);
  return error == std::errc{} && stop == end ? std::optional(value)
                                             : std::nullopt;
}

void note_field(std::string_view node,
                std::string_view field,
                std::string_view value,
                PlanFacts& facts) {
  if (field == ":funcid" || field == ":opfuncid" || field == ":aggfnoid" ||
      field == ":winfnoid") {
    if (const auto oid = number_in<std::uint32_t>(value); oid && *oid != 0) {
      facts.functions.insert(*oid);
    }
  } else if (field == ":resulttype" && node == "{COERCEVIAIO") {
    if (const auto oid = number_in<std::uint32_t>(value)) {
      facts.has_money = facts.has_money || *oid == money_oid;
      facts.types_read_from_text.insert(*oid);
    }
  } else if (field == ":vartype" || field == ":consttype" ||
             field == ":funcresulttype" || field == ":resulttype") {
    facts.has_money =
        facts.has_money || number_in<std::uint32_t>(value) == money_oid;
  } else if (field == ":op" && node == "{SQLVALUEFUNCTION") {
    if (const auto op = number_in<int>(value)) {
      facts.sql_values.insert(*op);
    }
  } else if (field == ":funcretset" || field == ":opretset") {
    facts.has_set = facts.has_set || value == "true";
  } else if (field == ":rtekind") {
    facts.reads_relation = facts.reads_relation || value == "0";
  }
}

void note_node(std::string_view node, PlanFacts& facts) {
  facts.has_aggregate = facts.has_aggregate || node == "{AGGREF";
  facts.has_window = facts.has_window || node == "{WINDOWFUNC";
  facts.converts_text = facts.converts_text || node == "{COERCEVIAIO" ||
                        node == "{ARRAYCOERCEEXPR" ||
                        node == "{CONVERTROWTYPEEXPR";
  facts.has_next_value = facts.has_next_value || node == "{NEXTVALUEEXPR";
}

}  // namespace

PlanFacts scan_plan(std::string_view tree) {
  PlanFacts facts;
  Tokens tokens(tree);
  std::vector<std::string_view> nodes{""};
  std::string_view field;
  while (const auto token = tokens.next()) {
    if (token->starts_with('{')) {
      nodes.push_back(*token);
      note_node(*token, facts);
      field = {};
    } else if (*token == "}") {
      if (nodes.size() > 1) {
        nodes.pop_back();
      }
      field = {};
    } else if (token->starts_with(':')) {
      field = *token;
    } else {
      note_field(nodes.back(), field, *token, facts);
      field = {};
    }
  }
  return facts;
}

}  // namespace pgexpand::pg
