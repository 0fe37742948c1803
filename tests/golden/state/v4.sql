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
CREATE TABLE "pgexpand".version (
  migration text PRIMARY KEY,
  shape jsonb,
  position bigint UNIQUE,
  published_at timestamptz,
  schemas jsonb NOT NULL DEFAULT '[]',
  alias text,
  aliases jsonb NOT NULL DEFAULT '[]',
  softened jsonb);
CREATE OR REPLACE FUNCTION "pgexpand".short_name(long text) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $pgexpand$
DECLARE
  bytes bytea := convert_to(long, 'UTF8');
  hash bigint := 2166136261;
  cut integer := 54;
BEGIN
  IF length(bytes) <= 63 THEN
    RETURN long;
  END IF;
  FOR at IN 0 .. length(bytes) - 1 LOOP
    hash := ((hash # get_byte(bytes, at)) * 16777619) & 4294967295;
  END LOOP;
  WHILE get_byte(bytes, cut) & 192 = 128 LOOP  -- inside a character
    cut := cut - 1;
  END LOOP;
  RETURN convert_from(substr(bytes, 1, cut), 'UTF8')
         || '_' || lpad(to_hex(hash), 8, '0');
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."short_name" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".json_of(stored text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $pgexpand$
BEGIN
  RETURN stored::jsonb;
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."json_of" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".role_name(role oid) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $pgexpand$
SELECT CASE role WHEN 0 THEN 'PUBLIC'
                 ELSE quote_ident(pg_get_userbyid(role)) END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."role_name" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".may_give_to(role oid) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $pgexpand$
SELECT pg_has_role(role,
  CASE WHEN current_setting('server_version_num')::integer >= 160000
       THEN 'SET' ELSE 'MEMBER' END)
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."may_give_to" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".acl_rights(acl aclitem[]) RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $pgexpand$
SELECT coalesce(jsonb_agg(jsonb_build_object(
  'to', grantee::bigint, 'option', can_grant, 'rights', rights)), '[]')
FROM (
  SELECT grantee, can_grant,
         jsonb_agg(privilege_type ORDER BY privilege_type) AS rights
  FROM (SELECT grantee, privilege_type, bool_or(is_grantable) AS can_grant
        FROM aclexplode(acl) GROUP BY grantee, privilege_type) AS each_right
  GROUP BY grantee, can_grant) AS grouped
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."acl_rights" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".grant_commands(view text, of_column text, rights jsonb) RETURNS SETOF text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $pgexpand$
SELECT format('GRANT %s ON %s TO %s%s',
  (SELECT string_agg(one || of_column, ', ')
   FROM jsonb_array_elements_text(entry -> 'rights') AS one),
  view, "pgexpand".role_name((entry ->> 'to')::oid),
  CASE WHEN (entry ->> 'option')::boolean THEN ' WITH GRANT OPTION'
       ELSE '' END)
FROM jsonb_array_elements(rights) AS entry
WHERE (entry ->> 'to')::oid = 0
   OR EXISTS (SELECT FROM pg_roles WHERE oid = (entry ->> 'to')::oid)
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."grant_commands" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".revoke_command(view oid) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $pgexpand$
SELECT format('REVOKE ALL ON %s FROM %s CASCADE', view::regclass,
              string_agg(DISTINCT "pgexpand".role_name(grantee), ', '))
FROM (
  SELECT (aclexplode(coalesce(relacl, acldefault('r', relowner)))).grantee
  FROM pg_class WHERE oid = view
  UNION
  SELECT (aclexplode(attacl)).grantee
  FROM pg_attribute WHERE attrelid = view AND attacl IS NOT NULL) AS present
HAVING count(*) > 0
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."revoke_command" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".version_columns(base text) RETURNS TABLE (relation oid, number smallint, physical text, logical text, has_default boolean, default_text text) LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $pgexpand$
WITH part AS MATERIALIZED (
  SELECT c.oid AS relation, v.position, piece AS shape
  FROM "pgexpand".version AS v
  CROSS JOIN jsonb_array_elements(v.shape -> 'tables') AS piece
  JOIN pg_class AS c ON c.relname = piece ->> 'table'
  JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = base
  WHERE piece ->> 'schema' = base
), renamed AS MATERIALIZED (
  SELECT relation, key AS physical,
         (array_agg(value ORDER BY position DESC))[1] AS logical
  FROM part CROSS JOIN jsonb_each_text(shape -> 'names')
  WHERE position IS NOT NULL GROUP BY relation, key
), made AS MATERIALIZED (
  SELECT relation, position,
         jsonb_array_elements_text(shape -> 'made') AS physical FROM part
), hidden AS MATERIALIZED (
  SELECT relation, jsonb_array_elements_text(shape -> 'gone') AS physical
  FROM part WHERE position IS NOT NULL
  UNION
  SELECT relation, physical FROM made WHERE position IS NULL
), own AS MATERIALIZED (
  SELECT c.oid AS relation, given AS physical
  FROM "pgexpand".migration AS m
  CROSS JOIN LATERAL (SELECT "pgexpand".json_of(m.plan) AS plan) AS p
  CROSS JOIN jsonb_array_elements(p.plan -> 'tables') AS t
  CROSS JOIN LATERAL (
    SELECT jsonb_array_elements_text(p.plan -> 'own')
    UNION ALL  -- before format 3 the plan did not list them
    SELECT c FROM jsonb_array_elements_text(t -> 'columns') AS c
    WHERE NOT p.plan ? 'own' AND starts_with(c, 'pgexpand_')) AS o (given)
  JOIN pg_class AS c ON c.relname = t -> 'name' ->> 'name'
  JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = base
  WHERE m.status NOT IN ('pending', 'contracted')
    AND t -> 'name' ->> 'schema' = base
), changed AS MATERIALIZED (
  SELECT relation, key AS logical,
         (array_agg(value ORDER BY position DESC))[1] AS default_text
  FROM part CROSS JOIN jsonb_each_text(shape -> 'defaults')
  WHERE position IS NOT NULL GROUP BY relation, key
), shown AS (
  SELECT a.attrelid, a.attnum, a.attname::text AS physical,
         coalesce(r.logical, a.attname) AS logical
  FROM pg_attribute AS a
  JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
  JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = base
  LEFT JOIN renamed AS r
    ON r.relation = a.attrelid AND r.physical = a.attname::text
  WHERE a.attnum > 0 AND NOT a.attisdropped
    AND (a.attrelid, a.attname::text) NOT IN (SELECT * FROM hidden)
    AND (r.logical IS NOT NULL
         OR (a.attrelid, a.attname::text) NOT IN (SELECT * FROM own)
         OR (a.attrelid, a.attname::text) IN
            (SELECT m.relation, m.physical FROM made AS m
             WHERE m.position IS NOT NULL))
)
SELECT s.attrelid, s.attnum, s.physical, s.logical, d.relation IS NOT NULL,
       d.default_text
FROM shown AS s
LEFT JOIN changed AS d
  ON d.relation = s.attrelid AND d.logical = s.logical
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."version_columns" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".version_tables(base text) RETURNS TABLE (relation oid, name text, owner oid, gives boolean) LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $pgexpand$
SELECT c.oid, c.relname::text, c.relowner, "pgexpand".may_give_to(c.relowner)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = base
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_depend AS d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                    AND d.deptype = 'e')
  AND (current_setting('server_version_num')::integer >= 150000
       OR "pgexpand".may_give_to(c.relowner))
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."version_tables" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".view_commands(base text, target text) RETURNS SETOF text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $pgexpand$
WITH shown AS MATERIALIZED (
  SELECT t.*, format('%I.%I', target, t.name) AS view, c.number, c.physical,
         c.logical, c.has_default, c.default_text
  FROM "pgexpand".version_tables(base) AS t
  JOIN "pgexpand".version_columns(base) AS c USING (relation)
), each_table AS MATERIALIZED (
  SELECT relation, name, view, owner, gives,
         string_agg(format('t.%I AS %I', physical, logical), ', '
                    ORDER BY number) AS columns
  FROM shown GROUP BY relation, name, view, owner, gives
), command AS (
  SELECT 1 AS turn, format('CREATE VIEW %s%s AS SELECT %s FROM %I.%I AS t',
    view,
    CASE WHEN current_setting('server_version_num')::integer >= 150000
         THEN ' WITH (security_invoker = true)' ELSE '' END,
    columns, base, name) AS text FROM each_table
  UNION ALL
  SELECT 2, format('COMMENT ON VIEW %s IS %L', view,
                   obj_description(relation, 'pg_class'))
  FROM each_table WHERE obj_description(relation, 'pg_class') IS NOT NULL
  UNION ALL
  SELECT 2, format('COMMENT ON COLUMN %s.%I IS %L', s.view, s.logical,
                   d.description)
  FROM shown AS s JOIN pg_description AS d
    ON d.classoid = 'pg_class'::regclass AND d.objoid = s.relation
   AND d.objsubid = s.number
  UNION ALL
  SELECT 2, format('ALTER TABLE %s %s', s.view, string_agg(
    format('ALTER COLUMN %I SET DEFAULT %s', s.logical,
      CASE WHEN NOT s.has_default THEN pg_get_expr(d.adbin, d.adrelid)
           WHEN s.default_text IS NOT NULL THEN s.default_text
           ELSE format('CASE WHEN true THEN NULL::%s END',
                       format_type(a.atttypid, a.atttypmod)) END), ', '))
  FROM shown AS s JOIN pg_attribute AS a
    ON a.attrelid = s.relation AND a.attnum = s.number
  LEFT JOIN pg_attrdef AS d
    ON d.adrelid = s.relation AND d.adnum = s.number AND a.attgenerated = ''
  WHERE s.has_default OR d.adbin IS NOT NULL
  GROUP BY s.view
  UNION ALL
  SELECT 3, format('ALTER VIEW %s OWNER TO %s', view, "pgexpand".role_name(owner))
  FROM each_table WHERE gives AND pg_get_userbyid(owner) <> current_user
)
SELECT text FROM command ORDER BY turn
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."view_commands" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".rights_commands(base text, target text) RETURNS SETOF text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $pgexpand$
WITH pair AS MATERIALIZED (
  SELECT t.oid AS relation, v.oid AS view,
         format('%I.%I', target, v.relname) AS name,
         coalesce(t.relacl, acldefault('r', t.relowner)) AS acl,
         v.relacl IS NULL AND t.relacl IS NULL
           AND v.relowner = t.relowner AS is_same
  FROM pg_class AS v
  JOIN pg_namespace AS vn ON vn.oid = v.relnamespace AND vn.nspname = target
  JOIN pg_class AS t ON t.relname = v.relname
  JOIN pg_namespace AS tn ON tn.oid = t.relnamespace AND tn.nspname = base
  WHERE v.relkind = 'v'
), command AS (
  SELECT 1 AS turn, "pgexpand".revoke_command(view) AS text
  FROM pair WHERE NOT is_same
  UNION ALL
  SELECT 2, granted FROM pair
  CROSS JOIN "pgexpand".grant_commands(name, '', "pgexpand".acl_rights(acl)) AS granted
  WHERE NOT is_same
  UNION ALL
  SELECT 2, granted FROM pair
  JOIN "pgexpand".version_columns(base) AS c USING (relation)
  JOIN pg_attribute AS a ON a.attrelid = relation AND a.attnum = c.number
  CROSS JOIN "pgexpand".grant_commands(name, format(' (%I)', c.logical),
                                "pgexpand".acl_rights(a.attacl)) AS granted
  WHERE a.attacl IS NOT NULL
)
SELECT text FROM command ORDER BY turn
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."rights_commands" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".schema_commands(base text, target text) RETURNS SETOF text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $pgexpand$
WITH command AS (
  SELECT DISTINCT 1 AS turn, format('REVOKE ALL ON SCHEMA %I FROM %s CASCADE',
                                    target, "pgexpand".role_name(r.grantee)) AS text
  FROM pg_namespace AS n CROSS JOIN aclexplode(n.nspacl) AS r
  WHERE n.nspname = target AND r.grantee <> n.nspowner
  UNION ALL
  SELECT 2, format('GRANT USAGE ON SCHEMA %I TO %s%s', target,
    "pgexpand".role_name(r.grantee),
    CASE WHEN bool_or(r.is_grantable) THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM pg_namespace AS n CROSS JOIN
       aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS r
  WHERE n.nspname = base AND r.privilege_type = 'USAGE'
    AND (r.grantee = 0 OR pg_get_userbyid(r.grantee) <> current_user)
  GROUP BY r.grantee
  UNION ALL
  SELECT 3, format('ALTER SCHEMA %I OWNER TO %s', target,
                   "pgexpand".role_name(n.nspowner))
  FROM pg_namespace AS n
  WHERE n.nspname = base AND pg_get_userbyid(n.nspowner) <> current_user
    AND "pgexpand".may_give_to(n.nspowner)
)
SELECT text FROM command ORDER BY turn
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."schema_commands" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".run_all(commands text[]) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pgexpand$
DECLARE
  command text;
BEGIN
  FOREACH command IN ARRAY commands LOOP
    IF command IS NOT NULL THEN
      EXECUTE command;
    END IF;
  END LOOP;
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."run_all" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".make_views(base text, target text) RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pgexpand$
BEGIN
  EXECUTE format('CREATE SCHEMA %I', target);
  PERFORM "pgexpand".run_all(ARRAY(
    SELECT DISTINCT format('GRANT USAGE, CREATE ON SCHEMA %I TO %s', target,
                           "pgexpand".role_name(owner))
    FROM "pgexpand".version_tables(base)
    WHERE gives AND pg_get_userbyid(owner) <> current_user));
  PERFORM "pgexpand".run_all(ARRAY(SELECT "pgexpand".view_commands(base, target)));
  PERFORM "pgexpand".run_all(ARRAY(SELECT "pgexpand".rights_commands(base, target)));
  PERFORM "pgexpand".run_all(ARRAY(SELECT "pgexpand".schema_commands(base, target)));
  RETURN jsonb_build_object(
    'base', base, 'schema', target, 'views',
    (SELECT coalesce(jsonb_agg(c.relname), '[]') FROM pg_class AS c
     JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = target AND c.relkind = 'v'));
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."make_views" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".note_version(id text, shape jsonb) RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $pgexpand$
INSERT INTO "pgexpand".version (migration, shape)
VALUES (id, coalesce(shape, '{"tables": []}'))
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."note_version" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".forget_version(id text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pgexpand$
BEGIN
  IF EXISTS (SELECT FROM "pgexpand".version WHERE migration = id
             AND position IS NOT NULL) THEN
    RAISE 'migration % is published', id USING ERRCODE = '55000';
  END IF;
  DELETE FROM "pgexpand".version WHERE migration = id;
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."forget_version" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".aim_trigger(name name, events text, relation regclass, applies text, function regproc, argument text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pgexpand$
BEGIN
  EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE %s ON %s FOR EACH ROW'
                 ' WHEN (%s) EXECUTE FUNCTION %s(%s)', name, events, relation,
                 applies, function, argument);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', relation, name);
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."aim_trigger" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".aim_triggers(id text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pgexpand$
DECLARE
  t record;
  applies text := 'pg_catalog.current_setting(''pgexpand.mode'', true)'
    ' IS DISTINCT FROM ''backfill''';
  events text;
  uses_new text;
BEGIN
  FOR t IN
    SELECT g.tgname AS name, "pgexpand".short_name(g.tgname || '_new') AS new_name,
           "pgexpand".short_name(g.tgname || '_update') AS update_name,
           g.tgrelid::regclass AS relation, g.tgfoid::regproc AS function,
           (piece ->> 'updates_mind_writer')::boolean AS updates_mind_writer,
           (SELECT array_agg((s ->> 'schema')::name)
            FROM "pgexpand".version AS later
            CROSS JOIN jsonb_array_elements(later.schemas || later.aliases)
              AS s
            WHERE later.position >= v.position) AS schemas
    FROM "pgexpand".version AS v
    CROSS JOIN jsonb_array_elements(v.shape -> 'tables') AS piece
    JOIN pg_namespace AS n ON n.nspname = piece ->> 'schema'
    JOIN pg_class AS c ON c.relnamespace = n.oid
                      AND c.relname = piece ->> 'table'
    JOIN pg_trigger AS g ON g.tgrelid = c.oid
                        AND g.tgname = piece ->> 'trigger'
    WHERE v.position IS NOT NULL OR v.migration = id
    ORDER BY n.nspname, c.relname, v.position
  LOOP
    IF t.schemas IS NULL THEN
      EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', t.new_name, t.relation);
      EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', t.update_name,
                     t.relation);
      PERFORM "pgexpand".aim_trigger(t.name, 'INSERT OR UPDATE', t.relation, applies,
                              t.function, '');
    ELSE
      uses_new := format('pg_catalog.current_schemas(false)'
        ' OPERATOR(pg_catalog.&&) %L::pg_catalog.name[]', t.schemas);
      events := 'INSERT OR UPDATE';
      IF NOT t.updates_mind_writer THEN
        events := 'INSERT';
        PERFORM "pgexpand".aim_trigger(t.update_name, 'UPDATE', t.relation, applies,
                                t.function, '');
      END IF;
      PERFORM "pgexpand".aim_trigger(t.name, events, t.relation,
        'NOT (' || uses_new || ') AND ' || applies, t.function, '');
      PERFORM "pgexpand".aim_trigger(t.new_name, events, t.relation,
        uses_new || ' AND ' || applies, t.function, '''new''');
    END IF;
  END LOOP;
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."aim_triggers" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".move_alias(here text, there text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pgexpand$
BEGIN
  EXECUTE format('ALTER SCHEMA %I RENAME TO %I', here, there);
  UPDATE "pgexpand".version AS v
  SET aliases = (
    SELECT jsonb_agg(CASE WHEN a ->> 'schema' = here
                          THEN a || jsonb_build_object('schema', there)
                          ELSE a END ORDER BY turn)
    FROM jsonb_array_elements(v.aliases) WITH ORDINALITY AS e (a, turn))
  WHERE v.aliases @> jsonb_build_array(jsonb_build_object('schema', here));
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."move_alias" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".make_aliases(alias text, bases text[]) RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pgexpand$
DECLARE
  main_base text;
  made jsonb := '[]';
  base text;
  target text;
  before record;
