// Finds, creates or brings up to date the state schema.
#include "pgexpand/state/store.hpp"
#include "state/reader.hpp"

#include <fmt/format.h>

namespace pgexpand::state {
namespace {

using sql::Identifier;
using sql::Literal;
using sql::Statement;

// Any number that no one else is likely to use: "pgexp" in ASCII.
constexpr std::int64_t bootstrap_lock = 0x7067657870;

struct SchemaState {
  bool exists = false;
  bool is_ours = false;
  bool may_create = false;
  std::string owner, database, user;
};

SchemaState look_at(pg::Session& session, const Identifier& schema) {
  const pg::Result found = session.run(Statement::of(
      "SELECT n.oid IS NOT NULL AS exists,"
      " coalesce(pg_catalog.pg_has_role(n.nspowner, 'USAGE'), false)"
      " AS is_ours,"
      " pg_catalog.has_database_privilege("
      "pg_catalog.current_database(), 'CREATE') AS may_create,"
      " coalesce(pg_catalog.pg_get_userbyid(n.nspowner), '') AS owner,"
      " pg_catalog.current_database() AS database,"
      " current_user AS user"
      " FROM (SELECT 1) AS one"
      " LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = {}",
      Literal{schema.name()}));
  const Reader row(found, found.rows.at(0));
  return {.exists = row.flag("exists"),
          .is_ours = row.flag("is_ours"),
          .may_create = row.flag("may_create"),
          .owner = row.text("owner"),
          .database = row.text("database"),
          .user = row.text("user")};
}

void check_owner(const SchemaState& state, const Identifier& schema) {
  if (state.exists && !state.is_ours) {
    throw Error(ErrorKind::refused, "state.foreign-schema",
                fmt::format("schema {} belongs to role {}, whose rights {} "
                            "does not have",
                            schema.name(), state.owner, state.user))
        .hint(fmt::format("run GRANT {} TO {}, or choose another schema with "
                          "--state-schema",
                          Identifier(state.owner), Identifier(state.user)));
  }
}

void check_may_create(const SchemaState& state, const Identifier& schema) {
  if (!state.exists && !state.may_create) {
    throw Error(ErrorKind::refused, "state.may-not-create",
                fmt::format("role {} may not create schema {} in database {}",
                            state.user, schema.name(), state.database))
        .hint(fmt::format("run GRANT CREATE ON DATABASE {0} TO {1}, or CREATE "
                          "SCHEMA {2} AUTHORIZATION {1}",
                          Identifier(state.database), Identifier(state.user),
                          schema));
  }
}

// From version 3 on the schema says which release made it so.
std::string release_of(pg::Session& session, const Identifier& schema) {
  const pg::Result found = session.run(Statement::of(
      "SELECT pg_catalog.to_jsonb(m) ->> 'release' FROM {}.meta AS m", schema));
  return found.single().value_or("");
}

void check_version(pg::Session& session,
                   const Identifier& schema,
                   std::optional<int> version) {
  if (version.value_or(0) <= state_version) {
    return;
  }
  const std::string release = release_of(session, schema);
  throw Error(ErrorKind::refused, "state.newer",
              fmt::format("the state schema {} has version {}{}; pgexpand {} "
                          "writes up to version {}",
                          schema.name(), *version,
                          release.empty() ? "" : " of pgexpand " + release,
                          PGEXPAND_VERSION, state_version))
      .hint(release.empty()
                ? "install the release of pgexpand that wrote it"
                : fmt::format("install pgexpand {} or a newer one", release));
}

// An older build that is at work knows nothing of what an upgrade changes, and
// would go on.
void keep_others_out(pg::Session& session, const Identifier& schema) {
  const pg::Result locked = session.run(Statement::of(
      "SELECT pg_catalog.pg_try_advisory_xact_lock({})", lease_key(schema)));
  if (locked.single() != "t") {
    throw Error(ErrorKind::busy, "state.upgrade-waits",
                fmt::format("the state schema {} is of an older release, and "
                            "another pgexpand is at work in it",
                            schema.name()))
        .hint("run the same command again when that one has ended");
  }
}

}  // namespace

std::int64_t lease_key(const Identifier& schema) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const char byte : "pgexpand:" + schema.name()) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211U;
  }
  return static_cast<std::int64_t>(hash);
}

std::optional<int> Store::read_version() {
  const sql::TableName meta{schema_, Identifier("meta")};
  // Not to_regclass: that needs USAGE on the schema.
  const pg::Result found = session_.run(Statement::of(
      "SELECT 1 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n"
      " ON n.oid = c.relnamespace"
      " WHERE n.nspname = {} AND c.relname = 'meta'",
      Literal{schema_.name()}));
  if (found.rows.empty()) {
    return std::nullopt;
  }
  const pg::Result version =
      session_.run(Statement::of("SELECT version FROM {}", meta));
  return version.rows.empty() ? 0 : std::stoi(version.single().value_or("0"));
}

std::optional<Error> Store::obstacle() {
  try {
    const SchemaState state = look_at(session_, schema_);
    check_owner(state, schema_);
    check_may_create(state, schema_);
    check_version(session_, schema_, read_version());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::refused) {
      return error;
    }
    throw;
  }
  return std::nullopt;
}

void Store::ensure() {
  check_owner(look_at(session_, schema_), schema_);
  if (const auto version = read_version()) {
    check_version(session_, schema_, version);
    if (*version == state_version) {
      return;
    }
  }
  // A rival's bootstrap is short, but may wait for a slow disk.
  constexpr std::chrono::seconds rival_patience{30};
  pg::Transaction transaction(session_, {.lock = rival_patience});
  session_.run(Statement::of("SELECT pg_catalog.pg_advisory_xact_lock({})",
                             bootstrap_lock));
  const SchemaState state = look_at(session_, schema_);
  check_owner(state, schema_);
  const auto version = read_version();
  check_version(session_, schema_, version);
  if (version == state_version) {
    transaction.rollback();
    return;
  }
  check_may_create(state, schema_);
  if (version) {
    keep_others_out(session_, schema_);
  }
  const auto statements = version ? upgrade_statements(schema_, *version)
                                  : create_statements(schema_);
  // The first one creates the schema; an administrator may have done that.
  const bool has_schema = state.exists && !version;
  for (std::size_t i = has_schema ? 1 : 0; i < statements.size(); ++i) {
    session_.queue(statements[i]);
  }
  transaction.commit();
}

}  // namespace pgexpand::state
