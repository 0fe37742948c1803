// The tables of the state schema. Ordinary logged tables with primary keys, so
// that state and data share one WAL, and a FOR ALL TABLES publication that
// catches them breaks no UPDATE.
#include "pgexpand/state/store.hpp"
#include "state/fence_functions.hpp"
#include "state/versions.hpp"

#include <algorithm>
#include <array>

namespace pgexpand::state {
namespace {

using sql::Identifier;
using sql::Statement;

Statement create_meta(const Identifier& schema) {
  return Statement::of(
      "CREATE TABLE {}.meta (\n"
      "  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),\n"
      "  version integer NOT NULL,\n"
      "  created_at timestamptz NOT NULL DEFAULT clock_timestamp())",
      schema);
}

Statement create_migration(const Identifier& schema) {
  return Statement::of(
      "CREATE TABLE {}.migration (\n"
      "  id text PRIMARY KEY,\n"
      "  status text NOT NULL DEFAULT 'pending',\n"
      "  completed text, running text, through text,\n"
      "  epoch bigint NOT NULL DEFAULT 0,\n"
      "  spec_text text NOT NULL DEFAULT '',\n"
      "  spec_hash text NOT NULL DEFAULT '',\n"
      "  plan text,\n"
      "  plan_hash text NOT NULL DEFAULT '',\n"
      "  is_visible boolean NOT NULL DEFAULT false,\n"
      "  paused boolean NOT NULL DEFAULT false,\n"
      "  paused_by text NOT NULL DEFAULT '',\n"
      "  live jsonb NOT NULL DEFAULT '{{}}',\n"
      "  in_force jsonb NOT NULL DEFAULT '{{}}',\n"
      "  poison text NOT NULL DEFAULT '',\n"
      "  started_at timestamptz, switched_at timestamptz,\n"
      "  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),\n"
      "  verify_clean boolean, verify_at timestamptz,\n"
      "  verify_rows bigint NOT NULL DEFAULT 0,\n"
      "  verify_differences bigint NOT NULL DEFAULT 0,\n"
      "  fingerprint_before text[], fingerprint text[])",
      schema);
}

Statement create_step(const Identifier& schema) {
  return Statement::of(
      "CREATE TABLE {0}.step (\n"
      "  migration text NOT NULL REFERENCES {0}.migration,\n"
      "  step text NOT NULL,\n"
      "  status text NOT NULL DEFAULT 'pending',\n"
      "  attempts integer NOT NULL DEFAULT 0,\n"
      "  last_sqlstate text NOT NULL DEFAULT '',\n"
      "  undo_done integer NOT NULL DEFAULT 0,\n"
      "  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),\n"
      "  PRIMARY KEY (migration, step))",
      schema);
}

// fillfactor: each batch updates its row; room in the page keeps that HOT.
Statement create_progress(const Identifier& schema) {
  return Statement::of(
      "CREATE TABLE {}.progress (\n"
      "  migration text NOT NULL, step text NOT NULL,\n"
      "  worker integer NOT NULL DEFAULT 0,\n"
      "  relation bigint NOT NULL DEFAULT 0,\n"
      "  relfilenode bigint NOT NULL DEFAULT 0,\n"
      "  first_block bigint NOT NULL DEFAULT 0,\n"
      "  bound_block bigint NOT NULL DEFAULT 0,\n"
      "  next_block bigint NOT NULL DEFAULT 0,\n"
      "  blocks_done bigint NOT NULL DEFAULT 0,\n"
      "  key_after text NOT NULL DEFAULT '',\n"
      "  key_bound text NOT NULL DEFAULT '',\n"
      "  pass integer NOT NULL DEFAULT 0,\n"
      "  round integer NOT NULL DEFAULT 0,\n"
      "  round_rows bigint NOT NULL DEFAULT 0,\n"
      "  rows bigint NOT NULL DEFAULT 0,\n"
      "  differences bigint NOT NULL DEFAULT 0,\n"
      "  quarantined bigint NOT NULL DEFAULT 0,\n"
      "  wal_bytes bigint NOT NULL DEFAULT 0,\n"
      "  hot_rows bigint NOT NULL DEFAULT 0,\n"
      "  rows_per_second bigint NOT NULL DEFAULT 0,\n"
      "  eta_ms bigint NOT NULL DEFAULT -1,\n"
      "  eta_before_ms bigint NOT NULL DEFAULT -1,\n"
      "  waiting_for text NOT NULL DEFAULT '',\n"
      "  done boolean NOT NULL DEFAULT false,\n"
      "  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),\n"
      "  PRIMARY KEY (migration, step, worker)) WITH (fillfactor = 20)",
      schema);
}

// Written by the sync functions too: they name the first four columns.
Statement create_quarantine(const Identifier& schema) {
  return Statement::of(
      "CREATE TABLE {}.quarantine (\n"
      "  migration text NOT NULL, table_name text NOT NULL,\n"
      "  key text NOT NULL, sqlstate text NOT NULL,\n"
      "  at timestamptz NOT NULL DEFAULT clock_timestamp(),\n"
      "  PRIMARY KEY (migration, table_name, key))",
      schema);
}

Statement create_runner(const Identifier& schema) {
  return Statement::of(
      "CREATE TABLE {}.runner (\n"
      "  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),\n"
      "  epoch bigint NOT NULL DEFAULT 0,\n"
      "  control_pid integer NOT NULL DEFAULT 0,\n"
      "  control_start timestamptz,\n"
      "  work_pid integer NOT NULL DEFAULT 0,\n"
      "  work_start timestamptz,\n"
      "  host text NOT NULL DEFAULT '',\n"
      "  process integer NOT NULL DEFAULT 0,\n"
      "  started_at timestamptz NOT NULL DEFAULT clock_timestamp())",
      schema);
}

// Backends of the runner besides the two in its row.
Statement create_backend(const Identifier& schema) {
  return Statement::of(
      "CREATE TABLE {}.backend (\n"
      "  pid integer NOT NULL, backend_start timestamptz NOT NULL,\n"
      "  PRIMARY KEY (pid, backend_start))",
      schema);
}

Statement create_event(const Identifier& schema) {
  return Statement::of(
      "CREATE TABLE {}.event (\n"
      "  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
      "  at timestamptz NOT NULL DEFAULT clock_timestamp(),\n"
      "  migration text NOT NULL, kind text NOT NULL,\n"
      "  detail jsonb NOT NULL)",
      schema);
}

void add(const std::vector<Statement>& more, std::vector<Statement>& to) {
  to.insert(to.end(), more.begin(), more.end());
}

// What stands in the catalog about the tables as a phase ended, and whether how
// they look is still to be read; what is asked in one go with a batch; and
// which release to install where this one is too old. Version 1 counted
// repairs.
std::vector<Statement> add_fences(const Identifier& schema) {
  std::vector<Statement> statements{
      Statement::of(
          "ALTER TABLE {}.migration ADD COLUMN stamp text[],"
          " ADD COLUMN fingerprint_due boolean NOT NULL DEFAULT false",
          schema),
      Statement::of(
          "ALTER TABLE {}.meta ADD COLUMN release text NOT NULL DEFAULT ''",
          schema),
      Statement::of("ALTER TABLE {}.progress DROP COLUMN IF EXISTS repaired",
                    schema)};
  add(create_functions(fence_functions(), schema), statements);
  return statements;
}

// As version 2 brought it: later columns are later steps'.
std::vector<Statement> add_versions(const Identifier& schema) {
  std::vector<Statement> statements = version_statements(schema);
  statements.push_back(
      Statement::of("REVOKE ALL ON {}.version FROM PUBLIC", schema));
  return statements;
}

// Which constraint a row in quarantine violates.
std::vector<Statement> add_violated(const Identifier& schema) {
  return {
      Statement::of("ALTER TABLE {}.quarantine ADD COLUMN constraint_name"
                    " text",
                    schema)};
}

}  // namespace

std::vector<Statement> create_statements(const Identifier& schema) {
  std::vector<Statement> statements{
      Statement::of("CREATE SCHEMA {}", schema),
      Statement::of("REVOKE ALL ON SCHEMA {} FROM PUBLIC", schema),
      create_meta(schema),
      create_migration(schema),
      create_step(schema),
      create_progress(schema),
      create_quarantine(schema),
      create_runner(schema),
      create_backend(schema),
      create_event(schema)};
  add(version_statements(schema), statements);
  add(add_fences(schema), statements);
  add(add_violated(schema), statements);
  statements.push_back(Statement::of(
      "REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM PUBLIC", schema));
  statements.push_back(
      Statement::of("INSERT INTO {}.runner DEFAULT VALUES", schema));
  statements.push_back(
      Statement::of("INSERT INTO {}.meta (version, release) VALUES ({}, {})",
                    schema, static_cast<std::int64_t>(state_version),
                    sql::Literal{PGEXPAND_VERSION}));
  return statements;
}

std::vector<Statement> upgrade_statements(const Identifier& schema, int from) {
  // steps[n] makes version n + 2 of version n + 1. From version 4 on a view
  // leaves out what plans list as theirs, and not what is called so.
  constexpr std::array steps{add_versions, add_fences,
                             version_function_statements, add_violated};
  static_assert(steps.size() + 1 == state_version);
  std::vector<Statement> statements;
  for (auto at = static_cast<std::size_t>(std::max(from, 1) - 1);
       at < steps.size(); ++at) {
    add(steps.at(at)(schema), statements);
  }
  statements.push_back(
      Statement::of("UPDATE {}.meta SET version = {}, release = {}", schema,
                    static_cast<std::int64_t>(state_version),
                    sql::Literal{PGEXPAND_VERSION}));
  return statements;
}

}  // namespace pgexpand::state