BEGIN
  SELECT a ->> 'base' INTO main_base
  FROM "pgexpand".version AS v CROSS JOIN jsonb_array_elements(v.aliases) AS a
  WHERE a ->> 'schema' = make_aliases.alias AND a ->> 'base' = ANY (bases);
  FOREACH base IN ARRAY bases LOOP
    target := CASE WHEN base = coalesce(main_base, bases[1]) THEN alias
                   ELSE "pgexpand".short_name(alias || '_' || base) END;
    FOR before IN
      SELECT v.migration FROM "pgexpand".version AS v
      JOIN pg_namespace AS n ON n.nspname = target
      WHERE v.aliases @> jsonb_build_array(jsonb_build_object('schema', target))
    LOOP
      PERFORM "pgexpand".move_alias(target, "pgexpand".short_name(
        'pgexpand_' || target || '_' || before.migration));
    END LOOP;
    made := made || ("pgexpand".make_views(base, target)
                     || jsonb_build_object('name', target));
  END LOOP;
  RETURN made;
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."make_aliases" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".check_row_security(bases text[]) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pgexpand$
DECLARE
  found_table text;
BEGIN
  SELECT min(t.relation::regclass::text) INTO found_table
  FROM unnest(bases) AS base CROSS JOIN "pgexpand".version_tables(base) AS t
  JOIN pg_class AS c ON c.oid = t.relation WHERE c.relrowsecurity;
  IF found_table IS NOT NULL
     AND current_setting('server_version_num')::integer < 150000 THEN
    RAISE 'a view of table %, which has row security, would show all rows',
      found_table
      USING ERRCODE = '0A000',
            HINT = 'PostgreSQL 15 has views that keep to it.';
  END IF;
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."check_row_security" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".publish_version(id text, base_schemas text[], alias text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pgexpand$
DECLARE
  newest "pgexpand".version;
  bases text[];
  base text;
  made jsonb := '[]';
