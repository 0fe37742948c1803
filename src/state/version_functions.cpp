// The SQL of a version's life: noted by expand, published by switch, retired
// by the next contract. `position` is the order of publication; a shape that is
// NULL is the tables' own by now.
#include "state/version_functions.hpp"

namespace pgexpand::state {
namespace {

constexpr Function note_version{
    .head = "note_version(id text, shape jsonb) RETURNS void LANGUAGE sql",
    .body = R"(
INSERT INTO {S}.version (migration, shape)
VALUES (id, coalesce(shape, '{"tables": []}')))"};

constexpr Function forget_version{
    .head = "forget_version(id text) RETURNS void LANGUAGE plpgsql", .body = R"(
BEGIN
  IF EXISTS (SELECT FROM {S}.version WHERE migration = id
             AND position IS NOT NULL) THEN
    RAISE 'migration % is published', id USING ERRCODE = '55000';
  END IF;
  DELETE FROM {S}.version WHERE migration = id;
END)"};

// A sync trigger as ops::create_sync() makes it.
constexpr Function aim_trigger{
    .head =
        "aim_trigger(name name, events text, relation regclass, applies text,"
        " function regproc, argument text) RETURNS void LANGUAGE plpgsql",
    .body = R"(
BEGIN
  EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE %s ON %s FOR EACH ROW'
                 ' WHEN (%s) EXECUTE FUNCTION %s(%s)', name, events, relation,
                 applies, function, argument);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', relation, name);
END)"};

// The sync triggers of every migration that is published and not contracted:
// one for writers that use a schema with its new shape in it, and one for
// all others. Each row asks both, so what tells them apart comes first, and
// where no UPDATE minds its writer (see ops::updates_mind_writer()) they are
// for INSERT only and a third is for UPDATE. `id` is a migration that may just
// have become neither.
constexpr Function aim_triggers{
    .head = "aim_triggers(id text) RETURNS void LANGUAGE plpgsql", .body = R"(
DECLARE
  t record;
  applies text := 'pg_catalog.current_setting(''pgexpand.mode'', true)'
    ' IS DISTINCT FROM ''backfill''';
  events text;
  uses_new text;
BEGIN
  FOR t IN
    SELECT g.tgname AS name, {S}.short_name(g.tgname || '_new') AS new_name,
           {S}.short_name(g.tgname || '_update') AS update_name,
           g.tgrelid::regclass AS relation, g.tgfoid::regproc AS function,
           (piece ->> 'updates_mind_writer')::boolean AS updates_mind_writer,
           (SELECT array_agg((s ->> 'schema')::name)
            FROM {S}.version AS later
            CROSS JOIN jsonb_array_elements(later.schemas || later.aliases)
              AS s
            WHERE later.position >= v.position) AS schemas
    FROM {S}.version AS v
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
      PERFORM {S}.aim_trigger(t.name, 'INSERT OR UPDATE', t.relation, applies,
                              t.function, '');
    ELSE
      uses_new := format('pg_catalog.current_schemas(false)'
        ' OPERATOR(pg_catalog.&&) %L::pg_catalog.name[]', t.schemas);
      events := 'INSERT OR UPDATE';
      IF NOT t.updates_mind_writer THEN
        events := 'INSERT';
        PERFORM {S}.aim_trigger(t.update_name, 'UPDATE', t.relation, applies,
                                t.function, '');
      END IF;
      PERFORM {S}.aim_trigger(t.name, events, t.relation,
        'NOT (' || uses_new || ') AND ' || applies, t.function, '');
      PERFORM {S}.aim_trigger(t.new_name, events, t.relation,
        uses_new || ' AND ' || applies, t.function, '''new''');
    END IF;
  END LOOP;
END)"};

// Renames a schema of the versions' aliases and notes where it is now.
constexpr Function move_alias{
    .head =
        "move_alias(here text, there text) RETURNS void"
        " LANGUAGE plpgsql",
    .body = R"(
BEGIN
  EXECUTE format('ALTER SCHEMA %I RENAME TO %I', here, there);
  UPDATE {S}.version AS v
  SET aliases = (
    SELECT jsonb_agg(CASE WHEN a ->> 'schema' = here
                          THEN a || jsonb_build_object('schema', there)
                          ELSE a END ORDER BY turn)
    FROM jsonb_array_elements(v.aliases) WITH ORDINALITY AS e (a, turn))
  WHERE v.aliases @> jsonb_build_array(jsonb_build_object('schema', here));
END)"};

// Makes the alias schemas of a version. The ones there are keep the views of
// the version before under another name: renaming locks no view, and whoever
// uses one at this moment goes on. An alias goes on standing for the schema it
// stood for.
constexpr Function make_aliases{
    .head =
        "make_aliases(alias text, bases text[]) RETURNS jsonb"
        " LANGUAGE plpgsql",
    .body = R"(
DECLARE
  main_base text;
  made jsonb := '[]';
  base text;
  target text;
  before record;
BEGIN
  SELECT a ->> 'base' INTO main_base
  FROM {S}.version AS v CROSS JOIN jsonb_array_elements(v.aliases) AS a
  WHERE a ->> 'schema' = make_aliases.alias AND a ->> 'base' = ANY (bases);
  FOREACH base IN ARRAY bases LOOP
    target := CASE WHEN base = coalesce(main_base, bases[1]) THEN alias
                   ELSE {S}.short_name(alias || '_' || base) END;
    FOR before IN
      SELECT v.migration FROM {S}.version AS v
      JOIN pg_namespace AS n ON n.nspname = target
      WHERE v.aliases @> jsonb_build_array(jsonb_build_object('schema', target))
    LOOP
      PERFORM {S}.move_alias(target, {S}.short_name(
        'pgexpand_' || target || '_' || before.migration));
    END LOOP;
    made := made || ({S}.make_views(base, target)
                     || jsonb_build_object('name', target));
  END LOOP;
  RETURN made;
END)"};

constexpr Function check_row_security{
    .head = "check_row_security(bases text[]) RETURNS void LANGUAGE plpgsql",
    .body = R"(
DECLARE
  found_table text;
BEGIN
  SELECT min(t.relation::regclass::text) INTO found_table
  FROM unnest(bases) AS base CROSS JOIN {S}.version_tables(base) AS t
  JOIN pg_class AS c ON c.oid = t.relation WHERE c.relrowsecurity;
  IF found_table IS NOT NULL
     AND current_setting('server_version_num')::integer < 150000 THEN
    RAISE 'a view of table %, which has row security, would show all rows',
      found_table
      USING ERRCODE = '0A000',
            HINT = 'PostgreSQL 15 has views that keep to it.';
  END IF;
END)"};

constexpr Function publish_version{
    .head =
        "publish_version(id text, base_schemas text[], alias text)"
        " RETURNS void LANGUAGE plpgsql",
    .body = R"(
DECLARE
  newest {S}.version;
  bases text[];
  base text;
  made jsonb := '[]';
BEGIN
  SELECT v.* INTO newest FROM {S}.version AS v
  WHERE v.position IS NOT NULL ORDER BY v.position DESC LIMIT 1;
  UPDATE {S}.version AS v
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
  PERFORM {S}.check_row_security(bases);
  FOREACH base IN ARRAY bases LOOP
    made := made || {S}.make_views(base, {S}.short_name(base || '_' || id));
  END LOOP;
  UPDATE {S}.version AS v SET schemas = made WHERE v.migration = id;
  IF publish_version.alias IS NOT NULL THEN
    made := {S}.make_aliases(publish_version.alias, bases);
    UPDATE {S}.version AS v SET aliases = made WHERE v.migration = id;
  END IF;
  PERFORM {S}.aim_triggers(id);  -- last: it keeps writers waiting
END)"};

// Only what we made, and never CASCADE: what somebody else put there, or made
// of it, must be seen.
constexpr Function drop_views{
    .head = "drop_views(schemas jsonb) RETURNS void LANGUAGE plpgsql",
    .body = R"(
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
END)"};

// One of the rights that soften_versions() noted. In a copy its OIDs are
// somebody else's, and the names count; what has none is not there.
constexpr Function found_again{
    .head = "found_again(taken jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE",
    .body = R"(
BEGIN
  IF NOT taken ? 'home' OR taken ->> 'home' = {S}.here() THEN
    RETURN taken;
  END IF;
  RETURN taken || jsonb_build_object(
    'view', coalesce(to_regclass(taken ->> 'name')::oid::bigint, 0),
    'rights', (
      SELECT coalesce(jsonb_agg(
        entry || jsonb_build_object('to', coalesce(r.oid::bigint, 0))), '[]')
      FROM jsonb_array_elements(taken -> 'rights') AS entry
      LEFT JOIN pg_roles AS r ON r.rolname = entry ->> 'name'
      WHERE r.oid IS NOT NULL OR (entry ->> 'to')::bigint = 0));
END)"};

// The views of the versions published before, with everybody's rights noted.
constexpr Function soften_versions{
    .head = "soften_versions(id text) RETURNS void LANGUAGE plpgsql",
    .body = R"(
DECLARE
  old record;
BEGIN
  FOR old IN
    SELECT v.migration, array_agg(c.oid) AS views
    FROM {S}.version AS v
    CROSS JOIN jsonb_array_elements(v.schemas || v.aliases) AS s
    CROSS JOIN jsonb_array_elements_text(s -> 'views') AS name
    JOIN pg_namespace AS n ON n.nspname = s ->> 'schema'
    JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = name
                      AND c.relkind = 'v'
    WHERE v.softened IS NULL AND v.position <
          (SELECT position FROM {S}.version WHERE migration = id)
    GROUP BY v.migration
  LOOP
    UPDATE {S}.version AS v SET softened = (
      SELECT coalesce(jsonb_agg(to_jsonb(r) || jsonb_build_object(
        'home', {S}.here(), 'name', view::oid::regclass)), '[]') FROM (
        SELECT c.oid::bigint AS view, '' AS of_column, {S}.acl_rights(
                 coalesce(c.relacl, acldefault('r', c.relowner))) AS rights
        FROM pg_class AS c WHERE c.oid = ANY (old.views)
        UNION ALL
        SELECT a.attrelid::bigint, format(' (%I)', a.attname),
               {S}.acl_rights(a.attacl)
        FROM pg_attribute AS a
        WHERE a.attrelid = ANY (old.views) AND a.attacl IS NOT NULL) AS r)
    WHERE v.migration = old.migration;
    PERFORM {S}.run_all(ARRAY(
      SELECT {S}.revoke_command(view) FROM unnest(old.views) AS view));
  END LOOP;
END)"};

constexpr Function restore_versions{
    .head = "restore_versions(id text) RETURNS void LANGUAGE plpgsql",
    .body = R"(
DECLARE
  taken jsonb;
BEGIN
  SELECT jsonb_agg(r) INTO taken
  FROM {S}.version AS v CROSS JOIN jsonb_array_elements(v.softened) AS noted
  CROSS JOIN LATERAL (SELECT {S}.found_again(noted) AS r) AS found
  JOIN pg_class AS c ON c.oid = (r ->> 'view')::oid AND c.relkind = 'v'
  WHERE v.position < (SELECT position FROM {S}.version WHERE migration = id);
  IF taken IS NOT NULL THEN
    PERFORM {S}.run_all(ARRAY(
      SELECT {S}.revoke_command((r ->> 'view')::oid)
      FROM jsonb_array_elements(taken) AS r WHERE r ->> 'of_column' = ''));
    PERFORM {S}.run_all(ARRAY(
      SELECT {S}.grant_commands((r ->> 'view')::oid::regclass::text,
                                r ->> 'of_column', r -> 'rights')
      FROM jsonb_array_elements(taken) AS r));
  END IF;
  UPDATE {S}.version SET softened = NULL
  WHERE softened IS NOT NULL AND position <
        (SELECT position FROM {S}.version WHERE migration = id);
END)"};

constexpr Function withdraw_version{
    .head = "withdraw_version(id text) RETURNS void LANGUAGE plpgsql",
    .body = R"(
DECLARE
  mine {S}.version;
  later text;
  put_back record;
BEGIN
  SELECT v.* INTO mine FROM {S}.version AS v WHERE v.migration = id;
  IF mine.position IS NULL THEN
    RETURN;
  END IF;
  SELECT v.migration INTO later FROM {S}.version AS v
  WHERE v.position > mine.position ORDER BY v.position DESC LIMIT 1;
  IF FOUND THEN
    RAISE 'migration % was published after %', later, id
      USING ERRCODE = '55000', HINT = 'Roll back that one first.';
  END IF;
  PERFORM {S}.restore_versions(id);
  PERFORM {S}.drop_views(mine.schemas || mine.aliases);
  UPDATE {S}.version AS v
  SET position = NULL, published_at = NULL, alias = NULL,
      schemas = '[]', aliases = '[]'
  WHERE v.migration = id;
  FOR put_back IN
    SELECT DISTINCT ON (a ->> 'name') a ->> 'name' AS name,
           a ->> 'schema' AS schema
    FROM jsonb_array_elements(mine.aliases) AS gone
    CROSS JOIN {S}.version AS v
    JOIN jsonb_array_elements(v.aliases) AS a ON a ->> 'name' = gone ->> 'name'
    JOIN pg_namespace AS n ON n.nspname = a ->> 'schema'
    WHERE a ->> 'schema' <> a ->> 'name'
    ORDER BY a ->> 'name', v.position DESC
  LOOP
    PERFORM {S}.move_alias(put_back.schema, put_back.name);
  END LOOP;
  PERFORM {S}.aim_triggers(id);  -- last: it keeps writers waiting
END)"};

// Its shape goes because contract gives the tables its names, and its views
// stay as the newest ones can be.
constexpr Function retire_versions{
    .head = "retire_versions(id text) RETURNS void LANGUAGE plpgsql",
    .body = R"(
DECLARE
  mine bigint;
  old {S}.version;
BEGIN
  SELECT v.position INTO mine FROM {S}.version AS v WHERE v.migration = id;
  IF mine IS NULL THEN
    RAISE 'migration % is not published', id USING ERRCODE = '55000';
  END IF;
  FOR old IN
    SELECT v.* FROM {S}.version AS v WHERE v.position < mine
    ORDER BY v.position
  LOOP
    IF old.shape IS NOT NULL THEN
      RAISE 'migration % was published before % and is not contracted',
        old.migration, id
        USING ERRCODE = '55000', HINT = 'Contract that one first.';
    END IF;
    PERFORM {S}.drop_views(old.schemas || old.aliases);
    DELETE FROM {S}.version AS v WHERE v.migration = old.migration;
  END LOOP;
  UPDATE {S}.version AS v SET shape = NULL WHERE v.migration = id;
END)"};

}  // namespace

std::vector<Function> version_functions() {
  return {note_version,       forget_version,  aim_trigger,
          aim_triggers,       move_alias,      make_aliases,
          check_row_security, publish_version, drop_views,
          found_again,        soften_versions, restore_versions,
          withdraw_version,   retire_versions};
}

}  // namespace pgexpand::state
