// contract --soft and its way back: rights on the views of older versions, and
// nothing else.
#include "exec/job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace pgexpand::exec {
namespace {

using sql::Identifier;
using sql::Literal;
using sql::Statement;
using Versions = std::vector<state::PublishedVersion>;

constexpr pg::Timeouts timeouts{.lock = milliseconds{10'000},
                                .statement = milliseconds{30'000}};

/// The owner of the versions' views whose rights we have by SET ROLE only;
/// empty: there is none, or more than one.
std::string owner_to_become(pg::Session& session, const Identifier& schema) {
  const pg::Result owners = session.run(Statement::of(
      "SELECT DISTINCT pg_catalog.pg_get_userbyid(c.relowner)"
      " FROM {}.version AS v"
      " CROSS JOIN pg_catalog.jsonb_array_elements(v.schemas) AS s"
      " JOIN pg_catalog.pg_namespace AS n ON n.nspname = s ->> 'schema'"
      " JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid"
      " WHERE NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')"
      " AND pg_catalog.pg_has_role(c.relowner, 'MEMBER')",
      schema));
  return owners.rows.size() == 1 ? owners.rows[0].at(0).value_or("") : "";
}

Error no_version(const std::string& migration) {
  return Error(
             ErrorKind::refused, "contract.no-version",
             fmt::format("migration {} has no version schema that is published",
                         migration))
      .hint("run `pgexpand status` to see which migrations have one");
}

}  // namespace

bool soften_versions(const std::string& migration,
                     bool soft,
                     Runner& runner,
                     const Identifier& state_schema) {
  pg::Session& session = runner.work();
  state::Store store(session, state_schema);
  const Versions versions = store.versions();
  const auto mine = std::ranges::find(versions, migration,
                                      &state::PublishedVersion::migration);
  if (mine == versions.end()) {
    throw no_version(migration);
  }
  if (mine == versions.begin()) {
    return false;
  }
  const pg::ActingAs acting(session, owner_to_become(session, state_schema));
  pg::Transaction transaction(session, timeouts);
  session.run(
      Statement::of("SELECT {}.{}({})", state_schema,
                    Identifier(soft ? "soften_versions" : "restore_versions"),
                    Literal{migration}));
  store.add_event(migration, soft ? "softened" : "restored", "{}");
  transaction.commit();
  return true;
}

}  // namespace pgexpand::exec