BEGIN
  SELECT v.* INTO newest FROM "pgexpand".version AS v
  WHERE v.position IS NOT NULL ORDER BY v.position DESC LIMIT 1;
  UPDATE "pgexpand".version AS v
  SET position = coalesce(newest.position, 0) + 1,
      published_at = clock_timestamp(), alias = publish_version.alias
  WHERE v.migration = id AND v.position IS NULL;
  IF NOT FOUND THEN
    RAISE 'migration % was not noted, or is published already', id
      USING ERRCODE = '55000';
  END IF;
  bases := ARRAY(
    SELECT wanted.name FROM (
      SELECT name, turn
      FROM unnest(base_schemas) WITH ORDINALITY AS b (name, turn)
      UNION ALL
      SELECT s ->> 'base', 1000000 + turn
      FROM jsonb_array_elements(newest.schemas) WITH ORDINALITY AS b (s, turn)
    ) AS wanted
    JOIN pg_namespace AS n ON n.nspname = wanted.name
    GROUP BY wanted.name ORDER BY min(wanted.turn));
  PERFORM "pgexpand".check_row_security(bases);
  FOREACH base IN ARRAY bases LOOP
    made := made || "pgexpand".make_views(base, "pgexpand".short_name(base || '_' || id));
  END LOOP;
  UPDATE "pgexpand".version AS v SET schemas = made WHERE v.migration = id;
  IF publish_version.alias IS NOT NULL THEN
    made := "pgexpand".make_aliases(publish_version.alias, bases);
    UPDATE "pgexpand".version AS v SET aliases = made WHERE v.migration = id;
  END IF;
  PERFORM "pgexpand".aim_triggers(id);  -- last: it keeps writers waiting
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."publish_version" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".drop_views(schemas jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pgexpand$
DECLARE
  entry jsonb;
  view text;
