// Where the state is: the cluster, the database, and the state's own table. A
// dump gives each of them another number, pg_restore into the same database the
// last one. A name changes with none of them.
#include "state/home.hpp"

namespace pgexpand::state {
namespace {

// A provider may have taken the right to ask for the cluster's number away.
constexpr Function here{.head = "here() RETURNS text LANGUAGE plpgsql STABLE",
                        .body = R"(
DECLARE
  cluster text := '';
BEGIN
  BEGIN
    SELECT system_identifier::text INTO cluster FROM pg_control_system();
  EXCEPTION WHEN insufficient_privilege THEN
    NULL;
  END;
  RETURN format('%s/%s/%s', cluster,
    (SELECT oid FROM pg_database WHERE datname = current_database()),
    '{S}.migration'::regclass::oid);
END)"};

}  // namespace

std::vector<Function> home_functions() { return {here}; }

}  // namespace pgexpand::state
