#include "exec/owner.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pgexpand::exec {
namespace {

using sql::Identifier;
using sql::Statement;

/// From 16 on a membership may come without the right to SET ROLE.
Statement owners_query(const pg::Session& session) {
  constexpr int first_with_set_option = 160'000;
  const bool has_option = session.server_version_num() >= first_with_set_option;
  return Statement::of(
      "SELECT DISTINCT pg_catalog.pg_get_userbyid(c.relowner)"
      " FROM pg_catalog.pg_class AS c WHERE c.oid = ANY ($1::oid[])"
      " AND pg_catalog.pg_has_role(c.relowner, {})"
      " AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')",
      sql::Expression{has_option ? "'SET'" : "'MEMBER'"});
}

void share_state(const Job& job, const Identifier& owner) {
  const Identifier& schema = job.schema;
  pg::Transaction transaction(job.session(), state_timeouts);
  job.session().run(
      Statement::of("GRANT USAGE, CREATE ON SCHEMA {} TO {}", schema, owner));
  job.session().run(
      Statement::of("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN "
                    "SCHEMA {} TO {}",
                    schema, owner));
  job.session().run(state::share_functions(schema, owner));
  transaction.commit();
}

}  // namespace

std::unique_ptr<pg::ActingAs> act_as_owner(const Job& job) {
  std::vector<std::uint32_t> oids;
  for (const plan::PlannedTable& table : job.plan.tables) {
    oids.push_back(table.oid);
  }
  const pg::Result owners =
      job.session().run(owners_query(job.session()),
                        {fmt::format("{{{}}}", fmt::join(oids, ","))});
  if (owners.rows.size() != 1) {
    return nullptr;
  }
  const std::string owner = owners.single().value_or("");
  share_state(job, Identifier(owner));
  return std::make_unique<pg::ActingAs>(job.session(), owner);
}

}  // namespace pgexpand::exec