BEGIN
  FOR entry IN
    SELECT e FROM jsonb_array_elements(schemas) AS e
    JOIN pg_namespace AS n ON n.nspname = e ->> 'schema' LOOP
    FOR view IN
      SELECT c.relname FROM jsonb_array_elements_text(entry -> 'views') AS name
      JOIN pg_namespace AS n ON n.nspname = entry ->> 'schema'
      JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = name LOOP
      EXECUTE format('DROP VIEW %I.%I', entry ->> 'schema', view);
    END LOOP;
    EXECUTE format('DROP SCHEMA %I', entry ->> 'schema');
  END LOOP;
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."drop_views" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".soften_versions(id text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pgexpand$
DECLARE
  old record;
BEGIN
  FOR old IN
    SELECT v.migration, array_agg(c.oid) AS views
    FROM "pgexpand".version AS v
    CROSS JOIN jsonb_array_elements(v.schemas || v.aliases) AS s
    CROSS JOIN jsonb_array_elements_text(s -> 'views') AS name
    JOIN pg_namespace AS n ON n.nspname = s ->> 'schema'
    JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = name
                      AND c.relkind = 'v'
    WHERE v.softened IS NULL AND v.position <
          (SELECT position FROM "pgexpand".version WHERE migration = id)
    GROUP BY v.migration
  LOOP
    UPDATE "pgexpand".version AS v SET softened = (
      SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM (
        SELECT c.oid::bigint AS view, '' AS of_column, "pgexpand".acl_rights(
                 coalesce(c.relacl, acldefault('r', c.relowner))) AS rights
        FROM pg_class AS c WHERE c.oid = ANY (old.views)
        UNION ALL
        SELECT a.attrelid::bigint, format(' (%I)', a.attname),
               "pgexpand".acl_rights(a.attacl)
        FROM pg_attribute AS a
        WHERE a.attrelid = ANY (old.views) AND a.attacl IS NOT NULL) AS r)
    WHERE v.migration = old.migration;
    PERFORM "pgexpand".run_all(ARRAY(
      SELECT "pgexpand".revoke_command(view) FROM unnest(old.views) AS view));
  END LOOP;
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."soften_versions" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".restore_versions(id text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pgexpand$
DECLARE
  taken jsonb;
