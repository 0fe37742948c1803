// Functions of the state schema.
#include "state/functions.hpp"

#include "pgexpand/state/store.hpp"
#include "state/fence_functions.hpp"
#include "state/home.hpp"
#include "state/version_functions.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <string_view>

namespace pgexpand::state {
namespace {

using sql::Identifier;
using sql::Statement;

std::string with_schema(std::string_view body, const Identifier& schema) {
  constexpr std::string_view mark = "{S}";
  std::string text(body);
  for (auto at = text.find(mark); at != std::string::npos;
       at = text.find(mark, at + schema.quoted().size())) {
    text.replace(at, mark.size(), schema.quoted());
  }
  return text;
}

// A schema's name may hold anything, a dollar quote too.
std::string dollar_quote(std::string_view body) {
  std::string tag = "$pgexpand$";
  for (int n = 1; body.find(tag) != std::string_view::npos; ++n) {
    tag = fmt::format("$pgexpand{}$", n);
  }
  return tag;
}

Identifier name_of(const Function& function) {
  const std::string head = function.head;
  return Identifier(head.substr(0, head.find('(')));
}

// With its caller's rights: it does what the caller might do by hand.
Statement create_function(const Function& function, const Identifier& schema) {
  const std::string body = with_schema(function.body, schema);
  const std::string quote = dollar_quote(body);
  return Statement::verbatim(
      fmt::format("CREATE OR REPLACE FUNCTION {}.{} SET search_path = "
                  "pg_catalog, pg_temp AS {}{}\n{}",
                  schema, function.head, quote, body, quote));
}

}  // namespace

std::vector<Statement> create_functions(const std::vector<Function>& functions,
                                        const Identifier& schema) {
  std::vector<Statement> statements;
  for (const Function& function : functions) {
    statements.push_back(create_function(function, schema));
    statements.push_back(
        Statement::of("REVOKE ALL ON FUNCTION {} FROM PUBLIC",
                      sql::TableName{schema, name_of(function)}));
  }
  return statements;
}

Statement share_functions(const Identifier& schema, const Identifier& role) {
  std::vector<std::string> names;
  for (const auto& functions : {view_functions(), version_functions(),
                                fence_functions(), home_functions()}) {
    for (const Function& function : functions) {
      names.push_back(sql::TableName{schema, name_of(function)}.quoted());
    }
  }
  return Statement::of(
      "GRANT EXECUTE ON FUNCTION {} TO {}",
      sql::Expression{fmt::format("{}", fmt::join(names, ", "))}, role);
}

}  // namespace pgexpand::state
