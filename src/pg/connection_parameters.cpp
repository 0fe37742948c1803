#include "pgexpand/pg/connection_parameters.hpp"

#include "pgexpand/base/error.hpp"

#include <libpq-fe.h>

#include <memory>
#include <string_view>

namespace pgexpand::pg {
namespace {

/// libpq marks with a star what a dialog must not show.
bool is_secret(const PQconninfoOption& option) {
  return std::string_view(option.dispchar).starts_with('*') ||
         std::string_view(option.keyword).find("pass") !=
             std::string_view::npos;
}

}  // namespace

std::map<std::string, std::string> connection_parameters(
    const std::string& dsn) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(dsn.c_str(), nullptr), &PQconninfoFree);
  if (!parsed) {
    throw Error(ErrorKind::usage, "pg.bad-dsn",
                "the connection string cannot be read")
        .hint("run `pgexpand config` to see where it comes from");
  }
  std::map<std::string, std::string> parameters;
  for (const auto* option = parsed.get(); option->keyword != nullptr;
       ++option) {
    if (option->val != nullptr && !is_secret(*option)) {
      parameters.emplace(option->keyword, option->val);
    }
  }
  return parameters;
}

}  // namespace pgexpand::pg