BEGIN
  SELECT jsonb_agg(r) INTO taken
  FROM "pgexpand".version AS v CROSS JOIN jsonb_array_elements(v.softened) AS r
  JOIN pg_class AS c ON c.oid = (r ->> 'view')::oid AND c.relkind = 'v'
  WHERE v.position < (SELECT position FROM "pgexpand".version WHERE migration = id);
  IF taken IS NOT NULL THEN
    PERFORM "pgexpand".run_all(ARRAY(
      SELECT "pgexpand".revoke_command((r ->> 'view')::oid)
      FROM jsonb_array_elements(taken) AS r WHERE r ->> 'of_column' = ''));
    PERFORM "pgexpand".run_all(ARRAY(
      SELECT "pgexpand".grant_commands((r ->> 'view')::oid::regclass::text,
                                r ->> 'of_column', r -> 'rights')
      FROM jsonb_array_elements(taken) AS r));
  END IF;
  UPDATE "pgexpand".version SET softened = NULL
  WHERE softened IS NOT NULL AND position <
        (SELECT position FROM "pgexpand".version WHERE migration = id);
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."restore_versions" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".withdraw_version(id text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pgexpand$
DECLARE
  mine "pgexpand".version;
  later text;
  put_back record;
BEGIN
  SELECT v.* INTO mine FROM "pgexpand".version AS v WHERE v.migration = id;
  IF mine.position IS NULL THEN
    RETURN;
  END IF;
  SELECT v.migration INTO later FROM "pgexpand".version AS v
  WHERE v.position > mine.position ORDER BY v.position DESC LIMIT 1;
  IF FOUND THEN
    RAISE 'migration % was published after %', later, id
      USING ERRCODE = '55000', HINT = 'Roll back that one first.';
  END IF;
  PERFORM "pgexpand".restore_versions(id);
  PERFORM "pgexpand".drop_views(mine.schemas || mine.aliases);
  UPDATE "pgexpand".version AS v
  SET position = NULL, published_at = NULL, alias = NULL,
      schemas = '[]', aliases = '[]'
  WHERE v.migration = id;
  FOR put_back IN
    SELECT DISTINCT ON (a ->> 'name') a ->> 'name' AS name,
           a ->> 'schema' AS schema
    FROM jsonb_array_elements(mine.aliases) AS gone
    CROSS JOIN "pgexpand".version AS v
    JOIN jsonb_array_elements(v.aliases) AS a ON a ->> 'name' = gone ->> 'name'
    JOIN pg_namespace AS n ON n.nspname = a ->> 'schema'
    WHERE a ->> 'schema' <> a ->> 'name'
    ORDER BY a ->> 'name', v.position DESC
  LOOP
    PERFORM "pgexpand".move_alias(put_back.schema, put_back.name);
  END LOOP;
  PERFORM "pgexpand".aim_triggers(id);  -- last: it keeps writers waiting
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."withdraw_version" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".retire_versions(id text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pgexpand$
DECLARE
  mine bigint;
  old "pgexpand".version;
