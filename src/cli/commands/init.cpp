#include "cli/commands.hpp"
#include "pgexpand/campaign/workbench.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <memory>

namespace pgexpand::cli {
namespace {

using campaign::Access;
using campaign::state_schema;
using campaign::Workbench;

int print_sql(Invocation& invocation) {
  invocation.body["sql"] = report::Json::array();
  for (const sql::Statement& statement :
       state::create_statements(state_schema(invocation))) {
    invocation.body["sql"].push_back(statement.text());
    if (!invocation.json()) {
      fmt::print(invocation.out(), "{};\n", statement.text());
    }
  }
  return 0;
}

int run_init(Invocation& invocation) {
  const Workbench bench(invocation, Access::write);
  const std::string& schema = invocation.settings().state_schema;
  invocation.body["state_schema"] = schema;
  if (!invocation.json()) {
    fmt::print(invocation.out(), "schema {} of {} is ready\n", schema,
               bench.arrival().database);
  }
  return 0;
}

}  // namespace

Command init_command(Invocation& invocation) {
  auto sql_only = std::make_shared<bool>(false);
  return {.name = "init",
          .help = "Create the state schema (apply does it too)",
          .parameters = {{"--print-sql",
                          "Print the statements instead of running them",
                          sql_only.get()}},
          .action = [sql_only, &invocation] {
            return *sql_only ? print_sql(invocation) : run_init(invocation);
          }};
}

}  // namespace pgexpand::cli
