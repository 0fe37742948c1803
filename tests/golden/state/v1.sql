CREATE SCHEMA "pgexpand";
REVOKE ALL ON SCHEMA "pgexpand" FROM PUBLIC;
CREATE TABLE "pgexpand".meta (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE "pgexpand".migration (
  id text PRIMARY KEY,
  status text NOT NULL DEFAULT 'pending',
  completed text, running text, through text,
  epoch bigint NOT NULL DEFAULT 0,
  spec_text text NOT NULL DEFAULT '',
  spec_hash text NOT NULL DEFAULT '',
  plan text,
  plan_hash text NOT NULL DEFAULT '',
  is_visible boolean NOT NULL DEFAULT false,
  paused boolean NOT NULL DEFAULT false,
  paused_by text NOT NULL DEFAULT '',
  live jsonb NOT NULL DEFAULT '{}',
  in_force jsonb NOT NULL DEFAULT '{}',
  poison text NOT NULL DEFAULT '',
  started_at timestamptz, switched_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  verify_clean boolean, verify_at timestamptz,
  verify_rows bigint NOT NULL DEFAULT 0,
  verify_differences bigint NOT NULL DEFAULT 0,
  fingerprint_before text[], fingerprint text[]);
CREATE TABLE "pgexpand".step (
  migration text NOT NULL REFERENCES "pgexpand".migration,
  step text NOT NULL,
  status text NOT NULL DEFAULT 'pending',
  attempts integer NOT NULL DEFAULT 0,
  last_sqlstate text NOT NULL DEFAULT '',
  undo_done integer NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (migration, step));
CREATE TABLE "pgexpand".progress (
  migration text NOT NULL, step text NOT NULL,
  worker integer NOT NULL DEFAULT 0,
  relation bigint NOT NULL DEFAULT 0,
  relfilenode bigint NOT NULL DEFAULT 0,
  first_block bigint NOT NULL DEFAULT 0,
  bound_block bigint NOT NULL DEFAULT 0,
  next_block bigint NOT NULL DEFAULT 0,
  blocks_done bigint NOT NULL DEFAULT 0,
  key_after text NOT NULL DEFAULT '',
  key_bound text NOT NULL DEFAULT '',
  pass integer NOT NULL DEFAULT 0,
  round integer NOT NULL DEFAULT 0,
  round_rows bigint NOT NULL DEFAULT 0,
  rows bigint NOT NULL DEFAULT 0,
  differences bigint NOT NULL DEFAULT 0,
  repaired bigint NOT NULL DEFAULT 0,
  quarantined bigint NOT NULL DEFAULT 0,
  wal_bytes bigint NOT NULL DEFAULT 0,
  hot_rows bigint NOT NULL DEFAULT 0,
  rows_per_second bigint NOT NULL DEFAULT 0,
  eta_ms bigint NOT NULL DEFAULT -1,
  eta_before_ms bigint NOT NULL DEFAULT -1,
  waiting_for text NOT NULL DEFAULT '',
  done boolean NOT NULL DEFAULT false,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (migration, step, worker)) WITH (fillfactor = 20);
CREATE TABLE "pgexpand".quarantine (
  migration text NOT NULL, table_name text NOT NULL,
  key text NOT NULL, sqlstate text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (migration, table_name, key));
CREATE TABLE "pgexpand".runner (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  epoch bigint NOT NULL DEFAULT 0,
  control_pid integer NOT NULL DEFAULT 0,
  control_start timestamptz,
  work_pid integer NOT NULL DEFAULT 0,
  work_start timestamptz,
  host text NOT NULL DEFAULT '',
  process integer NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE "pgexpand".backend (
  pid integer NOT NULL, backend_start timestamptz NOT NULL,
  PRIMARY KEY (pid, backend_start));
CREATE TABLE "pgexpand".event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  migration text NOT NULL, kind text NOT NULL,
  detail jsonb NOT NULL);
REVOKE ALL ON ALL TABLES IN SCHEMA "pgexpand" FROM PUBLIC;
INSERT INTO "pgexpand".runner DEFAULT VALUES;
INSERT INTO "pgexpand".meta (version) VALUES (1);
