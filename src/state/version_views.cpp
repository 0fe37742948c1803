// The SQL that makes one schema of views: their columns, owners, rights,
// comments and defaults. Each function answers the commands to run, so that a
// thousand tables cost a few queries and not a few for each table.
#include "state/version_functions.hpp"

namespace pgexpand::state {
namespace {

// As sql::shorten_name(): a name that the program finds again.
constexpr Function short_name{
    .head = "short_name(long text) RETURNS text LANGUAGE plpgsql IMMUTABLE",
    .body = R"(
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
END)"};

constexpr Function role_name{
    .head = "role_name(role oid) RETURNS text LANGUAGE sql STABLE", .body = R"(
SELECT CASE role WHEN 0 THEN 'PUBLIC'
                 ELSE quote_ident(pg_get_userbyid(role)) END)"};

// From 16 on a membership may come without the right to give things away.
constexpr Function may_give_to{
    .head = "may_give_to(role oid) RETURNS boolean LANGUAGE sql STABLE",
    .body = R"(
SELECT pg_has_role(role,
  CASE WHEN current_setting('server_version_num')::integer >= 160000
       THEN 'SET' ELSE 'MEMBER' END))"};

// Who may do what, whoever granted it: only a grantor could grant the same
// again, so the owner grants all of it.
constexpr Function acl_rights{
    .head = "acl_rights(acl aclitem[]) RETURNS jsonb LANGUAGE sql STABLE",
    .body = R"(
SELECT coalesce(jsonb_agg(jsonb_build_object(
  'to', grantee::bigint, 'option', can_grant, 'rights', rights,
  'name', (SELECT rolname FROM pg_roles WHERE oid = grantee))), '[]')
FROM (
  SELECT grantee, can_grant,
         jsonb_agg(privilege_type ORDER BY privilege_type) AS rights
  FROM (SELECT grantee, privilege_type, bool_or(is_grantable) AS can_grant
        FROM aclexplode(acl) GROUP BY grantee, privilege_type) AS each_right
  GROUP BY grantee, can_grant) AS grouped)"};

// A role may have gone since its rights were taken and noted.
constexpr Function grant_commands{
    .head =
        "grant_commands(view text, of_column text, rights jsonb)"
        " RETURNS SETOF text LANGUAGE sql STABLE",
    .body = R"(
SELECT format('GRANT %s ON %s TO %s%s',
  (SELECT string_agg(one || of_column, ', ')
   FROM jsonb_array_elements_text(entry -> 'rights') AS one),
  view, {S}.role_name((entry ->> 'to')::oid),
  CASE WHEN (entry ->> 'option')::boolean THEN ' WITH GRANT OPTION'
       ELSE '' END)
FROM jsonb_array_elements(rights) AS entry
WHERE (entry ->> 'to')::oid = 0
   OR EXISTS (SELECT FROM pg_roles WHERE oid = (entry ->> 'to')::oid))"};

// Everybody's rights, the owner's too. CASCADE: what others granted on.
constexpr Function revoke_command{
    .head = "revoke_command(view oid) RETURNS text LANGUAGE sql STABLE",
    .body = R"(
SELECT format('REVOKE ALL ON %s FROM %s CASCADE', view::regclass,
              string_agg(DISTINCT {S}.role_name(grantee), ', '))
FROM (
  SELECT (aclexplode(coalesce(relacl, acldefault('r', relowner)))).grantee
  FROM pg_class WHERE oid = view
  UNION
  SELECT (aclexplode(attacl)).grantee
  FROM pg_attribute WHERE attrelid = view AND attacl IS NOT NULL) AS present
HAVING count(*) > 0)"};

// A plan that is no JSON stops its own migration, and no other.
constexpr Function json_of{
    .head = "json_of(stored text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE",
    .body = R"(
BEGIN
  RETURN stored::jsonb;
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END)"};

// The columns that a version published now shows, under their names in it.
// Shapes of published migrations hold; what others prepare is hidden.
constexpr Function version_columns{
    .head =
        "version_columns(base text) RETURNS TABLE (relation oid,"
        " number smallint, physical text, logical text,"
        " has_default boolean, default_text text)"
        " LANGUAGE sql STABLE",
    .body = R"(
WITH part AS MATERIALIZED (
  SELECT c.oid AS relation, v.position, piece AS shape
  FROM {S}.version AS v
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
  FROM {S}.migration AS m
  CROSS JOIN LATERAL (SELECT {S}.json_of(m.plan) AS plan) AS p
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
  ON d.relation = s.attrelid AND d.logical = s.logical)"};

// Tables of extensions are left out: their views would hold up the extension.
// So are those that we cannot give a view's ownership for where a view reads
// with its owner's rights.
constexpr Function version_tables{
    .head =
        "version_tables(base text) RETURNS TABLE (relation oid,"
        " name text, owner oid, gives boolean)"
        " LANGUAGE sql STABLE",
    .body = R"(
SELECT c.oid, c.relname::text, c.relowner, {S}.may_give_to(c.relowner)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = base
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_depend AS d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                    AND d.deptype = 'e')
  AND (current_setting('server_version_num')::integer >= 150000
       OR {S}.may_give_to(c.relowner)))"};

// Columns stand where the version before has them, under the name they have or
// had there; without one, where the table has the column they take over from.
// So an INSERT without a column list means what it meant. The table's own
// defaults, too: `UPDATE SET c = DEFAULT` knows only the view's. One that is
// NULL must hide the table's own, which no bare NULL does.
constexpr Function view_commands{
    .head =
        "view_commands(base text, target text) RETURNS SETOF text"
        " LANGUAGE sql STABLE",
    .body = R"(
WITH shown AS MATERIALIZED (
  SELECT t.*, format('%I.%I', target, t.name) AS view, c.number, c.physical,
         c.logical, c.has_default, c.default_text
  FROM {S}.version_tables(base) AS t
  JOIN {S}.version_columns(base) AS c USING (relation)
), before AS MATERIALIZED (
  SELECT DISTINCT ON (s.relation) s.relation, v.oid
  FROM shown AS s
  JOIN pg_class AS v ON v.relname = s.name AND v.relkind = 'v'
  JOIN pg_namespace AS n ON n.oid = v.relnamespace AND n.nspname <> target
  JOIN {S}.version AS p ON p.position IS NOT NULL
    AND {S}.short_name(base || '_' || p.migration) = n.nspname
  ORDER BY s.relation, p.position DESC
), placed AS MATERIALIZED (
  SELECT s.*, CASE WHEN b.relation IS NULL
    THEN coalesce(own.attnum, s.number)
    ELSE coalesce(same.attnum, old.attnum, 10000 + s.number) END AS place
  FROM shown AS s
  LEFT JOIN before AS b USING (relation)
  LEFT JOIN pg_attribute AS same
    ON same.attrelid = b.oid AND same.attname = s.logical
  LEFT JOIN pg_attribute AS old
    ON old.attrelid = b.oid AND old.attname = s.physical
  LEFT JOIN pg_attribute AS own
    ON own.attrelid = s.relation AND own.attname = s.logical
   AND own.attnum > 0 AND NOT own.attisdropped
), each_table AS MATERIALIZED (
  SELECT relation, name, view, owner, gives,
         string_agg(format('t.%I AS %I', physical, logical), ', '
                    ORDER BY place, number) AS columns
  FROM placed GROUP BY relation, name, view, owner, gives
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
  SELECT 3, format('ALTER VIEW %s OWNER TO %s', view, {S}.role_name(owner))
  FROM each_table WHERE gives AND pg_get_userbyid(owner) <> current_user
)
SELECT text FROM command ORDER BY turn)"};

// A new view may have come with default privileges, which go.
constexpr Function rights_commands{
    .head =
        "rights_commands(base text, target text) RETURNS SETOF text"
        " LANGUAGE sql STABLE",
    .body = R"(
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
  SELECT 1 AS turn, {S}.revoke_command(view) AS text
  FROM pair WHERE NOT is_same
  UNION ALL
  SELECT 2, granted FROM pair
  CROSS JOIN {S}.grant_commands(name, '', {S}.acl_rights(acl)) AS granted
  WHERE NOT is_same
  UNION ALL
  SELECT 2, granted FROM pair
  JOIN {S}.version_columns(base) AS c USING (relation)
  JOIN pg_attribute AS a ON a.attrelid = relation AND a.attnum = c.number
  CROSS JOIN {S}.grant_commands(name, format(' (%I)', c.logical),
                                {S}.acl_rights(a.attacl)) AS granted
  WHERE a.attacl IS NOT NULL
)
SELECT text FROM command ORDER BY turn)"};

// USAGE as on the base schema, and its owner, where we may give it away. The
// views' owners needed CREATE for a moment.
constexpr Function schema_commands{
    .head =
        "schema_commands(base text, target text) RETURNS SETOF text"
        " LANGUAGE sql STABLE",
    .body = R"(
WITH command AS (
  SELECT DISTINCT 1 AS turn, format('REVOKE ALL ON SCHEMA %I FROM %s CASCADE',
                                    target, {S}.role_name(r.grantee)) AS text
  FROM pg_namespace AS n CROSS JOIN aclexplode(n.nspacl) AS r
  WHERE n.nspname = target AND r.grantee <> n.nspowner
  UNION ALL
  SELECT 2, format('GRANT USAGE ON SCHEMA %I TO %s%s', target,
    {S}.role_name(r.grantee),
    CASE WHEN bool_or(r.is_grantable) THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM pg_namespace AS n CROSS JOIN
       aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS r
  WHERE n.nspname = base AND r.privilege_type = 'USAGE'
    AND (r.grantee = 0 OR pg_get_userbyid(r.grantee) <> current_user)
  GROUP BY r.grantee
  UNION ALL
  SELECT 3, format('ALTER SCHEMA %I OWNER TO %s', target,
                   {S}.role_name(n.nspowner))
  FROM pg_namespace AS n
  WHERE n.nspname = base AND pg_get_userbyid(n.nspowner) <> current_user
    AND {S}.may_give_to(n.nspowner)
)
SELECT text FROM command ORDER BY turn)"};

constexpr Function run_all{
    .head = "run_all(commands text[]) RETURNS void LANGUAGE plpgsql",
    .body = R"(
DECLARE
  command text;
BEGIN
  FOREACH command IN ARRAY commands LOOP
    IF command IS NOT NULL THEN
      EXECUTE command;
    END IF;
  END LOOP;
END)"};

// Answers the schema's entry in the table of versions. The names of the views
// are kept: nothing else in the schema is ever dropped.
constexpr Function make_views{
    .head =
        "make_views(base text, target text) RETURNS jsonb"
        " LANGUAGE plpgsql",
    .body = R"(
BEGIN
  EXECUTE format('CREATE SCHEMA %I', target);
  PERFORM {S}.run_all(ARRAY(
    SELECT DISTINCT format('GRANT USAGE, CREATE ON SCHEMA %I TO %s', target,
                           {S}.role_name(owner))
    FROM {S}.version_tables(base)
    WHERE gives AND pg_get_userbyid(owner) <> current_user));
  PERFORM {S}.run_all(ARRAY(SELECT {S}.view_commands(base, target)));
  PERFORM {S}.run_all(ARRAY(SELECT {S}.rights_commands(base, target)));
  PERFORM {S}.run_all(ARRAY(SELECT {S}.schema_commands(base, target)));
  RETURN jsonb_build_object(
    'base', base, 'schema', target, 'views',
    (SELECT coalesce(jsonb_agg(c.relname), '[]') FROM pg_class AS c
     JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = target AND c.relkind = 'v'));
END)"};

}  // namespace

std::vector<Function> view_functions() {
  return {short_name,     json_of,        role_name,       may_give_to,
          acl_rights,     grant_commands, revoke_command,  version_columns,
          version_tables, view_commands,  rights_commands, schema_commands,
          run_all,        make_views};
}

}  // namespace pgexpand::state