BEGIN
  SELECT v.position INTO mine FROM "pgexpand".version AS v WHERE v.migration = id;
  IF mine IS NULL THEN
    RAISE 'migration % is not published', id USING ERRCODE = '55000';
  END IF;
  FOR old IN
    SELECT v.* FROM "pgexpand".version AS v WHERE v.position < mine
    ORDER BY v.position
  LOOP
    IF old.shape IS NOT NULL THEN
      RAISE 'migration % was published before % and is not contracted',
        old.migration, id
        USING ERRCODE = '55000', HINT = 'Contract that one first.';
    END IF;
    PERFORM "pgexpand".drop_views(old.schemas || old.aliases);
    DELETE FROM "pgexpand".version AS v WHERE v.migration = old.migration;
  END LOOP;
  UPDATE "pgexpand".version AS v SET shape = NULL WHERE v.migration = id;
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."retire_versions" FROM PUBLIC;
ALTER TABLE "pgexpand".migration ADD COLUMN stamp text[], ADD COLUMN fingerprint_due boolean NOT NULL DEFAULT false;
ALTER TABLE "pgexpand".meta ADD COLUMN release text NOT NULL DEFAULT '';
ALTER TABLE "pgexpand".progress DROP COLUMN IF EXISTS repaired;
CREATE OR REPLACE FUNCTION "pgexpand".refuse(state text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pgexpand$
BEGIN
  RAISE EXCEPTION 'pgexpand goes no further' USING ERRCODE = state;
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."refuse" FROM PUBLIC;
CREATE OR REPLACE FUNCTION "pgexpand".take_orders(migration text, epoch bigint, step text, worker integer, place text) RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pgexpand$
#variable_conflict use_variable
DECLARE
  m record;
BEGIN
  SELECT x.epoch, x.paused, x.live INTO m
  FROM "pgexpand".migration AS x WHERE x.id = migration FOR SHARE;
  IF m.epoch IS DISTINCT FROM epoch THEN
    PERFORM "pgexpand".refuse('PGX01');
  ELSIF m.paused THEN
    PERFORM "pgexpand".refuse('PGX02');
  ELSIF NOT EXISTS (SELECT FROM "pgexpand".progress AS p
                    WHERE p.migration = take_orders.migration
                      AND p.step = take_orders.step
                      AND p.worker = take_orders.worker
                      AND concat_ws(' ', p.next_block, p.pass, p.blocks_done,
                                    p.key_after) = place) THEN
    PERFORM "pgexpand".refuse('PGX05');
  END IF;
  RETURN m.live;
END
$pgexpand$;
REVOKE ALL ON FUNCTION "pgexpand"."take_orders" FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA "pgexpand" FROM PUBLIC;
INSERT INTO "pgexpand".runner DEFAULT VALUES;
INSERT INTO "pgexpand".meta (version, release) VALUES (4, '0.1.0');
